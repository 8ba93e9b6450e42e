/** The embedded store on a disk that fails: nothing that was acknowledged is lost, and nothing is acknowledged that is not there. */
import { describe, expect, it } from 'vitest';
import type { LogDirectory, LogFile } from '../../src/store/embedded/files.js';
import { MemoryLogDirectory } from '../../src/store/embedded/memory-files.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { StoreFailedError } from '../../src/store/store.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';

const fault = (code: string) => Object.assign(new Error(`${code}: the disk says no`), { code });

type Operation = 'write' | 'short' | 'sync' | 'later' | 'create' | 'read' | 'truncate' | 'names';

/**
 * Passes everything on to a directory in memory until `arm` says which operation fails, and how. Like Linux, it takes the bytes of a
 * sync that failed for written: no later sync puts them on the disk, unless they are written again.
 */
class FaultyDirectory implements LogDirectory {
  private readonly armed = new Map<Operation, string>();
  private readonly lost = new Map<string, [from: number, to: number][]>();
  /** Files whose syncs take a turn of the event loop each. */
  slow = false;

  constructor(readonly inner: MemoryLogDirectory) {}

  get path() {
    return this.inner.path;
  }
  arm(op: Operation, code: string) {
    this.armed.set(op, code);
  }
  disarm() {
    this.armed.clear();
  }
  losePower() {
    this.inner.losePower();
    for (const [name, ranges] of this.lost) for (const [from, to] of ranges) this.inner.content(name).fill(0, from, to);
  }
  private check(...ops: Operation[]) {
    for (const op of ops) {
      const code = this.armed.get(op);
      if (code !== undefined) throw fault(code);
    }
  }
  list = () => this.inner.list();
  open = (name: string) => this.wrap(this.inner.open(name));
  create = (name: string) => {
    this.check('create');
    return this.wrap(this.inner.create(name));
  };
  rename = (a: string, b: string) => this.inner.rename(a, b);
  remove = (name: string) => this.inner.remove(name);
  syncNames = () => this.inner.syncNames();
  syncNamesLater = async () => {
    this.check('names');
    this.inner.syncNames();
  };
  checksum = (b: Uint8Array, seed: number) => this.inner.checksum(b, seed);
  close = () => this.inner.close();

  private wrap(file: LogFile): LogFile {
    const { name } = file;
    let unsynced: [from: number, to: number][] = [];
    const sync = () => {
      try {
        this.check('sync');
      } catch (e) {
        this.lost.set(name, [...(this.lost.get(name) ?? []), ...unsynced]);
        throw e;
      } finally {
        unsynced = [];
      }
      file.syncNow();
    };
    return {
      name: file.name,
      get size() {
        return file.size;
      },
      write: (bytes, at) => {
        this.check('write');
        if (this.armed.has('short')) file.write(bytes.subarray(0, bytes.length >> 1), at);
        this.check('short');
        file.write(bytes, at);
        const end = at + bytes.length;
        unsynced.push([at, end]);
        this.lost.set(
          name,
          (this.lost.get(name) ?? []).filter(([from, to]) => from < at || to > end),
        );
      },
      sync: () => {
        if (!this.slow && !this.armed.has('later')) return sync();
        return new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => {
          this.check('later');
          sync();
        });
      },
      syncNow: sync,
      syncLater: async () => sync(),
      read: (at, length) => {
        this.check('read');
        return file.read(at, length);
      },
      truncate: (size) => {
        this.check('truncate');
        file.truncate(size);
      },
      close: () => file.close(),
    };
  }
}

const bytes = (s: string) => new TextEncoder().encode(s);
const env = () => ({ clock: new VirtualClock(), random: seededRandom(9), log: silentLogger });
const everything = { key: '\0', end: '\0' };
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

