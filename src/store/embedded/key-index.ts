/**
 * The sorted index of all keys: a list of leaves of some hundred keys each, and a hash for single keys. Finding a place is two binary
 * searches, an insert moves part of one leaf; a million keys are some thousand leaves. Each leaf knows how many of its keys
 * are alive, so the keys of a range are counted leaf by leaf.
 */
import type { Key } from '../store.js';
import type { Version } from './version.js';

/** A leaf that grows past this is cut in two. */
const LEAF_LIMIT = 512;

export interface Entry {
  readonly key: Key;
  head: Version;
  leaf: Leaf;
  /** The compaction that pruned this key last. */
  prunedAt: number;
}

interface Leaf {
  entries: Entry[];
  live: number;
}

export class KeyIndex {
  private readonly byKey = new Map<Key, Entry>();
  private leaves: Leaf[] = [{ entries: [], live: 0 }];
  /** Keys that exist at the newest revision. */
  live = 0;

  get size(): number {
    return this.byKey.size;
  }

  get(key: Key): Entry | undefined {
    return this.byKey.get(key);
  }

  insert(key: Key, head: Version): Entry {
    const at = this.leafOf(key);
    const leaf = this.leaves[at]!;
    const entry: Entry = { key, head, leaf, prunedAt: 0 };
    leaf.entries.splice(lowerBound(leaf.entries, key), 0, entry);
    this.byKey.set(key, entry);
    if (!head.deleted) this.countLive(entry, 1);
    if (leaf.entries.length > LEAF_LIMIT) this.split(at);
    return entry;
  }

  remove(entry: Entry): void {
    const { leaf } = entry;
    this.byKey.delete(entry.key);
    leaf.entries.splice(lowerBound(leaf.entries, entry.key), 1);
    if (leaf.entries.length === 0 && this.leaves.length > 1) this.leaves.splice(this.leaves.indexOf(leaf), 1);
  }

  /** A key that is in the index came to life (+1) or died (-1). */
  countLive(entry: Entry, by: number): void {
    entry.leaf.live += by;
    this.live += by;
  }

  /** Visits the keys of [start, end) in order until `visit` returns false. `end` undefined: to the last key. */
  scan(start: Key, end: Key | undefined, visit: (entry: Entry) => boolean): void {
    for (let l = this.leafOf(start), first = true; l < this.leaves.length; l++, first = false) {
      const { entries } = this.leaves[l]!;
      for (let i = first ? lowerBound(entries, start) : 0; i < entries.length; i++) {
        const entry = entries[i]!;
        if ((end !== undefined && entry.key >= end) || !visit(entry)) return;
      }
    }
  }

  /** How many keys of [start, end) exist at the newest revision. */
  countRange(start: Key, end: Key | undefined): number {
    let count = 0;
    for (let l = this.leafOf(start), first = true; l < this.leaves.length; l++, first = false) {
      const { entries, live } = this.leaves[l]!;
      const last = entries[entries.length - 1];
      const whole = !first && last !== undefined && (end === undefined || last.key < end);
      if (whole) {
        count += live;
        continue;
      }
      for (let i = first ? lowerBound(entries, start) : 0; i < entries.length; i++) {
        const entry = entries[i]!;
        if (end !== undefined && entry.key >= end) return count;
        if (!entry.head.deleted) count++;
      }
    }
    return count;
  }

  /** The leaf that holds `key` or would: the last one whose first key is not greater. */
  private leafOf(key: Key): number {
    let lo = 0;
    let hi = this.leaves.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >>> 1;
      if (this.leaves[mid]!.entries[0]!.key <= key) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }

  private split(at: number): void {
    const left = this.leaves[at]!;
    // Keys that come in order fill leaves best when the cut is near the end.
    const ascending = at === this.leaves.length - 1;
    const right: Leaf = { entries: left.entries.splice(ascending ? LEAF_LIMIT - (LEAF_LIMIT >> 3) : LEAF_LIMIT >> 1), live: 0 };
    for (const entry of right.entries) {
      entry.leaf = right;
      if (!entry.head.deleted) right.live++;
    }
    left.live -= right.live;
    this.leaves.splice(at + 1, 0, right);
  }
}

function lowerBound(entries: readonly Entry[], key: Key): number {
  let lo = 0;
  let hi = entries.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (entries[mid]!.key < key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
