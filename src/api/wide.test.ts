/**
 * Every list and map of every kind, with more in it than anyone needs: nothing breaks, and nothing takes the cube of its length.
 * (What takes the square of it shows in longer lists: `long-lists.test.ts`.)
 */
import { expect, it } from 'vitest';
import { compare } from '../meta/apply/compare.js';
import { merge } from '../meta/apply/merge.js';
import { planOf } from '../meta/apply/plan.js';
import { toFieldSet } from '../meta/apply/to-field-set.js';
import { decode } from '../meta/decode.js';
import { invalidError } from '../meta/errors.js';
import type { FieldSchema, TypeSchema, ValueSchema } from '../meta/schema/schema.js';
import { builtInResources } from './table.js';

const N = Number(process.env.WIDE ?? 700);
const LIMIT_MS = Number(process.env.WIDE_MS ?? 1500);
const DEPTH = 9;

/** Some value of the kind that a field may have, the `i`th of its list. */
function some(value: ValueSchema, i: number, depth: number): unknown {
  switch (value.is) {
    case 'scalar':
      return value.enum
        ? value.enum.values[0]
        : value.scalar === 'string'
          ? `a${i}`
          : value.scalar === 'bytes'
            ? 'YQ=='
            : value.scalar === 'bool'
              ? true
              : i + 1;
    case 'special':
      return value.special === 'Quantity'
        ? '1'
        : value.special === 'IntOrString'
          ? i + 1
          : value.special.endsWith('Time')
            ? '2026-01-01T00:00:00Z'
            : value.special === 'Duration'
              ? '1s'
              : { a: i };
    case 'message':
      return value.message.alias ? some(value.message.alias, i, depth) : item(value.message, i, depth);
    case 'list':
      return depth > 1 ? [] : [some(value.of, i, depth + 1)];
    case 'map':
      return depth > 1 ? {} : { [`a${i}`]: some(value.of, i, depth + 1) };
  }
}

/** An object with its plain fields; one level of messages below it. */
function item(type: TypeSchema, i: number, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const f of type.fields) {
    if (f.value.is === 'scalar' || f.value.is === 'special') out[f.name] = some(f.value, i, depth);
    else if (depth < 1 && f.value.is === 'message' && !f.value.message.alias) out[f.name] = item(f.value.message, i, depth + 1);
  }
  return out;
}

interface Place {
  readonly path: string;
  /** The object with the field filled as wide as asked for. */
  readonly make: (n: number) => Record<string, unknown>;
}

const fill = (value: ValueSchema, n: number): unknown =>
  value.is === 'list'
    ? Array.from({ length: n }, (_, i) => some(value.of, i, 0))
    : Object.fromEntries(Array.from({ length: n }, (_, i) => [`a${i}`, some((value as { of: ValueSchema }).of, i, 0)]));

/** Every list and map below a type, each type's once. */
function places(
  type: TypeSchema,
  seen: Set<TypeSchema>,
  wrap: (o: Record<string, unknown>) => Record<string, unknown>,
  path: string,
  depth: number,
): Place[] {
  if (seen.has(type) || depth > DEPTH) return [];
  seen.add(type);
  return type.fields.flatMap((f: FieldSchema): Place[] => {
    const value = f.value.is === 'message' && f.value.message.alias ? f.value.message.alias : f.value;
    const at = `${path}.${f.name}`;
    const inner = (v: unknown) => wrap({ ...item(type, 0, 1), [f.name]: v });
    if (value.is === 'message') return places(value.message, seen, inner, at, depth + 1);
    if (value.is !== 'list' && value.is !== 'map') return [];
    const here: Place = { path: at, make: (n) => inner(fill(value, n)) };
    const of = value.of.is === 'message' && !value.of.message.alias ? value.of.message : undefined;
    const below = of ? places(of, seen, (o) => inner(value.is === 'list' ? [o] : { a: o }), `${at}[]`, depth + 1) : [];
    return [here, ...below];
  });
}

/** Types that were tried with another kind already. */
const tried = new Set<TypeSchema>();
const context = { now: 0, subresource: '' };
const kinds = builtInResources
  .filter((d) => d.keyPrefix)
  .sort((a, b) => Number(b.kind === 'Pod') - Number(a.kind === 'Pod'))
  .map((d) => [`${d.group || 'core'}/${d.version} ${d.kind}`, d] as const);

it.each(kinds)('%s', { timeout: 300_000 }, (_, definition) => {
  const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
  const slow: string[] = [];
  for (const place of places(definition.type, tried, (o) => o, '', 0)) {
    const given = { ...place.make(N), apiVersion, kind: definition.kind };
    const step = (name: string, run: () => unknown) => {
      const started = performance.now();
      try {
        run();
      } catch (e) {
        if (e instanceof RangeError || e instanceof TypeError)
          slow.push(`${place.path}: ${name}: ${String((e as Error).stack).slice(0, 300)}`);
      }
      const ms = performance.now() - started;
      if (ms > LIMIT_MS) slow.push(`${place.path}: ${name} took ${Math.round(ms)} ms`);
    };
    let object: never | undefined;
    step('decode', () => {
      object = decode(definition.type, given, 'Strict').object as never;
    });
    if (!object) continue;
    const made = object;
    step('defaults', () => definition.defaults(made));
    step('prepare', () => definition.prepareCreate(made));
    const old = structuredClone(made);
    step('validate', () => invalidError('', 'x', '', definition.validate(made, context)));
    step('update', () => invalidError('', 'x', '', definition.validateUpdate(made, old, context)));
    step('status', () => invalidError('', 'x', '', definition.validateStatusUpdate(made, old, context)));
    step('warnings', () => definition.warnings(made));
    step('columns', () => definition.columns.map((c) => c.cell(made, 0)));
    const plan = planOf(definition.type);
    step('fields', () => toFieldSet(plan, made));
    step('compare', () => compare(plan, old, made, () => false));
    step('merge', () => merge(plan, old, made));
  }
  expect(slow).toEqual([]);
});
