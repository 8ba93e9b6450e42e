/** How server-side apply sees a type: which values are one leaf, which are made of fields, entries or items. Worked out once per type. */
import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/schema.js';

export type Json = Record<string, unknown>;

export type Plan =
  /** Owned as a whole: scalars, atomic lists, maps and structs, times, raw JSON. */
  | { readonly is: 'leaf' }
  | { readonly is: 'struct'; readonly fields: ReadonlyMap<string, Plan>; readonly open: boolean; readonly typeName: string }
  | { readonly is: 'map'; readonly of: Plan }
  /** A list whose items are known by keys, or (no keys) are the values of a set. */
  | { readonly is: 'list'; readonly of: Plan; readonly keys?: readonly Key[] }
  /** JSON without a schema: objects are made of fields, lists are leaves. */
  | { readonly is: 'any' };

export interface Key {
  readonly name: string;
  readonly default?: unknown;
}

const LEAF: Plan = { is: 'leaf' };
const ANY: Plan = { is: 'any' };

const plans = new WeakMap<TypeSchema, Plan>();

/** The plan of an object. */
export function planOf(type: TypeSchema): Plan {
  let plan = plans.get(type);
  if (!plan) {
    let fields: Map<string, Plan> | undefined;
    plan = {
      is: 'struct',
      open: type.preserveUnknown === true,
      typeName: type.name,
      // Types refer to themselves: the fields are looked at on first use.
      get fields() {
        if (!fields) {
          const entries = type.fields.map((f): [string, Plan] => [f.name, planOfField(f)]);
          if (type.kind) entries.push(['apiVersion', LEAF], ['kind', LEAF]);
          fields = new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
        }
        return fields;
      },
    };
    plans.set(type, plan);
  }
  return plan;
}

function planOfField(f: FieldSchema): Plan {
  const v = f.value;
  if (f.mapKind === 'atomic') return LEAF;
  if (v.is === 'message' && !v.message.alias) return v.message.atomic && f.mapKind !== 'granular' ? LEAF : planOf(v.message);
  if (v.is === 'list') {
    const keys = listKeysOf(f);
    if (!keys) return LEAF;
    return { is: 'list', of: planOfValue(v.of), ...(keys === 'values' ? {} : { keys }) };
  }
  return planOfValue(v);
}

/** By what the items of a list field are told apart: keys, their own values (a set), or nothing (undefined: the list is one value). */
export function listKeysOf(f: FieldSchema): readonly Key[] | 'values' | undefined {
  const keys = f.list?.keys ?? (!f.list && f.mergeKey ? [f.mergeKey] : undefined);
  if (!keys) return f.list?.kind === 'set' || (!f.list && f.merge) ? 'values' : undefined;
  const item = f.value.is === 'list' && f.value.of.is === 'message' ? f.value.of.message : undefined;
  return [...keys].sort().map((name) => ({ name, default: item?.byName.get(name)?.default }));
}

function planOfValue(v: ValueSchema): Plan {
  switch (v.is) {
    case 'message':
      return v.message.alias || v.message.atomic ? LEAF : planOf(v.message);
    case 'map':
      return { is: 'map', of: planOfValue(v.of) };
    case 'special':
      return v.special === 'any' ? ANY : LEAF;
    default:
      return LEAF;
  }
}

export const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

/** The plan of a member of an object; undefined where the type does not know it. */
export function planOfMember(plan: Plan, name: string): Plan | undefined {
  switch (plan.is) {
    case 'struct':
      return plan.fields.get(name) ?? (plan.open ? ANY : undefined);
    case 'map':
      return plan.of;
    case 'any':
      return ANY;
    default:
      return undefined;
  }
}

/** The plan of a member of an object, and whether the schema declares it by name. */
export function memberOf(plan: Plan, name: string): { readonly plan: Plan; readonly declared: boolean } | undefined {
  const inner = planOfMember(plan, name);
  return inner && { plan: inner, declared: plan.is === 'struct' && plan.fields.has(name) };
}

/** The path element of a list's item; undefined where the item has none of its keys. */
export function elementOf(keys: readonly Key[] | undefined, item: unknown): string | undefined {
  if (!keys) return typeof item === 'object' ? undefined : `v:${escaped(JSON.stringify(item))}`;
  if (!isObject(item)) return undefined;
  let text = '';
  for (const { name, default: fallback } of keys) {
    const value = item[name] ?? fallback;
    if (value !== undefined) text += `${text ? ',' : ''}${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  return text ? `k:{${escaped(text)}}` : undefined;
}

/** Go's JSON writes these as escapes. */
const escaped = (json: string): string => json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => equal(x, b[i]));
  }
  let count = 0;
  for (const k in a) {
    if ((a as Json)[k] === undefined) continue;
    count++;
    if (!equal((a as Json)[k], (b as Json)[k])) return false;
  }
  for (const k in b) if ((b as Json)[k] !== undefined) count--;
  return count === 0;
}
