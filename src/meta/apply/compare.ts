/** What one write changed: the fields that were added, modified and removed between two objects of a type. */
import { getOwn } from '../../util/own.js';
import { EMPTY, type FieldSet, inOrder, MEMBER, sortElements } from './field-set.js';
import { elementOf, equal, isObject, type Json, type Plan, planOfMember } from './plan.js';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Found {
  added?: FieldSet;
  modified?: FieldSet;
  removed?: FieldSet;
}
const NOTHING: Found = Object.freeze({});
const ADDED: Found = Object.freeze({ added: MEMBER });
const MODIFIED: Found = Object.freeze({ modified: MEMBER });
const REMOVED: Found = Object.freeze({ removed: MEMBER });

/** `skip`: fields of the object that nobody owns, by plan of their parent. */
export function compare(plan: Plan, left: Json, right: Json, skip: (path: string) => boolean): Comparison {
  const found = compareMembers(
    plan,
    left,
    right,
    new Found3(),
    (name) => skip(name),
    (name, inner) => {
      // Only metadata has parts that are left out.
      if (name !== 'metadata' || !isObject(left[name]) || !isObject(right[name])) return undefined;
      return compareMembers(inner, left[name] as Json, right[name] as Json, new Found3(), (x) => skip(`metadata.${x}`)).done(false, false);
    },
  ).done(false, false);
  return { added: found.added ?? EMPTY, modified: found.modified ?? EMPTY, removed: found.removed ?? EMPTY };
}

/** Children of one node, gathered for each of the three answers. */
class Found3 {
  private added?: Record<string, FieldSet>;
  private modified?: Record<string, FieldSet>;
  private removed?: Record<string, FieldSet>;

  put(element: string, f: Found): void {
    if (f.added) (this.added ??= {})[element] = f.added;
    if (f.modified) (this.modified ??= {})[element] = f.modified;
    if (f.removed) (this.removed ??= {})[element] = f.removed;
  }

  done(isNew: boolean, isGone: boolean): Found {
    const { added, modified, removed } = this;
    if (!added && !modified && !removed) return isNew ? ADDED : isGone ? REMOVED : NOTHING;
    return {
      added: isNew ? (added ? sorted({ '.': MEMBER, ...added }) : MEMBER) : added && sorted(added),
      modified: modified && sorted(modified),
      removed: isGone ? (removed ? sorted({ '.': MEMBER, ...removed }) : MEMBER) : removed && sorted(removed),
    };
  }
}

/** In the order in which sets are written. */
function sorted(nodes: Record<string, FieldSet>): FieldSet {
  const keys = Object.keys(nodes);
  for (let i = 1; i < keys.length; i++) {
    if (!inOrder(keys[i - 1]!, keys[i]!)) return Object.fromEntries(sortElements(keys).map((k) => [k, nodes[k]!]));
  }
  return nodes;
}

function compareLeaf(left: unknown, right: unknown): Found {
  if (left === undefined) return ADDED;
  if (right === undefined) return REMOVED;
  return equal(left, right) ? NOTHING : MODIFIED;
}

/** At least one side is there; undefined is absent, null is a value. */
function compareValue(plan: Plan, left: unknown, right: unknown): Found {
  if (left === right) return NOTHING;
  if (plan.is === 'leaf') return compareLeaf(left, right);
  if (plan.is === 'list') {
    const [l, r] = [asList(left), asList(right)];
    if (!l || !r || (!l.length && !r.length)) return compareLeaf(left, right);
    return compareItems(plan, l, r).done(left === undefined, right === undefined);
  }
  const [l, r] = [asObject(left), asObject(right)];
  // A value that is no object is one leaf, and so are two empty ones.
  if (!l || !r || (none(l) && none(r))) return compareLeaf(left, right);
  return compareMembers(plan, l, r, new Found3()).done(left === undefined, right === undefined);
}

const asList = (v: unknown): readonly unknown[] | undefined => (v === undefined || v === null ? [] : Array.isArray(v) ? v : undefined);
const asObject = (v: unknown): Json | undefined =>
  v === undefined || v === null ? (EMPTY as unknown as Json) : isObject(v) ? v : undefined;
const none = (o: Json): boolean => {
  for (const k in o) if (o[k] !== undefined) return false;
  return true;
};

function compareMembers(
  plan: Plan,
  left: Json,
  right: Json,
  out: Found3,
  skip?: (name: string) => boolean,
  special?: (name: string, plan: Plan) => Found | undefined,
): Found3 {
  const one = (name: string): void => {
    const l = getOwn(left, name);
    const r = getOwn(right, name);
    if (l === r || skip?.(name)) return;
    const inner = planOfMember(plan, name);
    if (!inner) return;
    const f = special?.(name, inner) ?? compareValue(inner, l, r);
    if (f !== NOTHING) out.put(`f:${name}`, f);
  };
  for (const name in left) one(name);
  for (const name in right) if (!Object.hasOwn(left, name)) one(name);
  return out;
}

function compareItems(plan: Extract<Plan, { is: 'list' }>, left: readonly unknown[], right: readonly unknown[]): Found3 {
  const out = new Found3();
  const l = group(plan, left);
  const r = group(plan, right);
  for (const element of new Set([...l.keys(), ...r.keys()])) {
    const a = l.get(element) ?? [];
    const b = r.get(element) ?? [];
    if (a.length < 2 && b.length < 2) {
      const f = compareValue(plan.of, a[0], b[0]);
      if (f !== NOTHING) out.put(element, f);
    } else if (a.length > 1 && b.length > 1) {
      // The same key twice on both sides: the two are one leaf.
      if (!equal(a, b)) out.put(element, MODIFIED);
    } else if (a.length > 1) out.put(element, b.length ? { ...compareValue(plan.of, undefined, b[0]), removed: MEMBER } : REMOVED);
    else out.put(element, a.length ? { ...compareValue(plan.of, a[0], undefined), added: MEMBER } : ADDED);
  }
  return out;
}

/** Items by their path element; an item without its keys has none and is owned by nobody. */
function group(plan: Extract<Plan, { is: 'list' }>, items: readonly unknown[]): Map<string, unknown[]> {
  const out = new Map<string, unknown[]>();
  for (const item of items) {
    const element = elementOf(plan.keys, item);
    if (element === undefined) continue;
    const there = out.get(element);
    if (there) there.push(item);
    else out.set(element, [item]);
  }
  return out;
}
