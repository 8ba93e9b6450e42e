/**
 * Random operations against a store and against a model that is too simple to be wrong: a full copy of all keys per revision.
 * Every answer, every past revision and every watch must agree. `STORE_MODEL_SEED` repeats a run.
 */
import { describe, expect, it } from 'vitest';
import { MemoryLogDirectory } from '../../src/store/embedded/memory-files.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { openMemoryStore } from '../../src/store/memory.js';
import type { Compare, KeyRange, Operation, Store, TxnRequest } from '../../src/store/store.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';

interface Row {
  value: string;
  create: number;
  mod: number;
  version: number;
}
type State = Map<string, Row>;

class Model {
  states: State[] = [new Map(), new Map()];
  events: string[] = [];
  compacted = 0;

  get revision() {
    return this.states.length - 1;
  }

  txn(t: TxnRequest): { succeeded: boolean; results: unknown[] } {
    const next: State = new Map(this.states[this.revision]);
    const changes: string[] = [];
    const result = this.run(t, next, changes);
    if (changes.length > 0) {
      this.states.push(next);
      this.events.push(...changes);
    }
    return result;
  }

  private run(t: TxnRequest, state: State, changes: string[]): { succeeded: boolean; results: unknown[] } {
    const before = this.states[this.revision]!;
    const rev = this.revision + 1;
    const succeeded = t.compare.every((c) => compare(c, before));
    const results = (succeeded ? t.success : t.failure).map((op) => {
      if ('range' in op) return { range: list(state, op.range).map(([k, r]) => `${k}=${r.value}`) };
      if ('put' in op) {
        const old = state.get(op.put.key);
        const value = new TextDecoder().decode(op.put.value);
        state.set(op.put.key, { value, create: old?.create ?? rev, mod: rev, version: (old?.version ?? 0) + 1 });
        changes.push(`put ${op.put.key}=${value}@${rev} was ${old?.value ?? '-'}`);
        return { put: old?.value ?? '-' };
      }
      if ('delete' in op) {
        const gone = list(state, op.delete);
        for (const [k, r] of gone) {
          state.delete(k);
          changes.push(`delete ${k}@${rev} was ${r.value}`);
        }
        return { deleted: gone.length };
      }
      return this.run(op.txn, state, changes);
    });
    return { succeeded, results };
  }
}

const inRange = (r: KeyRange, key: string) => (r.end === undefined ? key === r.key : key >= r.key && (r.end === '\0' || key < r.end));
const list = (state: State, r: KeyRange) => [...state].filter(([k]) => inRange(r, k)).sort(([a], [b]) => (a < b ? -1 : 1));

function compare(c: Compare, state: State): boolean {
  const rows = list(state, c).map(([, r]) => r);
  const one = (row: Row | undefined): boolean => {
    let relation: number;
    if (c.target === 'value') {
      if (!row) return false;
      const wanted = new TextDecoder().decode(c.value);
      relation = row.value < wanted ? -1 : row.value > wanted ? 1 : 0;
    } else if (c.target === 'lease') relation = c.value === 0n ? 0 : -1;
    else relation = (row?.[c.target] ?? 0) - c.value;
    return c.result === '=' ? relation === 0 : c.result === '!=' ? relation !== 0 : c.result === '<' ? relation < 0 : relation > 0;
  };
  return rows.length === 0 ? one(undefined) : rows.every(one);
}

