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

/** Passes everything on to a directory in memory until `arm` says which operation fails, and how. */
class FaultyDirectory implements LogDirectory {
  private armed: { op: 'write' | 'short' | 'sync' | 'later' | 'create'; code: string } | undefined;

  constructor(readonly inner: MemoryLogDirectory) {}

  get path() {
    return this.inner.path;
  }
  arm(op: 'write' | 'short' | 'sync' | 'later' | 'create', code: string) {
    this.armed = { op, code };
  }
  list = () => this.inner.list();
  open = (name: string) => this.wrap(this.inner.open(name));
  create = (name: string) => {
    if (this.armed?.op === 'create') throw fault(this.armed.code);
    return this.wrap(this.inner.create(name));
  };
  rename = (a: string, b: string) => this.inner.rename(a, b);
  remove = (name: string) => this.inner.remove(name);
  syncNames = () => this.inner.syncNames();
  syncNamesLater = () => this.inner.syncNamesLater();
  checksum = (b: Uint8Array, seed: number) => this.inner.checksum(b, seed);
  close = () => this.inner.close();

  private wrap(file: LogFile): LogFile {
    return {
      name: file.name,
      get size() {
        return file.size;
      },
      write: (bytes, at) => {
        if (this.armed?.op === 'write') throw fault(this.armed.code);
        if (this.armed?.op === 'short') {
          file.write(bytes.subarray(0, bytes.length >> 1), at);
          throw fault(this.armed.code);
        }
        file.write(bytes, at);
      },
      sync: () => {
        if (this.armed?.op === 'sync') throw fault(this.armed.code);
        if (this.armed?.op === 'later') return Promise.reject(fault(this.armed.code));
        return file.sync();
      },
      syncNow: () => file.syncNow(),
      syncLater: () => file.syncLater(),
      read: (at, length) => file.read(at, length),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    };
  }
}

const bytes = (s: string) => new TextEncoder().encode(s);
const env = () => ({ clock: new VirtualClock(), random: seededRandom(9), log: silentLogger });
const everything = { key: '\0', end: '\0' };

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
