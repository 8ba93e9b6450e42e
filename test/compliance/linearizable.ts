/**
 * Whether a history of concurrent clients is linearizable. Each answer names the revision at which it happened, which is a proposed order:
 * it is checked that the order keeps real time (what began after another had ended comes after it) and that each answer is what a plain
 * map gives at that point. Source: Herlihy and Wing, "Linearizability", 1990; etcd's guarantees:
 * https://etcd.io/docs/latest/learning/api_guarantees/
 */
import { describe, expect, it } from 'vitest';
import type { Store, StoreEvent } from '../../src/store/store.js';
import { seededRandom } from '../../src/util/random.js';

interface Row {
  readonly value: string;
  readonly mod: number;
}
type State = ReadonlyMap<string, Row>;

interface Done {
  readonly what: string;
  /** Moments of a counter that every beginning and end moves. */
  readonly began: number;
  readonly ended: number;
  readonly revision: number;
  /** It made this revision; else it read at it. */
  readonly wrote: boolean;
  /** The state after it, given the state before; throws where the answer does not follow. A read returns the same state. */
  readonly apply: (state: State) => State;
}

const CLIENTS = 8;
const OPERATIONS = 60;
const KEYS = ['a', 'b', 'c', 'd'];
const text = (b: Uint8Array) => new TextDecoder().decode(b);
const bytes = (s: string) => new TextEncoder().encode(s);

/** What went wrong; empty for a linearizable history. `first`: the revision before it. */
export function violations(history: readonly Done[], first: number): string[] {
  const wrong: string[] = [];
  // Reads of a revision come after the write that made it.
  const order = [...history].sort((a, b) => a.revision - b.revision || Number(b.wrote) - Number(a.wrote));
  let state: State = new Map();
  let revision = first;
  const writers = new Map<number, string>();
  for (const op of order) {
    try {
      const next = op.apply(state);
      if (next !== state) {
        if (writers.has(op.revision)) throw new Error(`revision ${op.revision} was made by ${writers.get(op.revision)} too`);
        writers.set(op.revision, op.what);
        if (op.revision !== revision + 1) throw new Error(`made revision ${op.revision}, the one before was ${revision}`);
        state = next;
        revision = op.revision;
      } else if (op.revision !== revision) throw new Error(`read at revision ${op.revision}, which nobody made`);
    } catch (e) {
      wrong.push(`${op.what}: ${(e as Error).message}`);
    }
  }
  return [...wrong, ...outOfTime(history)];
}

function outOfTime(history: readonly Done[]): string[] {
  const wrong: string[] = [];
  const ends = [...history].sort((a, b) => a.ended - b.ended);
  let next = 0;
  let newest: Done | undefined;
  for (const op of [...history].sort((a, b) => a.began - b.began)) {
    for (; next < ends.length && ends[next]!.ended < op.began; next++)
      if (!newest || ends[next]!.revision > newest.revision) newest = ends[next];
    if (newest && newest.revision > op.revision)
      wrong.push(`${op.what} at revision ${op.revision} began after ${newest.what} had ended at ${newest.revision}`);
  }
  return wrong;
}

function expectRow(state: State, key: string, row: Row | undefined): void {
  const have = state.get(key);
  if (have?.value !== row?.value || have?.mod !== row?.mod)
    throw new Error(`${key} is ${JSON.stringify(have)}, the answer says ${JSON.stringify(row)}`);
}

