import { describe, expect, it } from 'vitest';
import { expired } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { Informers } from './informer.js';
import { PODS } from './kinds.js';

const environment = () => {
  const clock = new VirtualClock();
  return { clock, env: { clock, random: seededRandom(1), log: silentLogger } };
};

describe('informer', () => {
  const pod = (name: string, rv: number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ns', name, resourceVersion: String(rv) },
  });
  it('lists again after 410; watches on from where it was after a break', async () => {
    const { clock, env } = environment();
    const lists = [
      { metadata: { resourceVersion: '5' }, items: [pod('a', 1), pod('b', 2)] },
      { metadata: { resourceVersion: '20' }, items: [pod('b', 15), pod('d', 16)] },
    ];
    const from: string[] = [];
    const stop = new AbortController();
    const client = {
      list: async () => lists.shift(),
      async *watch(_ref: unknown, o: { resourceVersion: string; signal: AbortSignal }) {
        from.push(o.resourceVersion);
        if (from.length === 1) {
          yield { type: 'ADDED', object: pod('c', 7) };
          throw new Error('broken');
        }
        if (from.length === 2) throw expired('too old');
        await new Promise<void>((r) => stop.signal.addEventListener('abort', () => r()));
      },
    } as unknown as Client;
    const informers = new Informers(client, env);
    const told: string[] = [];
    informers.for(PODS).on({
      add: (p) => told.push(`+${p.metadata.name}`),
      update: (p) => told.push(`~${p.metadata.name}`),
      delete: (p) => told.push(`-${p.metadata.name}`),
    });
    await informers.start();
    await clock.advance('10s');
    expect(from).toEqual(['5', '7', '20']);
    expect(told).toEqual(['+a', '+b', '+c', '~b', '+d', '-a', '-c']);
    expect(
      informers
        .for(PODS)
        .list('ns')
        .map((p) => p.metadata.name),
    ).toEqual(['b', 'd']);
    stop.abort();
    await informers.stop();
  });

  it('an object that was made anew between two lists is another one', async () => {
    const { clock, env } = environment();
    const named = (uid: string, rv: number) => ({ ...pod('a', rv), metadata: { ...pod('a', rv).metadata, uid } });
    const lists = [
      { metadata: { resourceVersion: '5' }, items: [named('first', 1)] },
      { metadata: { resourceVersion: '20' }, items: [named('second', 15)] },
    ];
    const stop = new AbortController();
    let watches = 0;
    const client = {
      list: async () => lists.shift(),
      async *watch() {
        if (watches++ === 0) throw expired('too old');
        await new Promise<void>((r) => stop.signal.addEventListener('abort', () => r()));
      },
    } as unknown as Client;
    const informers = new Informers(client, env);
    const told: string[] = [];
    informers.for(PODS).on({
      add: (p) => told.push(`+${p.metadata.uid}`),
      update: (p) => told.push(`~${p.metadata.uid}`),
      delete: (p) => told.push(`-${p.metadata.uid}`),
    });
    await informers.start();
    await clock.advance('10s');
    expect(told).toEqual(['+first', '-first', '+second']);
    stop.abort();
    await informers.stop();
  });

  it('is shared until its last user lets it go: then its watch ends, and who asks again gets a new copy', async () => {
    const { clock, env } = environment();
    let lists = 0;
    let open = 0;
    const client = {
      list: async () => ({ metadata: { resourceVersion: '5' }, items: [pod('a', ++lists)] }),
      async *watch(_ref: unknown, o: { signal: AbortSignal }) {
        open++;
        await new Promise<void>((r) => o.signal.addEventListener('abort', () => r()));
        open--;
      },
    } as unknown as Client;
    const one = new Informers(client, env);
    const two = one.another();
    const told: string[] = [];
    one.for(PODS).on({ add: () => told.push('one') });
    two.for(PODS).on({ add: () => told.push('two'), delete: () => told.push('two-') });
    await one.start();
    await clock.advance(0);
    // However often one user asks, it is one user.
    expect(one.for(PODS)).toBe(one.for(PODS));
    one.release(PODS);
    one.release(PODS);
    await clock.advance(0);
    expect([lists, open]).toEqual([1, 1]);
    expect(two.for(PODS).list('ns')).toHaveLength(1);
    two.release(PODS);
    await clock.advance(0);
    expect([lists, open]).toEqual([1, 0]);
    expect(clock.pending).toBe(0);
    const again = two.for(PODS);
    again.on({ add: () => told.push('again') });
    await again.synced;
    await clock.advance(0);
    expect([lists, open]).toEqual([2, 1]);
    expect(told).toEqual(['one', 'two', 'again']);
    await one.stop();
    expect(open).toBe(0);
  });
});
