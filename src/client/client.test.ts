import { describe, expect, it } from 'vitest';
import { expired } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { EventRecorder } from './events.js';
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
});

it('the tenth message of one reason about one object, and those after it, are one event', async () => {
  const { env } = environment();
  const written = new Map<string, { message: string; count: number }>();
  const client = {
    create: async (e: { metadata: { name: string }; message: string; count: number }) => written.set(e.metadata.name, e),
    patch: async (ref: { name: string }, patch: object) => Object.assign(written.get(ref.name)!, patch),
  } as unknown as Client;
  const events = new EventRecorder(client, env, { component: 'test' });
  const set = { kind: 'ReplicaSet', namespace: 'ns', name: 'web', uid: 'u' };
  for (let i = 1; i <= 12; i++) events.normal(set, 'SuccessfulCreate', `Created pod: web-${i}`);
  events.normal(set, 'Other', 'of another reason');
  await events.flush();
  const shown = [...written.values()].map((e) => `${e.count} ${e.message}`);
  expect(shown).toHaveLength(11);
  expect(shown.slice(8)).toEqual(['1 Created pod: web-9', '3 (combined from similar events): Created pod: web-12', '1 of another reason']);
});
