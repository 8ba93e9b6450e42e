/**
 * Which watched ranges hold a key. Single keys are hashed; the distinct ranges stand sorted by start with the greatest end of each half
 * beside them (an interval tree laid out in an array), so asking costs the logarithm of the ranges and the hits.
 */
import type { Key, KeyRange } from '../store.js';

export interface RangeGroup<T> {
  readonly start: Key;
  /** Undefined: to the last key. */
  readonly end: Key | undefined;
  readonly members: Set<T>;
}

export class RangeIndex<T> {
  private readonly keys = new Map<Key, RangeGroup<T>>();
  private readonly ranges = new Map<Key, Map<Key | undefined, RangeGroup<T>>>();
  private sorted: RangeGroup<T>[] = [];
  /** By the middle of each part: the greatest end in that part. */
  private maxEnd: (Key | undefined)[] = [];
  private dirty = false;

  add(range: KeyRange, member: T): void {
    this.group(range).members.add(member);
  }

  remove(range: KeyRange, member: T): void {
    if (range.end === undefined) {
      const group = this.keys.get(range.key);
      if (group?.members.delete(member) && group.members.size === 0) this.keys.delete(range.key);
      return;
    }
    const end = range.end === '\0' ? undefined : range.end;
    const byEnd = this.ranges.get(range.key);
    const group = byEnd?.get(end);
    if (!group?.members.delete(member) || group.members.size > 0) return;
    byEnd!.delete(end);
    if (byEnd!.size === 0) this.ranges.delete(range.key);
    this.dirty = true;
  }

  /** Visits every group whose range holds `key`. */
  find(key: Key, visit: (group: RangeGroup<T>) => void): void {
    const single = this.keys.get(key);
    if (single) visit(single);
    if (this.dirty) this.rebuild();
    this.search(0, this.sorted.length, key, visit);
  }

  private group(range: KeyRange): RangeGroup<T> {
    if (range.end === undefined) {
      let group = this.keys.get(range.key);
      if (!group) this.keys.set(range.key, (group = { start: range.key, end: undefined, members: new Set() }));
      return group;
    }
    const end = range.end === '\0' ? undefined : range.end;
    let byEnd = this.ranges.get(range.key);
    if (!byEnd) this.ranges.set(range.key, (byEnd = new Map()));
    let group = byEnd.get(end);
    if (!group) {
      byEnd.set(end, (group = { start: range.key, end, members: new Set() }));
      this.dirty = true;
    }
    return group;
  }

  private rebuild(): void {
    this.sorted = [...this.ranges.values()].flatMap((byEnd) => [...byEnd.values()]);
    this.sorted.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    this.maxEnd = new Array(this.sorted.length);
    this.measure(0, this.sorted.length);
    this.dirty = false;
  }

  /** Fills `maxEnd` for [lo, hi), which is not empty where it matters, and returns its greatest end. */
  private measure(lo: number, hi: number): Key | undefined {
    const mid = (lo + hi) >>> 1;
    let max = this.sorted[mid]?.end;
    if (lo < mid) max = later(max, this.measure(lo, mid));
    if (mid + 1 < hi) max = later(max, this.measure(mid + 1, hi));
    this.maxEnd[mid] = max;
    return max;
  }

  private search(lo: number, hi: number, key: Key, visit: (group: RangeGroup<T>) => void): void {
    if (lo >= hi) return;
    const mid = (lo + hi) >>> 1;
    const max = this.maxEnd[mid];
    if (max !== undefined && max <= key) return;
    this.search(lo, mid, key, visit);
    const group = this.sorted[mid]!;
    if (group.start > key) return;
    if (group.end === undefined || key < group.end) visit(group);
    this.search(mid + 1, hi, key, visit);
  }
}

const later = (a: Key | undefined, b: Key | undefined): Key | undefined => (a === undefined || b === undefined ? undefined : a > b ? a : b);
