/**
 * A map whose string keys are in order: leaves of some hundred entries. Finding a key is two binary searches, an insert moves part of one leaf,
 * the keys of a range are counted leaf by leaf. `snapshot` costs the leaves, whatever they hold: what is changed afterwards is copied first, a
 * leaf at a time.
 */

/** A leaf that grows past this is cut in two. */
const LEAF_LIMIT = 256;

interface Leaf<V> {
  readonly keys: string[];
  readonly values: V[];
  /** A snapshot holds it, too: it is copied before it is changed. */
  shared: boolean;
}

export interface SortedView<V> {
  readonly size: number;
  get(key: string): V | undefined;
  /** Visits the entries of [start, end) in order until `visit` returns false; without `end` to the last. */
  scan(start: string, end: string | undefined, visit: (value: V, key: string) => boolean | void): void;
  /** How many keys [start, end) holds. */
  count(start: string, end: string | undefined): number;
}

export class SortedMap<V> implements SortedView<V> {
  private leaves: Leaf<V>[] = [{ keys: [], values: [], shared: false }];
  private length = 0;

  get size(): number {
    return this.length;
  }

  get(key: string): V | undefined {
    const leaf = this.leaves[this.leafOf(key)]!;
    const i = lowerBound(leaf.keys, key);
    return leaf.keys[i] === key ? leaf.values[i] : undefined;
  }

  /** Gives back what was there before. */
  set(key: string, value: V): V | undefined {
    const at = this.leafOf(key);
    const leaf = this.own(at);
    const i = lowerBound(leaf.keys, key);
    if (leaf.keys[i] === key) {
      const before = leaf.values[i];
      leaf.values[i] = value;
      return before;
    }
    leaf.keys.splice(i, 0, key);
    leaf.values.splice(i, 0, value);
    this.length++;
    if (leaf.keys.length > LEAF_LIMIT) this.split(at);
    return undefined;
  }

  /** Gives back what was there. */
  delete(key: string): V | undefined {
    const at = this.leafOf(key);
    const i = lowerBound(this.leaves[at]!.keys, key);
    if (this.leaves[at]!.keys[i] !== key) return undefined;
    const leaf = this.own(at);
    leaf.keys.splice(i, 1);
    const [before] = leaf.values.splice(i, 1);
    this.length--;
    if (leaf.keys.length === 0 && this.leaves.length > 1) this.leaves.splice(at, 1);
    return before;
  }

  scan(start: string, end: string | undefined, visit: (value: V, key: string) => boolean | void): void {
    for (let l = this.leafOf(start), first = true; l < this.leaves.length; l++, first = false) {
      const { keys, values } = this.leaves[l]!;
      for (let i = first ? lowerBound(keys, start) : 0; i < keys.length; i++) {
        const key = keys[i]!;
        if ((end !== undefined && key >= end) || visit(values[i]!, key) === false) return;
      }
    }
  }

  count(start: string, end: string | undefined): number {
    return Math.max(0, (end === undefined ? this.length : this.rank(end)) - this.rank(start));
  }

  /** As it is now, for good. */
  snapshot(): SortedView<V> {
    const copy = new SortedMap<V>();
    for (const leaf of this.leaves) leaf.shared = true;
    copy.leaves = [...this.leaves];
    copy.length = this.length;
    return copy;
  }

  /** How many keys come before `key`. */
  private rank(key: string): number {
    const at = this.leafOf(key);
    let n = lowerBound(this.leaves[at]!.keys, key);
    for (let l = 0; l < at; l++) n += this.leaves[l]!.keys.length;
    return n;
  }

  /** The leaf that holds `key` or would: the last one whose first key is not greater. */
  private leafOf(key: string): number {
    let lo = 0;
    let hi = this.leaves.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >>> 1;
      if (this.leaves[mid]!.keys[0]! <= key) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }

  private own(at: number): Leaf<V> {
    const leaf = this.leaves[at]!;
    if (!leaf.shared) return leaf;
    return (this.leaves[at] = { keys: leaf.keys.slice(), values: leaf.values.slice(), shared: false });
  }

  private split(at: number): void {
    const { keys, values } = this.leaves[at]!;
    // Keys that come in order fill leaves best when the cut is near the end.
    const cut = at === this.leaves.length - 1 ? LEAF_LIMIT - (LEAF_LIMIT >> 3) : LEAF_LIMIT >> 1;
    this.leaves.splice(at + 1, 0, { keys: keys.splice(cut), values: values.splice(cut), shared: false });
  }
}

/** Index of the first key that is not less. */
function lowerBound(keys: readonly string[], key: string): number {
  let lo = 0;
  let hi = keys.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (keys[mid]! < key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
