/**
 * Sets of fields, in the form in which metadata.managedFields carries them (FieldsV1): a tree whose keys are path elements, `f:name` for a
 * field, `k:{…}` for an item of a list with keys, `v:…` for an item of a set. An empty node is a member; `.` says that a node with children
 * is one, too. Sets are shared with stored objects and never changed. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */

import { parseJson } from '../json.js';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const EMPTY: FieldSet = Object.freeze({});
/** A member without children. */
export const MEMBER: FieldSet = EMPTY;

/** Whether the set as a whole (the root) has nothing in it. */
export const isEmpty = (set: FieldSet | undefined): boolean => {
  for (const _ in set) return false;
  return true;
};
const isMember = (node: FieldSet): boolean => '.' in node || isEmpty(node);

/** A node from its parts; undefined where it would be neither member nor parent. */
function node(member: boolean, children: Map<string, FieldSet>): FieldSet | undefined {
  if (!children.size) return member ? MEMBER : undefined;
  const out: Record<string, FieldSet> = {};
  if (member) out['.'] = MEMBER;
  for (const [k, v] of children) out[k] = v;
  return out;
}

const childrenOf = (set: FieldSet): [string, FieldSet][] => Object.entries(set).filter(([k]) => k !== '.');
const rootOf = (children: Map<string, FieldSet>): FieldSet => node(false, children) ?? EMPTY;

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  return rootOf(uniteChildren(a, b));
}

function uniteChildren(a: FieldSet, b: FieldSet): Map<string, FieldSet> {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  keys.delete('.');
  const out = new Map<string, FieldSet>();
  for (const k of sortElements([...keys])) {
    const x = a[k];
    const y = b[k];
    out.set(k, x && y ? node(isMember(x) || isMember(y), uniteChildren(x, y))! : (x ?? y)!);
  }
  return out;
}

/** Members of `a` that are no members of `b`; what lies below a member of both stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(a) || isEmpty(b) ? a : rootOf(subtractChildren(a, b));
}

function subtractChildren(a: FieldSet, b: FieldSet): Map<string, FieldSet> {
  const out = new Map<string, FieldSet>();
  for (const [k, x] of childrenOf(a)) {
    const y = b[k];
    const left = y ? node(isMember(x) && !isMember(y), subtractChildren(x, y)) : x;
    if (left) out.set(k, left);
  }
  return out;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(a) || isEmpty(b) ? EMPTY : rootOf(intersectChildren(a, b));
}

function intersectChildren(a: FieldSet, b: FieldSet): Map<string, FieldSet> {
  const out = new Map<string, FieldSet>();
  for (const [k, x] of childrenOf(a)) {
    const y = b[k];
    const both = y && node(isMember(x) && isMember(y), intersectChildren(x, y));
    if (both) out.set(k, both);
  }
  return out;
}

/** Leaves out whole top-level fields, whatever is below them. */
export function without(set: FieldSet, fields: readonly string[]): FieldSet {
  if (!fields.some((f) => f in set)) return set;
  return rootOf(new Map(childrenOf(set).filter(([k]) => !fields.includes(k))));
}

/** The paths of all members: those of one node before those below it. */
export function paths(set: FieldSet, prefix = ''): string[] {
  const children = childrenOf(set);
  const own = children.filter(([, x]) => isMember(x)).map(([k]) => prefix + elementText(k));
  return [...own, ...children.flatMap(([k, x]) => paths(x, prefix + elementText(k)))];
}

/** `.spec`, `[name="one"]`, `[="a"]`, as conflicts show it. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  if (element.startsWith('k:')) {
    const keys = parseJson(rest) as Record<string, unknown>;
    return `[${Object.keys(keys)
      .map((k) => `${k}=${JSON.stringify(keys[k])}`)
      .join(',')}]`;
  }
  return `[${rest}]`;
}

const FIELD = 'f'.charCodeAt(0);
const KEYED = 'k'.charCodeAt(0);

/** A path element with what it is ordered by, read once. */
interface Ordered {
  readonly element: string;
  readonly kind: number;
  readonly value?: unknown;
}

function ordered(element: string): Ordered {
  const kind = element.charCodeAt(0);
  if (kind === FIELD || element.length < 3) return { element, kind };
  const value = parseJson(element.slice(2));
  return { element, kind, value: kind === KEYED ? Object.entries(value as object) : value };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** In the order of path elements: fields, keyed items, values, each by content; numbers as numbers. The list itself may be reordered. */
export function sortElements(elements: string[]): string[] {
  if (elements.every((e) => e.charCodeAt(0) === FIELD)) return elements.sort(byText);
  return elements
    .map(ordered)
    .sort(compareElements)
    .map((o) => o.element);
}

export const inOrder = (a: string, b: string): boolean =>
  a.charCodeAt(0) === FIELD && b.charCodeAt(0) === FIELD ? a <= b : compareElements(ordered(a), ordered(b)) <= 0;

function compareElements(a: Ordered, b: Ordered): number {
  if (a.kind !== b.kind) return a.kind - b.kind;
  if (a.kind === FIELD || a.value === undefined || b.value === undefined) return byText(a.element, b.element);
  if (a.kind !== KEYED) return compareScalars(a.value, b.value);
  const p = a.value as [string, unknown][];
  const q = b.value as [string, unknown][];
  for (let i = 0; i < p.length && i < q.length; i++) {
    if (p[i]![0] !== q[i]![0]) return p[i]![0] < q[i]![0] ? -1 : 1;
    const order = compareScalars(p[i]![1], q[i]![1]);
    if (order) return order;
  }
  return p.length - q.length;
}

function compareScalars(x: unknown, y: unknown): number {
  if (typeof x === typeof y) return (x as string) < (y as string) ? -1 : (x as string) > (y as string) ? 1 : 0;
  // Numbers before strings before booleans.
  const rank = (v: unknown): number => ['number', 'string', 'boolean'].indexOf(typeof v);
  return rank(x) - rank(y);
}