/** Plays concurrent clients over one or more stores that show the same data, in turn. */
export async function play(stores: readonly Store[], seed: number, prefix = ''): Promise<{ history: Done[]; first: number }> {
  const random = seededRandom(seed);
  const n = (max: number) => Math.floor(random.float() * max);
  const history: Done[] = [];
  let moment = 0;
  const first = (await stores[0]!.range({ key: prefix || '\0', limit: 1 })).revision;
  const client = async (id: number) => {
    /** What this client believes of each key: it may be stale. */
    const known = new Map<string, number>();
    for (let i = 0; i < OPERATIONS; i++) {
      const store = stores[n(stores.length)]!;
      const name = KEYS[n(KEYS.length)]!;
      const key = prefix + name;
      const value = `${id}.${i}`;
      const began = moment++;
      const done = (what: string, wrote: boolean, revision: number, apply: Done['apply']) =>
        history.push({ what: `client ${id} #${i} ${what}`, began, ended: moment++, revision, wrote, apply });
      const kind = n(10);
      if (kind < 3) {
        const { revision } = await store.txn({ compare: [], success: [{ put: { key, value: bytes(value) } }], failure: [] });
        known.set(name, revision);
        done(`put ${name}`, true, revision, (s) => new Map(s).set(name, { value, mod: revision }));
      } else if (kind < 5) {
        const expected = known.get(name) ?? 0;
        const { revision, succeeded, results } = await store.txn({
          compare: [{ key, target: 'mod', result: '=', value: expected }],
          success: [{ put: { key, value: bytes(value) } }],
          failure: [{ range: { key } }],
        });
        const [seen] = results;
        const found = seen && 'range' in seen ? seen.range.kvs[0] : undefined;
        known.set(name, succeeded ? revision : (found?.modRevision ?? 0));
        done(`compare ${name} with ${expected} (${succeeded ? 'held' : 'failed'})`, succeeded, revision, (s) => {
          const holds = (s.get(name)?.mod ?? 0) === expected;
          if (holds !== succeeded) throw new Error(`it ${holds ? 'holds' : 'does not hold'} there`);
          if (succeeded) return new Map(s).set(name, { value, mod: revision });
          expectRow(s, name, found && { value: text(found.value), mod: found.modRevision });
          return s;
        });
      } else if (kind < 6) {
        const { revision, results } = await store.txn({ compare: [], success: [{ delete: { key, prevKv: true } }], failure: [] });
        const gone = (results[0] as { delete: { prevKvs: readonly { value: Uint8Array; modRevision: number }[] } }).delete.prevKvs[0];
        known.delete(name);
        done(`delete ${name}`, gone !== undefined, revision, (s) => {
          expectRow(s, name, gone && { value: text(gone.value), mod: gone.modRevision });
          if (!gone) return s;
          const next = new Map(s);
          next.delete(name);
          return next;
        });
      } else if (kind < 8) {
        const { revision, kvs } = await store.range({ key });
        if (kvs[0]) known.set(name, kvs[0].modRevision);
        done(`get ${name}`, false, revision, (s) => {
          expectRow(s, name, kvs[0] && { value: text(kvs[0].value), mod: kvs[0].modRevision });
          return s;
        });
      } else {
        const { revision, kvs } = await store.range({ key: `${prefix}a`, end: `${prefix}e` });
        done('list', false, revision, (s) => {
          for (const k of KEYS) {
            const kv = kvs.find((x) => x.key === prefix + k);
            expectRow(s, k, kv && { value: text(kv.value), mod: kv.modRevision });
          }
          return s;
        });
      }
      for (let turns = n(3); turns > 0; turns--) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, id) => client(id)));
  return { history, first };
}

export interface LinearizableUnderTest {
  /** Several views of the same data, as of several members, or one. */
  readonly stores: readonly Store[];
  readonly prefix?: string;
  close(): Promise<void>;
}

export function describeLinearizable(name: string, open: () => Promise<LinearizableUnderTest>, seeds: number): void {
  describe(`linearizability: ${name}`, () => {
    it.each(Array.from({ length: seeds }, (_, i) => i + 1))(
      'seed %i: the answers have an order that keeps real time, and a watch sees that order',
      async (seed) => {
        const { stores, prefix = '', close } = await open();
        try {
          const seen: StoreEvent[] = [];
          const range = prefix ? { key: `${prefix}a`, end: `${prefix}e` } : { key: 'a', end: 'e' };
          const watch = stores[0]!.watch(range, { events: (e) => void seen.push(...e), end() {} });
          const { history, first } = await play(stores, seed, prefix);
          expect(violations(history, first)).toEqual([]);
          const written = history.filter((h) => h.wrote).length;
          expect(written).toBeGreaterThan(CLIENTS);
          const last = Math.max(...history.map((h) => h.revision));
          while (seen.at(-1) === undefined || (seen.at(-1)!.kv.modRevision < last && seen.length < last - first))
            await new Promise<void>((resolve) => setImmediate(resolve));
          expect(seen.map((e) => e.kv.modRevision)).toEqual(Array.from({ length: last - first }, (_, i) => first + 1 + i));
          watch.cancel();
        } finally {
          await close();
        }
      },
      60_000,
    );
  });
}
