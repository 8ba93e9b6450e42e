/** The fields that an object sets: what an apply configuration claims. */
import { EMPTY, type FieldSet, MEMBER, sortElements } from './field-set.js';
import { elementOf, isObject, type Json, memberOf, type Plan } from './plan.js';

/** Throws where the object has a field that the type does not declare. */
export const toFieldSet = (plan: Plan, object: Json): FieldSet => membersOf(plan, object, '') ?? EMPTY;

function setOf(plan: Plan, value: unknown, path: string): FieldSet | undefined {
  if (plan.is === 'leaf') return MEMBER;
  if (value === null) return undefined;
  if (plan.is === 'list') return Array.isArray(value) ? itemsOf(plan, value, path) : MEMBER;
  return isObject(value) ? membersOf(plan, value, path) : MEMBER;
}

function membersOf(plan: Plan, object: Json, path: string): FieldSet | undefined {
  const out: Record<string, FieldSet> = {};
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    if (value === undefined) continue;
    const member = memberOf(plan, name);
    const at = `${path}.${name}`;
    if (!member) throw new Error(`${at}: field not declared in schema`);
    const inner = setOf(member.plan, value, at);
    const own = value === null || (isObject(value) && !Object.keys(value).length) || !member.declared;
    const node = own ? withDot(inner) : inner;
    if (node) out[`f:${name}`] = node;
  }
  return Object.keys(out).length ? out : undefined;
}

/** The node as a member. */
const withDot = (node: FieldSet | undefined): FieldSet =>
  !node || node === MEMBER || '.' in node ? (node ?? MEMBER) : { '.': MEMBER, ...node };

function itemsOf(plan: Extract<Plan, { is: 'list' }>, items: readonly unknown[], path: string): FieldSet | undefined {
  const nodes: [string, FieldSet][] = [];
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const item of items) {
    const element = elementOf(plan.keys, item);
    if (element === undefined) continue;
    if (seen.has(element)) twice.add(element);
    seen.add(element);
    nodes.push([element, withDot(setOf(plan.of, item, `${path}[]`))]);
  }
  if (!nodes.length) return undefined;
  const byElement = new Map(nodes);
  return Object.fromEntries(sortElements([...byElement.keys()]).map((e) => [e, twice.has(e) ? MEMBER : byElement.get(e)!]));
}