async function play(seed: number, open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): Promise<void> {
  const random = seededRandom(seed);
  const n = (max: number) => Math.floor(random.float() * max);
  const key = () => 'abcdefgh'[n(8)]!;
  const range = (): KeyRange => [{ key: key() }, { key: key(), end: key() }, { key: key(), end: '\0' }][n(3)]!;
  const bytes = () => new TextEncoder().encode(String.fromCharCode(97 + n(26)).repeat(n(4)));
  const results = ['=', '!=', '<', '>'] as const;
  const makeCompare = (rev: number): Compare => {
    const r = { ...range(), result: results[n(4)]! };
    return [
      { ...r, target: 'version' as const, value: n(4) },
      { ...r, target: 'mod' as const, value: n(rev + 2) },
      { ...r, target: 'create' as const, value: n(rev + 2) },
      { ...r, target: 'value' as const, value: bytes() },
      { ...r, target: 'lease' as const, value: 0n },
    ][n(5)]!;
  };
  const operation = (rev: number, depth: number): Operation => {
    const kind = n(depth < 2 ? 7 : 6);
    if (kind < 3) return { put: { key: key(), value: bytes(), prevKv: true } };
    if (kind < 4) return { delete: range() };
    if (kind < 6) return { range: range() };
    return { txn: transaction(rev, depth + 1) };
  };
  const ops = (rev: number, depth: number) => Array.from({ length: n(4) }, () => operation(rev, depth));
  const transaction = (rev: number, depth = 0): TxnRequest => ({
    compare: Array.from({ length: n(3) }, () => makeCompare(rev)),
    success: ops(rev, depth),
    failure: ops(rev, depth),
  });

  const model = new Model();
  let store = await open();
  const seen: string[] = [];
  let next = 2;
  const follow = () =>
    store.watch(
      { key: '\0', end: '\0', startRevision: next, prevKv: true },
      {
        events: (events, revision) => {
          for (const e of events) {
            const was = e.prevKv ? new TextDecoder().decode(e.prevKv.value) : '-';
            const text = e.type === 'put' ? `put ${e.kv.key}=${new TextDecoder().decode(e.kv.value)}` : `delete ${e.kv.key}`;
            seen.push(`${text}@${e.kv.modRevision} was ${was}`);
          }
          next = revision + 1;
        },
        end() {},
      },
    );
  follow();
  for (let step = 0; step < 400; step++) {
    const what = n(20);
    if (what < 12) {
      const t = transaction(model.revision);
      const expected = model.txn(t);
      const got = await store.txn(t);
      expect(simplify(got), `seed ${seed} step ${step}`).toEqual(expected);
      expect(got.revision).toBe(model.revision);
    } else if (what < 18) {
      const revision = model.compacted + n(model.revision - model.compacted + 1);
      const r = range();
      if (revision > 0) {
        const { kvs, count } = await store.range({ ...r, revision });
        const expected = list(model.states[revision]!, r).map(([k, row]) => ({ key: k, ...row }));
        expect(
          kvs.map((kv) => ({
            key: kv.key,
            value: new TextDecoder().decode(kv.value),
            create: kv.createRevision,
            mod: kv.modRevision,
            version: kv.version,
          })),
          `seed ${seed} step ${step} at ${revision}`,
        ).toEqual(expected);
        expect(count).toBe(expected.length);
        expect((await store.range({ ...r, revision, limit: 1 })).count).toBe(expected.length);
        expect((await store.range({ ...r, revision, countOnly: true })).count).toBe(expected.length);
      }
    } else if (what < 19 && model.revision > model.compacted + 1) {
      model.compacted = model.compacted + 1 + n(model.revision - model.compacted);
      await store.compact(model.compacted, n(2) === 0);
    } else if (reopen) {
      await new Promise((resolve) => setImmediate(resolve));
      store = await reopen(store);
      // Values before the compaction cannot be told any more, so the watch goes on from where it was.
      follow();
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  // A former value that was compacted meanwhile is told as none.
  const strip = (s: string) => (reopen ? s.replace(/ was .*/, '') : s);
  expect(seen.map(strip)).toEqual(model.events.map(strip));
  await store.close();
}

function simplify(result: Awaited<ReturnType<Store['txn']>>): unknown {
  const text = (b: Uint8Array) => new TextDecoder().decode(b);
  return {
    succeeded: result.succeeded,
    results: result.results.map((r) => {
      if ('range' in r) return { range: r.range.kvs.map((kv) => `${kv.key}=${text(kv.value)}`) };
      if ('put' in r) return { put: r.put.prevKv ? text(r.put.prevKv.value) : '-' };
      if ('delete' in r) return { deleted: r.delete.deleted };
      return simplify(r.txn);
    }),
  };
}

const given = process.env['STORE_MODEL_SEED'];
const seeds = given ? [Number(given)] : Array.from({ length: 25 }, (_, i) => i + 1);
const env = () => ({ clock: new VirtualClock(), random: seededRandom(1), log: silentLogger });

describe('random operations agree with the model', () => {
  it.each(seeds)('memory, seed %i', (seed) => play(seed, async () => openMemoryStore({ env: env() })));

  it.each(seeds)('embedded with restarts and tiny memory, seed %i', async (seed) => {
    const files = new MemoryLogDirectory();
    const open = () => openEmbeddedStore({ dir: '', files: files.lock(), env: env(), valueMemory: 10 });
    await play(seed, open, async (store) => {
      await store.close();
      return open();
    });
  });
});
