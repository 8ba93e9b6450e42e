import { table } from '../../util/own.js';
import type { KeyValue, RangeRequest, RangeResult } from '../store.js';
import type { State } from './state.js';
import { EMPTY, toKeyValue, type Version } from './version.js';

/**
 * Answers a range request. `now` is the revision that "now" means to this reader, `at` where it reads.
 * The order of the steps is etcd's: filters and sorting see all keys, the limit cuts what they leave, and `count` is of the range itself.
 */
export function readRange(state: State, request: RangeRequest, now: number, at: number): RangeResult {
  if (request.countOnly) return { revision: now, kvs: [], count: state.count(request, at), more: false };
  const limit = request.limit || Number.POSITIVE_INFINITY;
  const sort = sorting(request);
  const keep = filter(request);
  const found: Version[] = [];
  let count = 0;
  if (sort === undefined && keep === undefined) {
    state.scan(request, at, (v) => found.push(v) <= limit);
    // The scan stopped at the first key past the limit, so that has to be counted apart.
    const more = found.length > limit;
    count = more ? state.count(request, at) : found.length;
    if (more) found.length = limit;
    return { revision: now, kvs: keyValues(state, request, found), count, more };
  }
  state.scan(request, at, (v) => {
    count++;
    if (keep === undefined || keep(v)) found.push(v);
    return true;
  });
  if (sort !== undefined) found.sort(sort(state));
  const more = found.length > limit;
  if (more) found.length = limit;
  return { revision: now, kvs: keyValues(state, request, found), count, more };
}

function keyValues(state: State, request: RangeRequest, versions: readonly Version[]): KeyValue[] {
  return request.keysOnly ? versions.map((v) => toKeyValue(v, EMPTY)) : versions.map((v) => state.keyValue(v));
}

function filter(r: RangeRequest): ((v: Version) => boolean) | undefined {
  const { minModRevision: minMod = 0, maxModRevision: maxMod = 0, minCreateRevision: minCreate = 0, maxCreateRevision: maxCreate = 0 } = r;
  if (!minMod && !maxMod && !minCreate && !maxCreate) return undefined;
  return (v) =>
    !(minMod && v.mod < minMod) &&
    !(maxMod && v.mod > maxMod) &&
    !(minCreate && v.create < minCreate) &&
    !(maxCreate && v.create > maxCreate);
}

type Order = (a: Version, b: Version) => number;

function sorting({ sort }: RangeRequest): ((state: State) => Order) | undefined {
  if (sort === undefined || (sort.by === 'key' && !sort.descending)) return undefined;
  return (state) => {
    const order = ORDERS[sort.by](state);
    return sort.descending ? (a, b) => order(b, a) : order;
  };
}

const ORDERS: Record<NonNullable<RangeRequest['sort']>['by'], (state: State) => Order> = table({
  key: () => (a, b) => (a.key < b.key ? -1 : 1),
  version: () => (a, b) => a.count - b.count,
  create: () => (a, b) => a.create - b.create,
  mod: () => (a, b) => a.mod - b.mod,
  value: (state) => (a, b) => compareBytes(state.values.value(a), state.values.value(b)),
});

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
