/**
 * Objects into protobuf, as Go's generated code writes them: plain scalars and messages always, even when zero, pointers only when set,
 * maps with sorted keys. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */

import { fromBase64 } from '../../util/bytes.js';
import { parseDuration } from '../duration.js';
import type { FieldSchema, Special, TypeSchema, ValueSchema } from '../schema/schema.js';
import { Writer } from './writer.js';

type Json = Record<string, unknown>;
const utf8 = new TextEncoder();

export function encodeMessage(type: TypeSchema, object: unknown): Uint8Array {
  const w = new Writer();
  writeFields(w, type, object as Json);
  return w.finish();
}

/** A message's wire fields in number order: own ones, and the inlined messages. */
interface Wire {
  readonly num: number;
  readonly field?: FieldSchema;
  readonly inlined?: TypeSchema;
}
const wires = new WeakMap<TypeSchema, readonly Wire[]>();

function wiresOf(type: TypeSchema): readonly Wire[] {
  let found = wires.get(type);
  if (!found) {
    found = [
      ...type.fields.filter((f) => !f.inlinedFrom && f.num !== undefined).map((field) => ({ num: field.num!, field })),
      ...type.inlined.map((i) => ({ num: i.num, inlined: i.type })),
    ].sort((a, b) => a.num - b.num);
    wires.set(type, found);
  }
  return found;
}

function writeFields(w: Writer, type: TypeSchema, object: Json): void {
  if (type.alias) {
    for (const item of (object as unknown as unknown[]) ?? []) writeValue(w, 1, (type.alias as { of: ValueSchema }).of, item);
    return;
  }
  for (const { num, field, inlined } of wiresOf(type)) {
    if (inlined) {
      w.tag(num, 2);
      w.message(() => writeFields(w, inlined, object));
    } else writeField(w, num, field!, object?.[field!.name]);
  }
}

function writeField(w: Writer, num: number, f: FieldSchema, value: unknown): void {
  const v = f.value;
  if (v.is === 'list') {
    for (const item of (value as unknown[] | undefined | null) ?? []) writeValue(w, num, v.of, item);
    return;
  }
  if (v.is === 'map') {
    const map = (value ?? {}) as Json;
    for (const key of Object.keys(map).sort()) {
      w.tag(num, 2);
      w.message(() => {
        w.tag(1, 2);
        w.string(key);
        writeValue(w, 2, v.of, map[key]);
      });
    }
    return;
  }
  if (value === undefined || value === null) {
    if (f.pointer) return;
    if (v.is === 'scalar' && v.scalar === 'bytes') return;
    if (v.is === 'message' && v.message.alias) return;
    writeValue(w, num, v, zero(v));
    return;
  }
  writeValue(w, num, v, value);
}

function zero(v: ValueSchema): unknown {
  if (v.is === 'message') return {};
  if (v.is === 'special') return undefined;
  return (v as { scalar: string }).scalar === 'string' ? '' : (v as { scalar: string }).scalar === 'bool' ? false : 0;
}

function writeValue(w: Writer, num: number, v: ValueSchema, value: unknown): void {
  switch (v.is) {
    case 'scalar':
      switch (v.scalar) {
        case 'string':
          w.tag(num, 2);
          return w.string(String(value ?? ''));
        case 'bytes':
          w.tag(num, 2);
          return w.bytes(fromBase64(String(value ?? '')));
        case 'bool':
          w.tag(num, 0);
          return w.varint(value ? 1 : 0);
        case 'double':
          w.tag(num, 1);
          return w.double(Number(value));
        default:
          w.tag(num, 0);
          return w.varint(Number(value));
      }
    case 'special':
      w.tag(num, 2);
      return w.message(() => writeSpecial(w, v.special, value));
    case 'message':
      w.tag(num, 2);
      return w.message(() => writeFields(w, v.message, value as Json));
    default:
      throw new Error('a list of lists has no protobuf form');
  }
}

function writeSpecial(w: Writer, special: Special, value: unknown): void {
  switch (special) {
    case 'Time':
    case 'MicroTime': {
      if (!value) return;
      const ms = Date.parse(String(value));
      const seconds = Math.floor(ms / 1000);
      w.tag(1, 0);
      w.varint(seconds);
      w.tag(2, 0);
      w.varint(special === 'MicroTime' ? microseconds(String(value)) * 1000 : 0);
      return;
    }
    case 'Quantity':
      w.tag(1, 2);
      w.string(value === undefined ? '0' : String(value));
      return;
    case 'IntOrString': {
      const isInt = typeof value === 'number' || value === undefined;
      w.tag(1, 0);
      w.varint(isInt ? 0 : 1);
      w.tag(2, 0);
      w.varint(isInt ? ((value as number) ?? 0) : 0);
      w.tag(3, 2);
      w.string(isInt ? '' : String(value));
      return;
    }
    case 'Duration':
      w.tag(1, 0);
      w.varint(durationNanos(String(value ?? '0s')));
      return;
    case 'RawExtension':
    case 'FieldsV1':
    case 'JSON':
      if (value === undefined) return;
      w.tag(1, 2);
      w.bytes(utf8.encode(JSON.stringify(value)));
      return;
    default:
      return writeEither(w, special, value);
  }
}

/** The two or three forms of a JSON schema's member, resolved by the type they hold. */
let schemaProps: TypeSchema | undefined;
export const useSchemaProps = (type: TypeSchema): void => {
  schemaProps = type;
};

function writeEither(w: Writer, special: Special, value: unknown): void {
  const nested = (num: number, o: unknown) => {
    w.tag(num, 2);
    w.message(() => writeFields(w, schemaProps!, o as Json));
  };
  if (special === 'JSONSchemaPropsOrBool') {
    w.tag(1, 0);
    w.varint(typeof value === 'boolean' ? (value ? 1 : 0) : value === undefined ? 0 : 1);
    if (typeof value === 'object' && value) nested(2, value);
  } else if (special === 'JSONSchemaPropsOrArray') {
    if (Array.isArray(value)) for (const o of value) nested(2, o);
    else if (value) nested(1, value);
  } else if (special === 'JSONSchemaPropsOrStringArray') {
    if (Array.isArray(value)) {
      for (const s of value) {
        w.tag(2, 2);
        w.string(String(s));
      }
    } else if (value) nested(1, value);
  }
}

const microseconds = (time: string): number => Number((/\.(\d{1,6})/.exec(time)?.[1] ?? '').padEnd(6, '0') || 0);

const durationNanos = (text: string): number => Math.round((parseDuration(text) ?? 0) * 1e6);
