import { expect, it } from 'vitest';
import { expired } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { PODS } from './kinds.js';
import { Reflector } from './reflector.js';

const pod = (name: string, rv: number) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, resourceVersion: String(rv) } });
type Step = { type: string; object: object } | Error | 'end' | 'hang';

/** Follows a client whose nth watch goes through the nth steps. */
async function follow(watches: Step[][], lists: (object | Error)[], run: string) {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (m: string) => void warnings.push(m), with: () => log };
  const env = { clock, random: seededRandom(1), log };
  const calls: string[] = [];
  const at: number[] = [];
  const start = clock.now();
  const client = {
    async list() {
      calls.push('list');
      at.push(clock.now() - start);
      const next = lists.length > 1 ? lists.shift() : lists[0];
      if (next instanceof Error) throw next;
      return next;
    },
    async *watch(_: unknown, o: { resourceVersion: string; signal: AbortSignal }) {
      calls.push(`watch ${o.resourceVersion}`);
      at.push(clock.now() - start);
      for (const step of (watches.length > 1 ? watches.shift() : watches[0])!) {
        if (step instanceof Error) throw step;
        if (step === 'hang') await new Promise<void>((r) => o.signal.addEventListener('abort', () => r()));
        else if (step !== 'end') yield step;
      }
    },
  } as unknown as Client;
  const told: string[] = [];
  const names = (list: readonly ApiObject[]) => list.map((o) => o.metadata.name).join();
  const store = {
    replace: (all: readonly ApiObject[]) => void told.push(`= ${names(all)}`),
    put: (o: ApiObject) => void told.push(`+ ${names([o])}`),
    drop: (o: ApiObject) => void told.push(`- ${names([o])}`),
  };
  const stop = new AbortController();
  const running = new Reflector(client, env, PODS, store).run(stop.signal);
  await clock.advance(run);
  stop.abort();
  await running;
  expect(clock.pending).toBe(0);
  return { calls, told, at, warnings };
}

const list = (rv: number, ...names: string[]) => ({ metadata: { resourceVersion: String(rv) }, items: names.map((n) => pod(n, rv)) });

it('lists, then hands on what it watches; a broken watch goes on from where it got to, bookmarks too', async () => {
  const { calls, told } = await follow(
    [
      [
        { type: 'ADDED', object: pod('b', 6) },
        { type: 'DELETED', object: pod('a', 7) },
        { type: 'BOOKMARK', object: pod('', 9) },
        new Error('broken'),
      ],
      [{ type: 'MODIFIED', object: pod('b', 10) }, 'end'],
      ['hang'],
    ],
    [list(5, 'a')],
    '10s',
  );
  expect(calls).toEqual(['list', 'watch 5', 'watch 9', 'watch 10']);
  expect(told).toEqual(['= a', '+ b', '- a', '+ b']);
});

it('lists at once where its position is too old, and again ever later where that does not help', async () => {
  const { calls, at } = await follow([[expired('old')]], [list(5)], '10m');
  expect(calls.slice(0, 4)).toEqual(['list', 'watch 5', 'list', 'watch 5']);
  expect(at.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(calls.length).toBeLessThan(70);
  expect(at.at(-1)! - at.at(-3)!).toBeGreaterThan(30_000);
});

it('a watch that ends at once, each time, is not opened without end', async () => {
  const { calls } = await follow([['end']], [list(5)], '10m');
  expect(calls.length).toBeLessThan(40);
  expect(calls.filter((c) => c === 'list')).toHaveLength(1);
});

it('backs off while lists fail, and says so once', async () => {
  const { calls, told, warnings } = await follow([['hang']], [...Array.from({ length: 8 }, () => new Error('down')), list(5, 'a')], '10m');
  expect(calls).toHaveLength(10);
  expect(told).toEqual(['= a']);
  expect(warnings).toHaveLength(1);
});
