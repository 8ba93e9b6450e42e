/** Protobuf into the JSON form of an object. Unknown fields are skipped, as Go's generated code skips them. */

import { base64 } from '../../util/bytes.js';
import { timestamp } from '../../util/clock.js';
import { parseJson } from '../json.js';
import type { FieldSchema, Special, TypeSchema, ValueSchema } from '../schema/schema.js';
import { DEPTH_LIMIT, type Reader } from './reader.js';

type Json = Record<string, unknown>;

interface Slots {
  readonly fields: ReadonlyMap<number, FieldSchema>;
  readonly inlined: ReadonlyMap<number, TypeSchema>;
}
const slots = new WeakMap<TypeSchema, Slots>();

function slotsOf(type: TypeSchema): Slots {
  let found = slots.get(type);
  if (!found) {
    found = {
      fields: new Map(type.fields.filter((f) => !f.inlinedFrom && f.num !== undefined).map((f) => [f.num!, f])),
      inlined: new Map(type.inlined.map((i) => [i.num, i.type])),
    };
    slots.set(type, found);
  }
  return found;
}

export function decodeMessage(type: TypeSchema, r: Reader, into: Json = {}, depth = 0): Json {
  if (depth > DEPTH_LIMIT) throw new Error('proto: nested too deeply');
  const { fields, inlined } = slotsOf(type);
  while (!r.done) {
    const tag = r.varint();
    const num = tag >>> 3;
    const wire = tag & 7;
    const inner = inlined.get(num);
    if (inner) {
      decodeMessage(inner, r.message(), into, depth + 1);
      continue;
    }
    const f = fields.get(num);
    if (!f) {
      r.skip(wire);
      continue;
    }
    const v = f.value;
    if (v.is === 'list') ((into[f.name] ??= []) as unknown[]).push(readValue(v.of, r, depth));
    else if (v.is === 'map') readEntry((into[f.name] ??= {}) as Json, v.of, r.message(), depth);
    else {
      const value = readValue(v, r, depth);
      if (value !== undefined) into[f.name] = value;
    }
  }
  return into;
}

function readEntry(map: Json, of: ValueSchema, r: Reader, depth: number): void {
  let key = '';
  let value: unknown = of.is === 'scalar' && of.scalar === 'string' ? '' : null;
  while (!r.done) {
    const tag = r.varint();
    if (tag >>> 3 === 1) key = r.string();
    else if (tag >>> 3 === 2) value = readValue(of, r, depth) ?? null;
    else r.skip(tag & 7);
  }
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

function readValue(v: ValueSchema, r: Reader, depth: number): unknown {
  switch (v.is) {
    case 'scalar':
      switch (v.scalar) {
        case 'string':
          return r.string();
        case 'bytes':
          return base64(r.bytes());
        case 'bool':
          return r.varint() !== 0;
        case 'double':
          return r.double();
        default:
          return r.varint();
      }
    case 'special':
      return readSpecial(v.special, r.message(), depth);
    case 'message': {
      const inner = r.message();
      if (!v.message.alias) return decodeMessage(v.message, inner, {}, depth + 1);
      const items: unknown[] = [];
      while (!inner.done) {
        const tag = inner.varint();
        if (tag >>> 3 === 1) items.push(readValue((v.message.alias as { of: ValueSchema }).of, inner, depth));
        else inner.skip(tag & 7);
      }
      return items;
    }
    default:
      throw new Error('a list of lists has no protobuf form');
  }
}

/** Seconds of years that have four digits, as JSON has them. */
function millis(seconds: number): number {
  if (seconds < -62_135_596_800 || seconds > 253_402_300_799) throw new Error('proto: time out of range');
  return seconds * 1000;
}

let schemaProps: TypeSchema | undefined;
export const useSchemaProps = (type: TypeSchema): void => {
  schemaProps = type;
};

function readSpecial(special: Special, r: Reader, depth: number): unknown {
  const seen: { varints: number[]; chunks: Uint8Array[][]; order: [number, Reader | Uint8Array][] } = {
    varints: [],
    chunks: [],
    order: [],
  };
  while (!r.done) {
    const tag = r.varint();
    const num = tag >>> 3;
    if ((tag & 7) === 0) seen.varints[num] = r.varint();
    else if ((tag & 7) === 2) (seen.chunks[num] ??= []).push(r.bytes());
    else r.skip(tag & 7);
  }
  const bytes = (num: number): Uint8Array | undefined => seen.chunks[num]?.at(-1);
  const text = (num: number): string => new TextDecoder().decode(bytes(num) ?? new Uint8Array());
  const nested = (b: Uint8Array): Json =>
    decodeMessage(schemaProps!, new (r.constructor as new (b: Uint8Array) => Reader)(b), {}, depth + 1);
  switch (special) {
    case 'Time':
      return seen.varints[1] === undefined ? undefined : timestamp(millis(seen.varints[1]));
    case 'MicroTime': {
      if (seen.varints[1] === undefined) return undefined;
      const micros = Math.floor((seen.varints[2] ?? 0) / 1000);
      return `${timestamp(millis(seen.varints[1])).slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
    }
    case 'Quantity':
      return text(1) || '0';
    case 'IntOrString':
      return seen.varints[1] ? text(3) : (seen.varints[2] ?? 0);
    case 'Duration':
      return `${(seen.varints[1] ?? 0) / 1e9}s`;
    case 'JSONSchemaPropsOrBool':
      return bytes(2) ? nested(bytes(2)!) : Boolean(seen.varints[1]);
    case 'JSONSchemaPropsOrArray':
      return seen.chunks[2] ? seen.chunks[2].map(nested) : bytes(1) ? nested(bytes(1)!) : undefined;
    case 'JSONSchemaPropsOrStringArray':
      return seen.chunks[2] ? seen.chunks[2].map((b) => new TextDecoder().decode(b)) : bytes(1) ? nested(bytes(1)!) : undefined;
    default:
      return bytes(1)?.length ? parseJson(text(1)) : undefined;
  }
}
