/**
 * Where everything of a database will lie, known before a byte is written: so that it can be streamed, first page first, with its size
 * told in advance. Needs the keys and the sizes of the values, not the values; keeps one key per page.
 */
import { addAll } from '../../util/add-all.js';
import { yieldTurn } from '../../util/turn.js';
import { compareKeys, ELEMENT, MAX_KEY, PAGE_HEAD, PAGE_SIZE } from './format.js';

export interface Row {
  readonly key: Uint8Array;
  /** Bytes of the value. */
  readonly size: number;
  value(): Uint8Array;
}

export interface BucketSource {
  readonly name: string;
  /** In ascending order of keys, without repetition; the same rows each time. */
  rows(): Iterable<Row>;
}

/** One page (and those it spans): its rows, and the bytes it takes. */
export interface LeafGroup {
  readonly rows: readonly Row[];
  readonly bytes: number;
}

/** A page as its parent knows it. */
export interface PageRef {
  readonly firstKey: Uint8Array;
  readonly id: number;
}

export interface BranchPage {
  readonly id: number;
  readonly children: readonly PageRef[];
}

export interface Tree {
  readonly root: number;
  /** The first page; the leaves lie one after another from here. */
  readonly first: number;
  readonly leaves: number;
  /** Lowest level first, in the order of their pages. */
  readonly branches: readonly BranchPage[];
  /** The first page after the tree. */
  readonly end: number;
}

/** Rows looked at before others get their turn. */
const SLICE = 5000;
/** A branch must have two children: bbolt merges pages with a neighbour. */
const MIN_CHILDREN = 2;

export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
export const rowSize = (row: Row): number => ELEMENT + row.key.length + row.size;
const childSize = (child: PageRef): number => ELEMENT + child.firstKey.length;

/** Fills one leaf after another. Throws a RangeError for rows that are out of order or that bbolt would not take. */
export function* leafGroups(rows: Iterable<Row>): Generator<LeafGroup> {
  let group: Row[] = [];
  let bytes = PAGE_HEAD;
  let last: Uint8Array | undefined;
  for (const row of rows) {
    checkKey(row.key, last);
    last = row.key;
    const size = rowSize(row);
    if (group.length > 0 && bytes + size > PAGE_SIZE) {
      yield { rows: group, bytes };
      group = [];
      bytes = PAGE_HEAD;
    }
    group.push(row);
    bytes += size;
  }
  if (group.length > 0) yield { rows: group, bytes };
}

function checkKey(key: Uint8Array, last: Uint8Array | undefined): void {
  if (key.length === 0 || key.length > MAX_KEY) throw new RangeError(`a key must have 1 to ${MAX_KEY} bytes, not ${key.length}`);
  if (last !== undefined && compareKeys(last, key) >= 0) throw new RangeError('the keys of a bucket must ascend');
}

/** Lays a tree out from page `first` on. It has a page even without rows. */
export async function layoutTree(rows: Iterable<Row>, first: number): Promise<Tree> {
  let next = first;
  const leaves: PageRef[] = [];
  let looked = 0;
  for (const group of leafGroups(rows)) {
    leaves.push({ firstKey: group.rows[0]!.key, id: next });
    next += pagesOf(group.bytes);
    looked += group.rows.length;
    if (looked > SLICE) {
      looked = 0;
      await yieldTurn();
    }
  }
  const branches: BranchPage[] = [];
  let level: readonly PageRef[] = leaves;
  while (level.length > 1) {
    const above: PageRef[] = [];
    for (const children of branchGroups(level)) {
      branches.push({ id: next, children });
      above.push({ firstKey: children[0]!.firstKey, id: next });
      next += pagesOf(branchBytes(children));
    }
    level = above;
  }
  if (leaves.length === 0) next++;
  return { root: level[0]?.id ?? first, first, leaves: leaves.length, branches, end: next };
}

export const branchBytes = (children: readonly PageRef[]): number => children.reduce((sum, child) => sum + childSize(child), PAGE_HEAD);

function branchGroups(children: readonly PageRef[]): PageRef[][] {
  const groups: PageRef[][] = [[]];
  let bytes = PAGE_HEAD;
  for (const child of children) {
    const size = childSize(child);
    let group = groups[groups.length - 1]!;
    if (group.length >= MIN_CHILDREN && bytes + size > PAGE_SIZE) {
      group = [];
      groups.push(group);
      bytes = PAGE_HEAD;
    }
    group.push(child);
    bytes += size;
  }
  const last = groups[groups.length - 1]!;
  const before = groups[groups.length - 2];
  if (before !== undefined && last.length < MIN_CHILDREN) {
    if (before.length > MIN_CHILDREN) last.unshift(before.pop()!);
    else addAll(before, groups.pop()!);
  }
  return groups;
}
