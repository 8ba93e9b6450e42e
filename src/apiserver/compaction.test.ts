import { expect, it } from 'vitest';
import { openMemoryStore } from '../store/memory.js';
import { utf8 } from '../util/bytes.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { compactionRound, startCompaction } from './compaction.js';

const open = () => {
  const clock = new VirtualClock();
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const store = openMemoryStore({ env });
  const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value: utf8('x') } }], failure: [] });
  return { clock, env, store, put };
};
const compacted = async (store: { status(): Promise<{ compactRevision: number }> }) => (await store.status()).compactRevision;

it('keeps what is younger than an interval', async () => {
  const { clock, env, store, put } = open();
  const timer = startCompaction(store, env, 1000);
  await put('a');
  await clock.advance(1000);
  expect(await compacted(store)).toBe(0);
  const after = store.revision;
  await put('a');
  await clock.advance(1000);
  expect(await compacted(store)).toBe(after);
  timer.cancel();
  await put('a');
  await clock.advance(5000);
  expect(await compacted(store)).toBe(after);
  await store.close();
});

it('of two servers one compacts in a round', async () => {
  const { store, put } = open();
  let a = await compactionRound(store, { round: 0, revision: 0 });
  let b = await compactionRound(store, { round: 0, revision: 0 });
  expect([a.round, b.round]).toEqual([1, 1]);
  await put('x');
  a = await compactionRound(store, a);
  const first = await compacted(store);
  expect(first).toBeGreaterThan(0);
  // The other has lost the round: it only learns of it.
  b = await compactionRound(store, b);
  expect(await compacted(store)).toBe(first);
  expect(b.round).toBe(a.round);
  await store.close();
});

it('0 is never', async () => {
  const { clock, env, store, put } = open();
  startCompaction(store, env, 0);
  await put('a');
  await clock.advance(10_000_000);
  expect(store.revision).toBe(2);
  await store.close();
});
