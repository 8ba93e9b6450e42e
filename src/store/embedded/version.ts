import type { Key, KeyValue } from '../store.js';
import type { LogFile } from './files.js';

export const NO_LEASE = 0n;
export const EMPTY = new Uint8Array(0);

/**
 * One state of one key: what a put or a delete left. The versions of a key hang together from the newest back to the oldest that was not
 * compacted. The value is in memory, or in the log at `file`/`offset`, or both.
 */
export class Version {
  /** Where the value lies in the log; undefined before it was written there, and always in a store without a log. */
  file: LogFile | undefined = undefined;
  offset = 0;
  /** A newer version of the key exists. */
  superseded = false;
  /** Read since the value cache looked last. */
  used = false;
  /** No reader can reach it any more: it was compacted away. */
  dropped = false;

  constructor(
    readonly key: Key,
    readonly mod: number,
    /** Which change of its revision it is, from 0. */
    readonly sub: number,
    readonly create: number,
    readonly count: number,
    readonly lease: bigint,
    readonly deleted: boolean,
    public value: Uint8Array | undefined,
    readonly length: number,
    public prev: Version | undefined,
  ) {}
}

export const toKeyValue = (v: Version, value: Uint8Array): KeyValue => ({
  key: v.key,
  value,
  createRevision: v.create,
  modRevision: v.mod,
  version: v.count,
  lease: v.lease,
});

/** The version of a key that a reader at revision `at` sees. */
export function visible(head: Version | undefined, at: number): Version | undefined {
  let v = head;
  while (v !== undefined && v.mod > at) v = v.prev;
  return v === undefined || v.deleted ? undefined : v;
}

export const byRevision = (a: Version, b: Version): number => a.mod - b.mod || a.sub - b.sub;

/** In the order in which they were made. By numbers where they fit: comparing objects holds everyone up for a second with 400,000. */
export function sortByRevision(versions: readonly Version[]): Version[] {
  const n = versions.length;
  const newest = versions.reduce((max, v) => Math.max(max, v.mod), 0);
  if ((newest + 1) * n > Number.MAX_SAFE_INTEGER) return [...versions].sort(byRevision);
  const places = Float64Array.from(versions, (v, i) => v.mod * n + i).sort();
  const sorted = Array.from(places, (place) => versions[place % n]!);
  for (let from = 0, to = 1; from < n; from = to++) {
    while (to < n && sorted[to]!.mod === sorted[from]!.mod) to++;
    if (to - from > 1) sorted.splice(from, to - from, ...sorted.slice(from, to).sort(byRevision));
  }
  return sorted;
}
