/**
 * What every store must do, as a function to be run against each: `describeStore('memory', open)`. The contract is the one in
 * `src/store/store.ts`; where it is silent, etcd's behaviour counts.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CompactedError,
  FutureRevisionError,
  KeyNotFoundError,
  LeaseExistsError,
  LeaseNotFoundError,
  type Operation,
  prefixEnd,
  type RangeRequest,
  type Store,
  type StoreEvent,
  type TxnRequest,
  type WatchRequest,
} from '../../src/store/store.js';

export interface StoreUnderTest {
  readonly store: Store;
  /** Lets `seconds` pass for leases. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
  /** The shortest lease that the back end grants. */
  readonly minTtl?: number;
  /** The back end refuses a transaction that changes a key twice, as etcd does. */
  readonly keyOncePerTxn?: boolean;
  /** The back end has other revisions before the test begins: revisions are compared relative to the first. */
}

const bytes = (s: string) => new TextEncoder().encode(s);
const string = (b: Uint8Array) => new TextDecoder().decode(b);

export class Recorder {
  readonly events: StoreEvent[] = [];
  readonly calls: { events: readonly StoreEvent[]; revision: number }[] = [];
  readonly progress: number[] = [];
  ended = false;
  error: Error | undefined;
  private wake: (() => void)[] = [];

  readonly sink = {
    events: (events: readonly StoreEvent[], revision: number) => {
      this.events.push(...events);
      this.calls.push({ events, revision });
      this.notify();
    },
    progress: (revision: number) => {
      this.progress.push(revision);
      this.notify();
    },
    end: (error?: Error) => {
      this.ended = true;
      this.error = error;
      this.notify();
    },
  };

