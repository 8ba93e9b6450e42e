import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import { CorruptLogError } from './frame.js';
import { MemoryLogDirectory } from './memory-files.js';
import { openEmbeddedStore } from './open.js';
import type { LocalStore } from './store.js';

const bytes = (s: string) => new TextEncoder().encode(s);
const all = { key: '\0', end: '\0' };
const open = (files: MemoryLogDirectory, clock = new VirtualClock()) =>
  openEmbeddedStore({ dir: '', files: files.lock(), env: { clock, random: seededRandom(5), log: silentLogger } });
const put = (store: LocalStore, key: string, value: string, lease = 0n) =>
  store.txn({ compare: [], success: [{ put: { key, value: bytes(value), lease } }], failure: [] });
const dump = async (store: LocalStore) => (await store.range(all)).kvs.map((kv) => ({ ...kv, value: new TextDecoder().decode(kv.value) }));
const logName = '0000000001.log';

describe('recovery', () => {
  it('brings back everything that was acknowledged, history and leases too', async () => {
    const files = new MemoryLogDirectory();
    const store = await open(files);
    const { id } = await store.leaseGrant(30);
    await put(store, 'a', '1', id);
    await put(store, 'a', '2', id);
    await store.txn({ compare: [], success: [{ put: { key: 'b', value: bytes('x') } }, { delete: { key: 'a' } }], failure: [] });
    await put(store, 'c', '3', id);
    const before = await dump(store);
    files.losePower();
    const clock = new VirtualClock();
    const again = await open(files, clock);
    expect(again.revision).toBe(5);
    expect(await dump(again)).toEqual(before);
    expect((await again.range({ key: 'a', revision: 3 })).kvs[0]).toMatchObject({ value: bytes('2'), version: 2, lease: id });
    const seen: string[] = [];
    again.watch(
      { ...all, startRevision: 2, prevKv: true },
      { events: (e) => seen.push(...e.map((x) => `${x.type} ${x.kv.key}@${x.kv.modRevision}`)), end() {} },
    );
    expect((await again.leaseTimeToLive(id, true)).keys).toEqual(['c']);
    await clock.advance('31s');
    expect(seen).toEqual(['put a@2', 'put a@3', 'put b@4', 'delete a@4', 'put c@5', 'delete c@6']);
    await again.close();
  });

  it.each([1, 5, 19, 21, 40])('cuts a torn last write after %i bytes, and goes on', async (kept) => {
    const files = new MemoryLogDirectory();
    let store = await open(files);
    await put(store, 'a', '1');
    const end = files.content(logName).length;
    await put(store, 'a', '2');
    await store.close();
    files.content(logName).fill(0, end + kept);
    store = await open(files);
    expect(await dump(store)).toMatchObject([{ key: 'a', value: '1' }]);
    expect(store.revision).toBe(2);
    await put(store, 'b', 'new');
    await store.close();
    store = await open(files);
    expect(await dump(store)).toMatchObject([{ key: 'a' }, { key: 'b', value: 'new' }]);
    await store.close();
  });

  it('refuses damage that a good write follows, and names file and offset', async () => {
    const files = new MemoryLogDirectory('/data/etcd');
    let store = await open(files);
    await put(store, 'a', '1');
    const at = files.content(logName).length;
    await put(store, 'b', '2');
    await put(store, 'c', '3');
    await store.close();
    files.content(logName)[at + 30]! ^= 1;
    const failure = await open(files).catch((e) => e);
    expect(failure).toBeInstanceOf(CorruptLogError);
    expect(failure).toMatchObject({ file: `/data/etcd/${logName}`, offset: at });
    files.content(logName)[at + 30]! ^= 1;
    store = await open(files);
    expect(await dump(store)).toHaveLength(3);
    await store.close();
  });

  it.each([1, 19, 20, 500])('takes %i zeros at the end of a full segment for the room that was left', async (zeros) => {
    const files = new MemoryLogDirectory();
    let store = await open(files);
    await put(store, 'a', '1');
    await store.close();
    const file = files.open(logName);
    file.write(new Uint8Array(zeros), file.size);
    store = await open(files);
    await put(store, 'b', 'x'.repeat(70 * 1024 * 1024));
    await put(store, 'c', '3');
    await store.close();
    expect(files.list()).toContain('0000000002.log');
    // The room left over by the first segment, whose last frame ended just before its end.
    const full = files.open(logName);
    full.write(new Uint8Array(zeros), full.size);
    store = await open(files);
    expect((await store.range({ ...all, keysOnly: true })).kvs.map((kv) => kv.key)).toEqual(['a', 'b', 'c']);
    await store.close();
  });

  it('refuses a missing segment', async () => {
    const files = new MemoryLogDirectory();
    const store = await open(files);
    await put(store, 'a', '1');
    await store.defragment();
    await put(store, 'b', '1');
    await store.close();
    files.remove('0000000001.base');
    await expect(open(files)).rejects.toThrow(/segment 1 was expected/);
  });

  it('does not take bytes inside a value for a later write', async () => {
    const files = new MemoryLogDirectory();
    let store = await open(files);
    await put(store, 'a', '1');
    const frame = files.content(logName).slice(36);
    // A value that holds a whole frame of this very log, in a write that is torn.
    const at = files.content(logName).length;
    await store.txn({
      compare: [],
      success: [{ put: { key: 'b', value: frame } }, { put: { key: 'c', value: bytes('tail') } }],
      failure: [],
    });
    await store.close();
    files.content(logName).fill(0, files.content(logName).length - 3);
    store = await open(files);
    expect(await dump(store)).toMatchObject([{ key: 'a' }]);
    expect(files.content(logName).length).toBe(at);
    await store.close();
  });

  it('compacts, rewrites and comes back the same', async () => {
    const files = new MemoryLogDirectory();
    let store = await open(files);
    const { id } = await store.leaseGrant(100);
    for (let i = 0; i < 300; i++) await put(store, `k${i % 7}`, String(i), i % 3 === 0 ? id : 0n);
    await store.txn({ compare: [], success: [{ delete: { key: 'k0' } }], failure: [] });
    await store.setNote('who', bytes('me'));
    await store.compact(250, true);
    const size = (await store.status()).size;
    // Writes go on while the log is rewritten.
    const rewriting = store.defragment();
    for (let i = 0; i < 50; i++) await put(store, `n${i}`, 'x');
    await rewriting;
    expect((await store.status()).size).toBeLessThan(size);
    expect(files.list().filter((n) => n.endsWith('.base'))).toHaveLength(1);
    const before = await dump(store);
    const past = (await store.range({ ...all, revision: 250 })).kvs;
    files.losePower();
    store = await open(files);
    expect(await dump(store)).toEqual(before);
    expect((await store.range({ ...all, revision: 250 })).kvs).toEqual(past);
    await expect(store.range({ ...all, revision: 249 })).rejects.toThrow('compacted');
    expect((await store.leaseTimeToLive(id, true)).keys?.length).toBeGreaterThan(0);
    expect(store.note('who')).toEqual(bytes('me'));
    await put(store, 'after', '1');
    await store.defragment();
    await store.close();
    store = await open(files);
    expect((await store.range({ key: 'after' })).count).toBe(1);
    await store.close();
  });

  it('forgets an unfinished rewrite', async () => {
    const files = new MemoryLogDirectory();
    let store = await open(files);
    await put(store, 'a', '1');
    await store.close();
    files.create('0000000001.base.tmp');
    store = await open(files);
    expect(await dump(store)).toHaveLength(1);
    expect(files.list()).toEqual([logName]);
    await store.close();
  });

  it('begins with a state from another store', async () => {
    const from = await open(new MemoryLogDirectory());
    const { id } = await from.leaseGrant(30);
    for (let i = 0; i < 20; i++) await put(from, `k${i % 3}`, String(i), id);
    await from.compact(10, true);
    const snapshot = from.snapshot();
    const files = new MemoryLogDirectory();
    const clock = new VirtualClock();
    const env = { clock, random: seededRandom(6), log: silentLogger };
    const state = { ...snapshot, history: snapshot.history() };
    let copy = await openEmbeddedStore({ dir: '', files: files.lock(), env, state });
    snapshot.release();
    expect(await dump(copy)).toEqual(await dump(from));
    expect(copy.revision).toBe(from.revision);
    await copy.close();
    copy = await open(files, clock);
    expect(await dump(copy)).toEqual(await dump(from));
    expect((await copy.range({ key: 'k0', revision: 12 })).kvs).toEqual((await from.range({ key: 'k0', revision: 12 })).kvs);
    await copy.close();
    await from.close();
  });
});
