/** Takes fields out of an object, and finds those that an applier gave up and nobody else holds. */
import { setOwn } from '../../util/own.js';
import { difference, type FieldSet, intersection, isEmpty, MEMBER, union } from './field-set.js';
import { elementOf, isObject, type Json, memberOf, type Plan } from './plan.js';
import { toFieldSet } from './to-field-set.js';

/** The object without the members of `set`; a map or list that is emptied on the way stays, empty. */
export const remove = (plan: Plan, object: Json, set: FieldSet): Json => (removeIn(plan, object, set) as Json | undefined) ?? {};

const has = (set: FieldSet, element: string): boolean => {
  const node = set[element];
  return node !== undefined && ('.' in node || isEmpty(node));
};

function removeIn(plan: Plan, value: unknown, set: FieldSet): unknown {
  if (plan.is === 'leaf' || isEmpty(set)) return value;
  if (plan.is === 'list') {
    if (!Array.isArray(value)) return value;
    const out: unknown[] = [];
    for (const item of value as unknown[]) {
      const element = elementOf(plan.keys, item);
      if (element === undefined) out.push(item);
      else if (!has(set, element)) out.push(set[element] ? removeIn(plan.of, item, set[element]) : item);
    }
    return out.length ? out : undefined;
  }
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const name of Object.keys(value)) {
    const element = `f:${name}`;
    if (has(set, element)) continue;
    const below = set[element];
    const inner = value[name];
    const member = below && memberOf(plan, name);
    if (!member) {
      setOwn(out, name, inner);
      continue;
    }
    const left = removeIn(member.plan, inner, below);
    setOwn(out, name, left ?? (Array.isArray(inner) ? [] : {}));
  }
  return out;
}

/** Declared fields on the way to a member count as members, too: a struct that is emptied goes. */
export function withNamedFields(plan: Plan, set: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const [element, node] of Object.entries(set)) {
    if (element === '.' || isEmpty(node)) {
      out[element] = node;
      continue;
    }
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const member = name === undefined ? undefined : memberOf(plan, name);
    const inner = name === undefined ? (plan.is === 'list' ? plan.of : undefined) : member?.plan;
    const below = inner ? withNamedFields(inner, node) : node;
    out[element] = member?.declared && !('.' in below) ? { '.': MEMBER, ...below } : below;
  }
  return out;
}

/**
 * The merged object without what the applier held before (`last`) and holds no more, unless another manager holds it. `held` is the union of
 * all sets, the applier's new one among them.
 */
export function prune(plan: Plan, merged: Json, last: FieldSet, held: FieldSet): Json {
  if (isEmpty(last)) return merged;
  const all = withNamedFields(plan, toFieldSet(plan, merged));
  const named = withNamedFields(plan, last);
  const bare = withNamedFields(plan, toFieldSet(plan, remove(plan, merged, named)));
  // What others hold comes back, and then what went with its parent but was not the applier's.
  const kept = remove(plan, merged, difference(all, union(bare, withNamedFields(plan, held))));
  const left = withNamedFields(plan, toFieldSet(plan, kept));
  return remove(plan, merged, intersection(difference(all, left), named));
}