  async until(done: () => boolean): Promise<void> {
    const deadline = Date.now() + 8000;
    while (!done()) {
      if (Date.now() > deadline) throw new Error(`waited in vain; saw ${this.texts().join(' ')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  texts(): string[] {
    return this.events.map((e) => `${e.type}:${e.kv.key}=${string(e.kv.value)}`);
  }

  private notify(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
}

export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let t: StoreUnderTest;
    let store: Store;
    /** The revision before the test. */
    let base: number;
    beforeEach(async () => {
      t = await open();
      store = t.store;
      base = store.revision;
    });
    afterEach(() => t.close());

    const put = (key: string, value: string, more: { lease?: bigint } = {}) => run({ put: { key, value: bytes(value), ...more } });
    const del = (key: string, end?: string) => run({ delete: { key, end } });
    const run = async (...success: Operation[]) => store.txn({ compare: [], success, failure: [] });
    const get = async (key: string, more: Partial<RangeRequest> = {}) => (await store.range({ key, ...more })).kvs[0];
    const keys = async (request: RangeRequest) => (await store.range(request)).kvs.map((kv) => kv.key);
    const watch = (request: WatchRequest) => {
      const recorder = new Recorder();
      return { recorder, handle: store.watch(request, recorder.sink) };
    };

    describe('keys and revisions', () => {
      it('gives every change the next revision and counts versions', async () => {
        expect((await put('a', '1')).revision).toBe(base + 1);
        expect((await put('a', '2')).revision).toBe(base + 2);
        expect(await get('a')).toEqual({
          key: 'a',
          value: bytes('2'),
          createRevision: base + 1,
          modRevision: base + 2,
          version: 2,
          lease: 0n,
        });
        expect(store.revision).toBe(base + 2);
      });

      it('begins a new life after a delete', async () => {
        await put('a', '1');
        await put('a', '2');
        await del('a');
        expect(await get('a')).toBeUndefined();
        await put('a', '3');
        expect(await get('a')).toMatchObject({ createRevision: base + 4, modRevision: base + 4, version: 1 });
      });

      it('does not move the revision when nothing changes', async () => {
        await put('a', '1');
        const result = await del('missing');
        expect(result.revision).toBe(base + 1);
        expect(result.results[0]).toMatchObject({ delete: { deleted: 0 } });
        expect((await run({ range: { key: 'a' } })).revision).toBe(base + 1);
      });

      it('gives all changes of a transaction one revision', async () => {
        const { revision } = await run({ put: { key: 'a', value: bytes('1') } }, { put: { key: 'b', value: bytes('2') } });
        expect(revision).toBe(base + 1);
        expect((await get('a'))?.modRevision).toBe(base + 1);
        expect((await get('b'))?.modRevision).toBe(base + 1);
      });

      it('keeps keys and values byte for byte, empty and with zeros', async () => {
        const key = '\x00\x7f\x80\x9f\xff';
        const value = Uint8Array.from({ length: 256 }, (_, i) => i);
        await run({ put: { key, value } });
        await run({ put: { key: 'empty', value: new Uint8Array(0) } });
        expect(await get(key)).toMatchObject({ key, value });
        expect((await get('empty'))?.value).toEqual(new Uint8Array(0));
      });

      it('returns what was there before when asked', async () => {
        await put('a', '1');
        const over = await run({ put: { key: 'a', value: bytes('2'), prevKv: true } });
        expect(over.results[0]).toMatchObject({ put: { prevKv: { value: bytes('1'), modRevision: base + 1 } } });
        const gone = await run({ delete: { key: 'a', end: 'b', prevKv: true } });
        expect(gone.results[0]).toMatchObject({ delete: { deleted: 1, prevKvs: [{ value: bytes('2') }] } });
        const fresh = await run({ put: { key: 'a', value: bytes('3'), prevKv: true } });
        expect(fresh.results[0]).toEqual({ put: {} });
      });

      it('keeps the value or the lease on request, and only of a key that exists', async () => {
        const { id } = await store.leaseGrant(60);
        await put('a', '1', { lease: id });
        await run({ put: { key: 'a', value: bytes(''), ignoreValue: true } });
        expect(await get('a')).toMatchObject({ value: bytes('1'), lease: 0n, version: 2 });
        await put('a', '2', { lease: id });
        await run({ put: { key: 'a', value: bytes('3'), ignoreLease: true } });
        expect(await get('a')).toMatchObject({ value: bytes('3'), lease: id });
        await expect(run({ put: { key: 'b', value: bytes(''), ignoreValue: true } })).rejects.toBeInstanceOf(KeyNotFoundError);
        await expect(run({ put: { key: 'b', value: bytes('x'), ignoreLease: true } })).rejects.toBeInstanceOf(KeyNotFoundError);
      });
    });

    describe('range', () => {
      beforeEach(async () => {
        for (const [key, value] of [
          ['c', '1'],
          ['a', '3'],
          ['b', '2'],
          ['d', '4'],
          ['b', '5'],
        ] as const)
          await put(key, value);
      });

      it('reads one key, a half-open range, a prefix, to the last key, everything', async () => {
        await put('bb', 'x');
        expect(await keys({ key: 'b' })).toEqual(['b']);
        expect(await keys({ key: 'a', end: 'c' })).toEqual(['a', 'b', 'bb']);
        expect(await keys({ key: 'b', end: prefixEnd('b') })).toEqual(['b', 'bb']);
        expect(await keys({ key: 'bb', end: '\0' })).toEqual(['bb', 'c', 'd']);
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['a', 'b', 'bb', 'c', 'd']);
        expect(await keys({ key: 'c', end: 'a' })).toEqual([]);
      });

      it('limits, and says that there is more and how much', async () => {
        expect(await store.range({ key: 'a', end: 'z', limit: 2 })).toMatchObject({
          count: 4,
          more: true,
          kvs: [{ key: 'a' }, { key: 'b' }],
        });
        expect(await store.range({ key: 'a', end: 'z', limit: 4 })).toMatchObject({ count: 4, more: false });
        expect(await store.range({ key: 'a', end: 'z', limit: 0 })).toMatchObject({ count: 4, more: false });
      });

      it('counts and lists keys without values', async () => {
        expect(await store.range({ key: 'a', end: 'z', countOnly: true })).toMatchObject({ count: 4, kvs: [], more: false });
        expect(await store.range({ key: 'b', countOnly: true })).toMatchObject({ count: 1, kvs: [] });
        const { kvs } = await store.range({ key: 'b', keysOnly: true });
        expect(kvs).toMatchObject([{ key: 'b', version: 2, value: new Uint8Array(0) }]);
      });

      it.each([
        ['key', ['a', 'b', 'c', 'd']],
        ['version', ['a', 'c', 'd', 'b']],
        ['create', ['c', 'a', 'b', 'd']],
        ['mod', ['c', 'a', 'd', 'b']],
        ['value', ['c', 'a', 'd', 'b']],
      ] as const)('sorts by %s', async (by, expected) => {
        const got = await keys({ key: 'a', end: 'z', sort: { by } });
        // Equal versions may come in any order.
        if (by === 'version') expect(got[3]).toBe('b');
        else expect(got).toEqual(expected);
        if (by !== 'version') expect(await keys({ key: 'a', end: 'z', sort: { by, descending: true } })).toEqual([...expected].reverse());
        if (by !== 'version') expect(await keys({ key: 'a', end: 'z', limit: 1, sort: { by, descending: true } })).toEqual([expected[3]]);
      });

      it('filters by revisions; the count is of the range', async () => {
        const all = { key: 'a', end: 'z' };
        expect(await keys({ ...all, minModRevision: base + 4 })).toEqual(['b', 'd']);
        expect(await keys({ ...all, maxModRevision: base + 2 })).toEqual(['a', 'c']);
        expect(await keys({ ...all, minCreateRevision: base + 2, maxCreateRevision: base + 3 })).toEqual(['a', 'b']);
        expect(await store.range({ ...all, maxModRevision: base + 2, limit: 1 })).toMatchObject({
          count: 4,
          more: true,
          kvs: [{ key: 'a' }],
        });
      });

      it('reads the past', async () => {
        await del('a');
        expect(await keys({ key: 'a', end: 'z', revision: base + 3 })).toEqual(['a', 'b', 'c']);
        expect(await get('b', { revision: base + 3 })).toMatchObject({ value: bytes('2'), version: 1 });
        expect(await store.range({ key: 'a', end: 'z', revision: base + 1 })).toMatchObject({ count: 1, revision: base + 6 });
        expect(await store.range({ key: 'a', end: 'z', revision: base + 2, limit: 1 })).toMatchObject({ count: 2, more: true });
        await expect(store.range({ key: 'a', revision: base + 7 })).rejects.toBeInstanceOf(FutureRevisionError);
      });
    });

    describe('transactions', () => {
      it.each([
        ['version', '=', 2, true],
        ['version', '>', 2, false],
        ['version', '<', 3, true],
        ['version', '!=', 2, false],
        ['create', '=', 1, true],
        ['mod', '=', 2, true],
        ['mod', '>', 1, true],
        ['mod', '<', 2, false],
      ] as const)('compares %s %s %i: %s', async (target, result, value, expected) => {
        await put('a', '1');
        await put('a', '2');
        const wanted = target === 'version' ? value : base + value;
        const { succeeded } = await store.txn({ compare: [{ key: 'a', target, result, value: wanted }], success: [], failure: [] });
        expect(succeeded).toBe(expected);
      });

      it('compares values and leases', async () => {
        const { id } = await store.leaseGrant(60);
        await put('a', 'm', { lease: id });
        const check = async (compare: Parameters<Store['txn']>[0]['compare'][number]) =>
          (await store.txn({ compare: [compare], success: [], failure: [] })).succeeded;
        expect(await check({ key: 'a', target: 'value', result: '=', value: bytes('m') })).toBe(true);
        expect(await check({ key: 'a', target: 'value', result: '>', value: bytes('l') })).toBe(true);
        expect(await check({ key: 'a', target: 'value', result: '<', value: bytes('mm') })).toBe(true);
        expect(await check({ key: 'a', target: 'value', result: '!=', value: bytes('m') })).toBe(false);
        expect(await check({ key: 'a', target: 'lease', result: '=', value: id })).toBe(true);
        expect(await check({ key: 'a', target: 'lease', result: '!=', value: 0n })).toBe(true);
      });

      it('compares a missing key as zero, but never its value', async () => {
        const check = async (compare: Parameters<Store['txn']>[0]['compare'][number]) =>
          (await store.txn({ compare: [compare], success: [], failure: [] })).succeeded;
        expect(await check({ key: 'x', target: 'version', result: '=', value: 0 })).toBe(true);
        expect(await check({ key: 'x', target: 'create', result: '=', value: 0 })).toBe(true);
        expect(await check({ key: 'x', target: 'mod', result: '<', value: 1 })).toBe(true);
        expect(await check({ key: 'x', target: 'lease', result: '=', value: 0n })).toBe(true);
        expect(await check({ key: 'x', target: 'value', result: '=', value: bytes('') })).toBe(false);
        expect(await check({ key: 'x', target: 'value', result: '!=', value: bytes('y') })).toBe(false);
      });

      it('compares every key of a range', async () => {
        await put('a1', 'x');
        await put('a2', 'x');
        const same = { key: 'a', end: 'b', target: 'value', result: '=', value: bytes('x') } as const;
        expect((await store.txn({ compare: [same], success: [], failure: [] })).succeeded).toBe(true);
        await put('a2', 'y');
        expect((await store.txn({ compare: [same], success: [], failure: [] })).succeeded).toBe(false);
      });

      it('takes one branch, and sees its own changes', async () => {
        // What is put and then deleted: the same key, or another one where a transaction may change a key only once.
        const gone = t.keyOncePerTxn ? 'b' : 'a';
        await put('b', '1');
        await put('a', '1');
        const request = (deleted: string): TxnRequest => ({
          compare: [{ key: 'a', target: 'mod', result: '=', value: base + 2 }],
          success: [
            { put: { key: 'a', value: bytes('2') } },
            { range: { key: 'a' } },
            { delete: { key: deleted } },
            { range: { key: deleted } },
          ],
          failure: [{ put: { key: 'never', value: bytes('x') } }],
        });
        if (t.keyOncePerTxn) await expect(store.txn(request('a'))).rejects.toThrow('duplicate key given in txn request');
        const result = await store.txn(request(gone));
        expect(result).toMatchObject({ succeeded: true, revision: base + 3 });
        expect(result.results[1]).toMatchObject({ range: { kvs: [{ value: bytes('2') }], count: 1 } });
        expect(result.results[2]).toMatchObject({ delete: { deleted: 1 } });
        expect(result.results[3]).toMatchObject({ range: { kvs: [], count: 0 } });
        expect(await get('never')).toBeUndefined();
        const other = await store.txn({
          compare: [{ key: 'a', target: 'mod', result: '=', value: base + 2 }],
          success: [],
          failure: [{ range: { key: t.keyOncePerTxn ? '\0' : '', end: '\0', countOnly: true } }],
        });
        expect(other).toMatchObject({ succeeded: false, revision: base + 3 });
      });

      it('nests; all comparisons are made before anything is written', async () => {
        const missing = { key: 'a', target: 'version', result: '=', value: 0 } as const;
        const result = await store.txn({
          compare: [missing],
          success: [
            { put: { key: 'a', value: bytes('1') } },
            { txn: { compare: [missing], success: [{ put: { key: 'b', value: bytes('2') } }], failure: [] } },
          ],
          failure: [],
        });
        expect(result.results[1]).toMatchObject({ txn: { succeeded: true, results: [{ put: {} }] } });
        expect(await get('b')).toMatchObject({ modRevision: base + 1 });
      });

      it('does all or nothing', async () => {
        await expect(
          run({ put: { key: 'a', value: bytes('1') } }, { put: { key: 'b', value: bytes('2'), lease: 12345n } }),
        ).rejects.toBeInstanceOf(LeaseNotFoundError);
        expect(await get('a')).toBeUndefined();
        expect(store.revision).toBe(base);
      });

      it('lets one of many win a compare-and-swap', async () => {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            store.txn({
              compare: [{ key: 'a', target: 'version', result: '=', value: 0 }],
              success: [{ put: { key: 'a', value: bytes(String(i)) } }],
              failure: [],
            }),
          ),
        );
        expect(results.filter((r) => r.succeeded)).toHaveLength(1);
        expect((await get('a'))?.version).toBe(1);
      });

      it('gives concurrent writes distinct revisions', async () => {
        const revisions = await Promise.all(Array.from({ length: 100 }, async (_, i) => (await put(`k${i}`, 'x')).revision));
        expect(new Set(revisions).size).toBe(100);
        expect(Math.max(...revisions)).toBe(base + 100);
        expect(store.revision).toBe(base + 100);
      });
    });

    describe('watch', () => {
      it('sees changes of a key, a range, a prefix and everything, and nothing else', async () => {
        const one = watch({ key: 'b' }).recorder;
        const range = watch({ key: 'a', end: 'c' }).recorder;
        const prefix = watch({ key: 'b', end: prefixEnd('b') }).recorder;
        const all = watch({ key: '\0', end: '\0' }).recorder;
        // Every watch is set up before the first change counts.
        for (const [key, value] of [
          ['a', '1'],
          ['b', '2'],
          ['bb', '3'],
          ['c', '4'],
        ] as const)
          await put(key, value);
        await del('b');
        await all.until(() => all.events.length === 5);
        await range.until(() => range.events.length === 4);
        expect(one.texts()).toEqual(['put:b=2', 'delete:b=']);
        expect(range.texts()).toEqual(['put:a=1', 'put:b=2', 'put:bb=3', 'delete:b=']);
        expect(prefix.texts()).toEqual(['put:b=2', 'put:bb=3', 'delete:b=']);
        expect(all.texts()).toEqual(['put:a=1', 'put:b=2', 'put:bb=3', 'put:c=4', 'delete:b=']);
        expect(all.events[4]?.kv).toMatchObject({ key: 'b', modRevision: base + 5 });
      });

      it('replays from an old revision and goes on', async () => {
        for (let i = 1; i <= 5; i++) await put('a', String(i));
        const { recorder } = watch({ key: 'a', startRevision: base + 3 });
        await put('a', '6');
        await recorder.until(() => recorder.events.length === 4);
        expect(recorder.texts()).toEqual(['put:a=3', 'put:a=4', 'put:a=5', 'put:a=6']);
      });

      it('waits for a revision that is to come', async () => {
        const { recorder } = watch({ key: 'a', startRevision: base + 3 });
        for (let i = 1; i <= 4; i++) await put('a', String(i));
        await recorder.until(() => recorder.events.length === 2);
        expect(recorder.texts()).toEqual(['put:a=3', 'put:a=4']);
      });

      it('gives the former value on request, and leaves out what is filtered', async () => {
        const prev = watch({ key: 'a', prevKv: true }).recorder;
        const puts = watch({ key: 'a', noDelete: true }).recorder;
        const deletes = watch({ key: 'a', noPut: true }).recorder;
        await put('a', '1');
        await put('a', '2');
        await del('a');
        await put('a', '3');
        await prev.until(() => prev.events.length === 4);
        expect(prev.events.map((e) => e.prevKv && string(e.prevKv.value))).toEqual([undefined, '1', '2', undefined]);
        await puts.until(() => puts.events.length === 3);
        await deletes.until(() => deletes.events.length === 1);
        expect(puts.texts()).toEqual(['put:a=1', 'put:a=2', 'put:a=3']);
        expect(deletes.texts()).toEqual(['delete:a=']);
        expect(puts.events.every((e) => e.prevKv === undefined)).toBe(true);
        const past = watch({ key: 'a', startRevision: base + 1, prevKv: true }).recorder;
        await past.until(() => past.events.length === 4);
        expect(past.events.map((e) => e.prevKv && string(e.prevKv.value))).toEqual([undefined, '1', '2', undefined]);
      });

      it('never splits a revision', async () => {
        const { recorder } = watch({ key: 'k', end: 'l' });
        await run(...Array.from({ length: 50 }, (_, i): Operation => ({ put: { key: `k${i}`, value: bytes('x') } })));
        await recorder.until(() => recorder.events.length === 50);
        expect(recorder.calls).toHaveLength(1);
        expect(recorder.calls[0]?.revision).toBeGreaterThanOrEqual(base + 1);
        const late = watch({ key: 'k', end: 'l', startRevision: base + 1 }).recorder;
        await late.until(() => late.events.length === 50);
        expect(late.calls).toHaveLength(1);
        expect(late.texts()).toEqual(recorder.texts());
      });

      it('has told a watch before the writer', async () => {
        const { recorder, handle } = watch({ key: 'a' });
        handle.requestProgress();
        await recorder.until(() => recorder.progress.length > 0);
        await put('a', '1');
        expect(recorder.texts()).toEqual(['put:a=1']);
      });

      it('stops when cancelled', async () => {
        const { recorder, handle } = watch({ key: 'a' });
        await put('a', '1');
        await recorder.until(() => recorder.events.length === 1);
        handle.cancel();
        handle.cancel();
        await recorder.until(() => recorder.ended);
        expect(recorder.error).toBeUndefined();
        await put('a', '2');
        expect(recorder.texts()).toEqual(['put:a=1']);
      });

      it('reports progress up to the present', async () => {
        await put('other', '1');
        const { recorder, handle } = watch({ key: 'a', startRevision: base + 1 });
        handle.requestProgress();
        await recorder.until(() => recorder.progress.length > 0);
        expect(recorder.progress[0]).toBeGreaterThanOrEqual(base + 1);
      });

      it('serves many watches and gives each its own', async () => {
        const recorders = Array.from({ length: 300 }, (_, i) => watch({ key: `n${i % 100}/`, end: prefixEnd(`n${i % 100}/`) }).recorder);
        for (let i = 0; i < 100; i++) await put(`n${i}/x`, String(i));
        await Promise.all(recorders.map((r) => r.until(() => r.events.length === 1)));
        expect(recorders.map((r) => string(r.events[0]!.kv.value))).toEqual(Array.from({ length: 300 }, (_, i) => String(i % 100)));
      });
    });

    describe('compaction', () => {
      it('forgets the past below the revision, and no more', async () => {
        for (let i = 1; i <= 4; i++) await put('a', String(i));
        await put('gone', 'x');
        await del('gone');
        await put('b', '1');
        await store.compact(base + 3, true);
        await expect(store.range({ key: 'a', revision: base + 2 })).rejects.toBeInstanceOf(CompactedError);
        expect(await get('a', { revision: base + 3 })).toMatchObject({ value: bytes('3') });
        expect(await get('a', { revision: base + 4 })).toMatchObject({ value: bytes('4') });
        await store.compact(base + 7, true);
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['a', 'b']);
        expect(await get('a', { revision: base + 7 })).toMatchObject({ value: bytes('4'), version: 4, createRevision: base + 1 });
        expect(await get('gone', { revision: base + 7 })).toBeUndefined();
        await put('gone', 'y');
        expect(await get('gone')).toMatchObject({ version: 1 });
      });

      it('refuses a revision that is compacted or to come', async () => {
        for (let i = 1; i <= 4; i++) await put('a', String(i));
        await store.compact(base + 3);
        await expect(store.compact(base + 3)).rejects.toBeInstanceOf(CompactedError);
        await expect(store.compact(base + 2)).rejects.toBeInstanceOf(CompactedError);
        await expect(store.compact(base + 5)).rejects.toBeInstanceOf(FutureRevisionError);
        expect((await store.status()).revision).toBe(base + 4);
      });

      it('ends a watch whose start was compacted, with the revision it can have', async () => {
        for (let i = 1; i <= 4; i++) await put('a', String(i));
        await store.compact(base + 3);
        const { recorder } = watch({ key: 'a', startRevision: base + 1 });
        await recorder.until(() => recorder.ended);
        expect(recorder.error).toBeInstanceOf(CompactedError);
        expect((recorder.error as CompactedError).compactRevision).toBe(base + 3);
        const ok = watch({ key: 'a', startRevision: base + 4 }).recorder;
        await ok.until(() => ok.events.length === 1);
        expect(ok.texts()).toEqual(['put:a=4']);
      });

      it('leaves watches in step alone', async () => {
        const { recorder } = watch({ key: 'a' });
        await put('a', '1');
        await put('a', '2');
        await store.compact(base + 2, true);
        await put('a', '3');
        await recorder.until(() => recorder.events.length === 3);
        expect(recorder.ended).toBe(false);
      });
    });

    describe('leases', () => {
      it('grants with the id asked for, or one of its own', async () => {
        expect(await store.leaseGrant(100, 77n)).toEqual({ id: 77n, ttl: 100 });
        await expect(store.leaseGrant(100, 77n)).rejects.toBeInstanceOf(LeaseExistsError);
        const { id } = await store.leaseGrant(100);
        expect(id).toBeGreaterThan(0n);
        expect([...(await store.leases())].sort()).toEqual([77n, id].sort());
      });

      it('refuses what names no lease', async () => {
        await expect(put('a', '1', { lease: 99n })).rejects.toBeInstanceOf(LeaseNotFoundError);
        await expect(store.leaseRevoke(99n)).rejects.toBeInstanceOf(LeaseNotFoundError);
        expect(await store.leaseKeepAlive(99n)).toBe(0);
        expect(await store.leaseTimeToLive(99n)).toMatchObject({ id: 99n, ttl: -1 });
      });

      it('deletes its keys in one revision when revoked', async () => {
        const { id } = await store.leaseGrant(100);
        await put('a', '1', { lease: id });
        await put('b', '2', { lease: id });
        await put('c', '3');
        const { recorder } = watch({ key: '\0', end: '\0', startRevision: base + 4 });
        await store.leaseRevoke(id);
        await recorder.until(() => recorder.events.length === 2);
        expect(recorder.events.map((e) => [e.type, e.kv.key, e.kv.modRevision])).toEqual([
          ['delete', 'a', base + 4],
          ['delete', 'b', base + 4],
        ]);
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['c']);
        expect((await store.leaseTimeToLive(id)).ttl).toBe(-1);
      });

      it('follows a key to another lease, and lets it go', async () => {
        const one = (await store.leaseGrant(100)).id;
        const two = (await store.leaseGrant(100)).id;
        await put('a', '1', { lease: one });
        await put('b', '1', { lease: one });
        await put('a', '2', { lease: two });
        await put('b', '2');
        expect((await store.leaseTimeToLive(one, true)).keys ?? []).toEqual([]);
        expect((await store.leaseTimeToLive(two, true)).keys).toEqual(['a']);
        await store.leaseRevoke(one);
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['a', 'b']);
        await store.leaseRevoke(two);
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['b']);
      });

      it('ends by itself unless kept alive', async () => {
        const ttl = t.minTtl ?? 5;
        const short = (await store.leaseGrant(ttl)).id;
        const kept = (await store.leaseGrant(ttl)).id;
        await put('a', '1', { lease: short });
        await put('b', '1', { lease: kept });
        const { recorder } = watch({ key: 'a' });
        await t.pass(ttl * 0.6);
        expect(await store.leaseKeepAlive(kept)).toBe(ttl);
        expect(await get('a')).toBeDefined();
        await t.pass(ttl * 0.6);
        await recorder.until(() => recorder.events.length === 1);
        expect(recorder.events[0]).toMatchObject({ type: 'delete', kv: { key: 'a', modRevision: base + 3 } });
        expect(await keys({ key: '\0', end: '\0' })).toEqual(['b']);
        expect(await store.leaseKeepAlive(short)).toBe(0);
        expect(await store.leases()).toEqual([kept]);
      });

      it('tells the time left and the keys', async () => {
        const { id } = await store.leaseGrant(100);
        await put('b', '1', { lease: id });
        await put('a', '1', { lease: id });
        const status = await store.leaseTimeToLive(id, true);
        expect(status).toMatchObject({ id, grantedTtl: 100, keys: ['a', 'b'] });
        expect(status.ttl).toBeGreaterThan(95);
        expect(status.ttl).toBeLessThanOrEqual(100);
        expect((await store.leaseTimeToLive(id)).keys ?? []).toEqual([]);
      });
    });
  });
}