describe('a disk that fails', () => {
  it.each([
    ['write', 'ENOSPC'],
    ['write', 'EDQUOT'],
    ['short', 'ENOSPC'],
    ['sync', 'EIO'],
    ['later', 'EIO'],
  ] as const)('%s with %s: the write fails, the store is read-only, what was acknowledged stays', async (op, code) => {
    const inner = new MemoryLogDirectory().lock();
    const files = new FaultyDirectory(inner);
    const store = await openEmbeddedStore({ dir: '', files, env: env() });
    const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value: bytes(key) } }], failure: [] });
    await put('a');
    await put('b');
    const seen: string[] = [];
    store.watch(everything, { events: (e) => seen.push(...e.map((x) => x.kv.key)), end() {} });
    files.arm(op, code);
    const results = await Promise.allSettled([put('c'), put('d'), store.leaseGrant(10)]);
    for (const r of results) expect(r).toMatchObject({ status: 'rejected', reason: expect.any(StoreFailedError) });
    await expect(put('e')).rejects.toThrow(`${code}: the disk says no`);
    await expect(store.compact(2)).rejects.toBeInstanceOf(StoreFailedError);
    // Readers and watches see only what is durable.
    expect((await store.range(everything)).kvs.map((kv) => kv.key)).toEqual(['a', 'b']);
    expect(await store.range({ ...everything, countOnly: true })).toMatchObject({ count: 2, revision: 3 });
    expect(store.revision).toBe(3);
    expect(seen).toEqual([]);
    await store.close();
    inner.losePower();
    const again = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
    expect((await again.range(everything)).kvs.map((kv) => kv.key)).toEqual(['a', 'b']);
    await again.close();
  });

  it('a refused write that could not be taken back is whole after a restart, and what follows it is safe', async () => {
    const files = new FaultyDirectory(new MemoryLogDirectory());
    const open = () => {
      files.inner.lock();
      return openEmbeddedStore({ dir: '', files, env: env() });
    };
    const keys = async (s: Awaited<ReturnType<typeof open>>) => (await s.range(everything)).kvs.map((kv) => kv.key);
    let store = await open();
    const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value: bytes(key) } }], failure: [] });
    await put('a');
    files.arm('sync', 'EIO');
    files.arm('truncate', 'EIO');
    await expect(put('b')).rejects.toBeInstanceOf(StoreFailedError);
    await store.close();
    files.disarm();
    store = await open();
    expect(await keys(store)).toEqual(['a', 'b']);
    await put('c');
    await store.close();
    files.losePower();
    store = await open();
    expect(await keys(store)).toEqual(['a', 'b', 'c']);
    await store.close();
  });

  it('what a restart found and served is there after the power failed, too', async () => {
    const inner = new MemoryLogDirectory();
    const files = new FaultyDirectory(inner);
    inner.lock();
    const store = await openEmbeddedStore({ dir: '', files, env: env() });
    files.slow = true;
    // Written and not synced when the process ends.
    void store.txn({ compare: [], success: [{ put: { key: 'a', value: bytes('1') } }], failure: [] });
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    const dead = snapshotOf(inner);
    await store.close();
    restore(inner, dead);
    inner.close();
    const again = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
    expect((await again.range(everything)).count).toBe(1);
    await again.close();
    inner.losePower();
    const last = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
    expect((await last.range(everything)).count).toBe(1);
    await last.close();
  });

  it('a value that cannot be read in the middle of a transaction stops the store: no half of it is ever there', async () => {
    const inner = new MemoryLogDirectory().lock();
    const files = new FaultyDirectory(inner);
    const store = await openEmbeddedStore({ dir: '', files, env: env(), valueMemory: 10 });
    const put = (key: string) => ({ put: { key, value: bytes(`${key} has a value`) } });
    for (const key of ['cold', 'other', 'third']) await store.txn({ compare: [], success: [put(key)], failure: [] });
    files.arm('read', 'EIO');
    const half = store.txn({ compare: [], success: [put('phantom'), { range: { key: 'cold' } }], failure: [] });
    await expect(half).rejects.toBeInstanceOf(StoreFailedError);
    files.disarm();
    await expect(store.txn({ compare: [], success: [put('next')], failure: [] })).rejects.toThrow('EIO');
    expect((await store.range(everything)).kvs.map((kv) => kv.key)).toEqual(['cold', 'other', 'third']);
    await store.close();
    const again = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
    expect((await again.range(everything)).kvs.map((kv) => kv.key)).toEqual(['cold', 'other', 'third']);
    await again.close();
  });

  it('a former value that cannot be read ends the watch that wanted it, and no other', async () => {
    const files = new FaultyDirectory(new MemoryLogDirectory().lock());
    const store = await openEmbeddedStore({ dir: '', files, env: env(), valueMemory: 10 });
    const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value: bytes(`${key} has a value`) } }], failure: [] });
    for (const key of ['a', 'b', 'c']) await put(key);
    const ended: unknown[] = [];
    const seen: string[] = [];
    store.watch({ ...everything, prevKv: true }, { events() {}, end: (e) => ended.push(e) });
    store.watch(everything, { events: (e) => seen.push(...e.map((x) => x.kv.key)), end: (e) => ended.push(e) });
    files.arm('read', 'EIO');
    await put('a');
    expect(seen).toEqual(['a']);
    expect(ended).toMatchObject([{ code: 'EIO' }]);
    files.disarm();
    await put('b');
    expect(seen).toEqual(['a', 'b']);
    await store.close();
  });

  it('a rewrite during a batch larger than a segment loses nothing', async () => {
    const files = new FaultyDirectory(new MemoryLogDirectory().lock());
    files.slow = true;
    const store = await openEmbeddedStore({ dir: '', files, env: env() });
    const value = new Uint8Array(1024 * 1024);
    const small = new Uint8Array(1);
    const put = (key: string, v = value) => store.txn({ compare: [], success: [{ put: { key, value: v } }], failure: [] });
    await put('first');
    const writes: Promise<unknown>[] = [put('before')];
    await turn();
    const rewritten = store.defragment();
    await new Promise<void>((resolve) => setImmediate(resolve));
    // While `before` is synced, these make up the batch behind the cut, longer than a segment; while they are, there is more.
    for (let i = 0; i < 70; i++) writes.push(put(`k${i}`));
    let over = false;
    void rewritten.then(() => {
      over = true;
    });
    for (let i = 0; !over; i++) {
      writes.push(put(`more${i}`, small));
      await turn();
    }
    await Promise.all(writes);
    const before = (await store.range({ ...everything, countOnly: true })).count;
    await store.close();
    files.losePower();
    const again = await openEmbeddedStore({ dir: '', files: files.inner.lock(), env: env() });
    expect(before).toBeGreaterThan(72);
    expect((await again.range({ ...everything, countOnly: true })).count).toBe(before);
    await again.close();
  });

  it('a rewrite that fails leaves the log as it was', async () => {
    const inner = new MemoryLogDirectory().lock();
    const files = new FaultyDirectory(inner);
    const store = await openEmbeddedStore({ dir: '', files, env: env() });
    const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value: bytes(key) } }], failure: [] });
    await put('a');
    files.arm('create', 'ENOSPC');
    await expect(store.defragment()).rejects.toThrow('ENOSPC');
    await expect(put('b')).rejects.toBeInstanceOf(StoreFailedError);
    await store.close();
    const again = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
    expect((await again.range(everything)).kvs.map((kv) => kv.key)).toEqual(['a']);
    await again.close();
  });
});

