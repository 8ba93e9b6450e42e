import { expect, it } from 'vitest';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { copyState } from './maintenance.js';
import { openMemoryStore } from './memory.js';

const bytes = (s: string) => new TextEncoder().encode(s);

it('forks: two stores go on from one state, with history, revisions and the time left on leases', async () => {
  const clock = new VirtualClock();
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const one = openMemoryStore({ env });
  const { id } = await one.leaseGrant(60);
  const put = (store: typeof one, key: string, value: string, lease = 0n) =>
    store.txn({ compare: [], success: [{ put: { key, value: bytes(value), lease } }], failure: [] });
  await put(one, 'a', '1');
  await put(one, 'a', '2', id);
  await put(one, 'b', '1');
  await clock.advance('30s');
  const two = openMemoryStore({ env, state: copyState(one.snapshot()) });
  await put(one, 'a', 'one');
  await put(two, 'c', 'two');
  expect((await one.range({ key: 'a', end: 'z' })).kvs.map((kv) => kv.key)).toEqual(['a', 'b']);
  expect((await two.range({ key: 'a', end: 'z' })).kvs.map((kv) => kv.key)).toEqual(['a', 'b', 'c']);
  expect((await two.range({ key: 'a', revision: 2 })).kvs[0]).toMatchObject({ value: bytes('1'), version: 1 });
  expect([one.revision, two.revision]).toEqual([5, 5]);
  await clock.advance('31s');
  expect((await two.range({ key: 'a', end: 'z' })).kvs.map((kv) => kv.key)).toEqual(['b', 'c']);
  expect((await one.range({ key: 'a' })).count).toBe(1);
  await one.close();
  await two.close();
  expect(clock.pending).toBe(0);
});
