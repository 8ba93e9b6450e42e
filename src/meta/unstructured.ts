/**
 * Why JSON that a strategic merge made does not fit its type, in the words of the original, which turns such JSON into Go values by reflection
 * and not by its decoder. Only asked after decoding failed.
 */
import type { TypeSchema, ValueSchema } from './schema/schema.js';

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Of the first part that does not fit; undefined where reflection finds nothing: what reads itself (quantities, times) has words of its own. */
export function conversionProblem(type: TypeSchema, json: unknown): string | undefined {
  if (json === null || json === undefined) return undefined;
  if (!isObject(json)) return `cannot restore struct from: ${kindOf(json)}`;
  for (const f of type.fields) {
    const found = valueProblem(f.value, json[f.name]);
    if (found) return found;
  }
  return undefined;
}

function valueProblem(value: ValueSchema, json: unknown): string | undefined {
  if (json === null || json === undefined) return undefined;
  switch (value.is) {
    case 'message':
      return value.message.alias ? valueProblem(value.message.alias, json) : conversionProblem(value.message, json);
    case 'list':
      return Array.isArray(json) ? first(json, value.of) : `cannot restore slice from ${kindOf(json)}`;
    case 'map':
      return isObject(json) ? first(Object.values(json), value.of) : `cannot restore map from ${kindOf(json)}`;
    case 'scalar':
      return scalarProblem(value, json);
    case 'special':
      return undefined;
  }
}

function first(items: readonly unknown[], of: ValueSchema): string | undefined {
  for (const item of items) {
    const found = valueProblem(of, item);
    if (found) return found;
  }
  return undefined;
}

function scalarProblem(value: Extract<ValueSchema, { is: 'scalar' }>, json: unknown): string | undefined {
  const from = kindOf(json);
  if (value.scalar === 'bytes') return from === 'string' ? undefined : `cannot restore slice from ${from}`;
  const to = { string: 'string', bool: 'bool', double: 'float64', int32: 'int32', int64: 'int64' }[value.scalar];
  const number = from === 'int64' || from === 'float64';
  if (from === to || (number && to === 'float64')) return undefined;
  if (number && to.startsWith('int')) return Number.isInteger(json) ? undefined : `cannot convert ${from} to ${to}`;
  // Go can make a text of an integer, a letter; that is not meant here.
  if (from === 'int64' && to === 'string') return `cannot convert ${from} to ${value.enum ? `v1.${value.enum.name}` : to}`;
  return `unrecognized type: ${to}`;
}

function kindOf(json: unknown): string {
  if (Array.isArray(json)) return 'slice';
  if (typeof json === 'object') return 'map';
  if (typeof json === 'number') return Number.isInteger(json) ? 'int64' : 'float64';
  return typeof json === 'boolean' ? 'bool' : 'string';
}