describe('power failures', () => {
  it('at random moments, with torn sectors: every acknowledged write is there, and none is half there', async () => {
    const random = seededRandom(42);
    for (let round = 0; round < 60; round++) {
      const inner = new MemoryLogDirectory();
      const acknowledged = new Map<string, number>();
      let tried = 0;
      for (let life = 0; life < 4; life++) {
        const store = await openEmbeddedStore({ dir: '', files: inner.lock(), env: env() });
        const { kvs } = await store.range(everything);
        const found = new Map(kvs.map((kv) => [kv.key, Number(new TextDecoder().decode(kv.value.subarray(0, 8)))]));
        for (const [key, n] of acknowledged) expect(found.get(key) ?? -1, `round ${round} life ${life} ${key}`).toBeGreaterThanOrEqual(n);
        for (const [key, n] of found) {
          expect(n).toBeLessThanOrEqual(tried);
          // The pair of keys of a transaction is whole or not there.
          expect(found.get(key.startsWith('x') ? key.replace('x', 'y') : key.replace('y', 'x'))).toBe(n);
        }
        const writers = Array.from({ length: 4 }, async (_, w) => {
          for (let i = 0; i < 10; i++) {
            const n = ++tried;
            const value = bytes(String(n).padStart(8, '0') + 'v'.repeat(Math.floor(random.float() * 3000)));
            await store.txn({ compare: [], success: [{ put: { key: `x${w}`, value } }, { put: { key: `y${w}`, value } }], failure: [] });
            acknowledged.set(`x${w}`, n).set(`y${w}`, n);
            if (random.float() < 0.05) await store.defragment();
          }
        });
        const stopAfter = Math.floor(random.float() * 25);
        // The power goes while writes are under way.
        for (let turn = 0; turn < stopAfter; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
        const frozen = snapshotOf(inner);
        void Promise.allSettled(writers);
        const known = new Map(acknowledged);
        await Promise.allSettled(writers);
        await store.close();
        acknowledged.clear();
        for (const [key, n] of known) acknowledged.set(key, n);
        restore(inner, frozen);
        inner.losePower(() => random.float());
      }
    }
  }, 60_000);
});

/** The directory's insides as they are now, to go back to. */
function snapshotOf(dir: MemoryLogDirectory): unknown {
  const { names, syncedNames } = dir as unknown as Record<'names' | 'syncedNames', Map<string, object>>;
  return structuredClone({ names, syncedNames });
}
function restore(dir: MemoryLogDirectory, frozen: unknown): void {
  Object.assign(dir, frozen);
}
