/**
 * From parsed JSON to the canonical form of a type: what Go would write after reading the JSON into its structs. Unknown fields and nulls
 * go, zero values go unless the field is always written, times and quantities are rewritten. Every write passes here, so a type's decoder
 * is compiled once into closures that touch each field once; paths are worked out only when something was wrong.
 */
import { setOwn, table } from '../util/own.js';
import { describe, listUnknown } from './decode-problems.js';
import { type Decoder, goKind, INT32_MAX, Mismatch, NOT_A_STRING, SCALARS, type Seen, time } from './decode-scalars.js';
import { StatusError, tooLarge } from './errors.js';
import type { AnyObject } from './object.js';
import { canonicalQuantity, QuantityError } from './quantity.js';
import type { FieldSchema, Special, TypeSchema, ValueSchema } from './schema/schema.js';
import { TimeError } from './time.js';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface Decoded {
  readonly object: AnyObject;
  /** `unknown field "spec.foo"`, in document order. */
  readonly problems: string[];
}

type Json = Record<string, unknown>;

/**
 * Elements of lists and entries of maps in one object: three bytes make one, and each costs defaults, validation and tracking a thousand times
 * as much. No real object comes near.
 */
const ENTRY_LIMIT = 50_000;

const fresh = (left = ENTRY_LIMIT): Seen => ({ unknown: false, left });

function count(seen: Seen, entries: number): void {
  seen.left -= entries;
  if (seen.left < 0) throw tooLarge(`Request entity too large: lists and maps of more than ${ENTRY_LIMIT} entries`);
}

/** Makes an object of JSON: zeros and what is absent as the kind has it, unknown fields told. Throws BadRequest for what is no such object. */
export type Read = (json: unknown, mode: FieldValidation) => Decoded;

export const reads =
  (type: TypeSchema): Read =>
  (json, mode) =>
    decode(type, json, mode);

export function decode(type: TypeSchema, json: unknown, mode: FieldValidation, entryLimit = ENTRY_LIMIT): Decoded {
  const seen = fresh(entryLimit);
  let object: AnyObject;
  try {
    object = decoderOf(type)(json, seen) as AnyObject;
  } catch (e) {
    if (!(e instanceof Mismatch || e instanceof QuantityError || e instanceof TimeError)) throw e;
    throw new StatusError(400, 'BadRequest', describe(type, json, e, fails));
  }
  const problems: string[] = [];
  if (seen.unknown && mode !== 'Ignore') listUnknown({ is: 'message', message: type }, json, '', problems);
  return { object, problems };
}

function fails(value: ValueSchema, json: unknown): boolean {
  try {
    if (json !== null && json !== undefined) valueDecoder(value, { alias: undefined } as TypeSchema)(json, fresh());
    return false;
  } catch {
    return true;
  }
}

/** The empty object of a type: what is always written. */
export const zero = (type: TypeSchema): AnyObject => decoderOf(type)({}, fresh()) as AnyObject;

const compiled = new WeakMap<TypeSchema, Decoder>();

function decoderOf(type: TypeSchema): Decoder {
  let decoder = compiled.get(type);
  if (!decoder) {
    if (type.alias) return valueDecoder(type.alias, type);
    let real: Decoder | undefined;
    // Types refer to themselves: the closure is made on first use.
    decoder = (value, seen) => (real ??= messageDecoder(type))(value, seen);
    compiled.set(type, decoder);
  }
  return decoder;
}

/** One field, ready to run: how a value is read, and what stands for an absent one (undefined: nothing is written). */
interface Step {
  readonly name: string;
  readonly decode: Decoder;
  readonly absent: (() => unknown) | undefined;
  /** Whether a decoded value is left out because it is zero. */
  readonly omit: ((value: unknown) => boolean) | undefined;
}

function messageDecoder(type: TypeSchema): Decoder {
  const steps: Step[] = [];
  if (type.kind || type.everywhere)
    for (const name of ['kind', 'apiVersion'])
      if (!type.byName.has(name)) steps.push({ name, decode: SCALARS.string, absent: undefined, omit: isEmptyText });
  for (const f of type.fields) steps.push(step(f, type));
  const keep = type.preserveUnknown === true;
  return (value, seen) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      if (value === null || value === undefined) value = {};
      else throw new Mismatch(goKind(value));
    }
    const from = value as Json;
    const to: Json = {};
    let known = 0;
    for (let i = 0; i < steps.length; i++) {
      const s = steps[i]!;
      const given = from[s.name];
      if (given === undefined || given === null) {
        if (given === null) known++;
        if (s.absent !== undefined) to[s.name] = s.absent();
        continue;
      }
      known++;
      const decoded = s.decode(given, seen);
      if (s.omit === undefined || !s.omit(decoded)) to[s.name] = decoded;
    }
    let present = 0;
    for (const key in from) if (from[key] !== undefined) present++;
    if (present !== known) {
      if (keep) for (const key of Object.keys(from)) if (!Object.hasOwn(to, key) && !type.byName.has(key)) setOwn(to, key, from[key]);
      if (!keep) seen.unknown = true;
    }
    return to;
  };
}

const isEmptyText = (v: unknown): boolean => v === '';
const isZeroScalar = (v: unknown): boolean => v === '' || v === 0 || v === false;
const isEmptyList = (v: unknown): boolean => (v as unknown[]).length === 0;
function isEmptyObject(v: unknown): boolean {
  for (const _ in v as Json) return false;
  return true;
}
/** A list that is always written and empty comes back from storage as nil, which Go writes as null. */
const nothing = (): null => null;

function step(f: FieldSchema, owner: TypeSchema): Step {
  const value = f.value.is === 'message' && f.value.message.alias ? f.value.message.alias : f.value;
  const decode = valueDecoder(value, owner);
  const { name } = f;
  if (f.pointer) return { name, decode, absent: f.always ? nothing : undefined, omit: undefined };
  switch (value.is) {
    case 'scalar': {
      const zeroValue = value.scalar === 'string' || value.scalar === 'bytes' ? '' : value.scalar === 'bool' ? false : 0;
      if (value.scalar === 'bytes')
        return { name, decode, absent: f.always ? nothing : undefined, omit: f.always ? undefined : isEmptyText };
      return { name, decode, absent: f.always ? () => zeroValue : undefined, omit: f.always ? undefined : isZeroScalar };
    }
    case 'list':
      if (f.always) return { name, decode: (v, seen) => (isEmptyList((v = decode(v, seen))) ? null : v), absent: nothing, omit: undefined };
      return { name, decode, absent: undefined, omit: isEmptyList };
    case 'map':
      if (f.always)
        return { name, decode: (v, seen) => (isEmptyObject((v = decode(v, seen))) ? null : v), absent: nothing, omit: undefined };
      return { name, decode, absent: undefined, omit: isEmptyObject };
    case 'message':
      if (f.omitZero) return { name, decode, absent: undefined, omit: isZeroMessage(value.message) };
      return { name, decode, absent: () => decode({}, fresh()), omit: undefined };
    case 'special':
      if (f.omitZero) return { name, decode, absent: undefined, omit: (v) => v === null };
      return { name, decode, absent: SPECIAL_ZERO[value.special], omit: undefined };
  }
}

function isZeroMessage(type: TypeSchema): (v: unknown) => boolean {
  let empty: string | undefined;
  return (v) => isEmptyObject(v) || JSON.stringify(v) === (empty ??= JSON.stringify(zero(type)));
}

const SPECIAL_ZERO: Record<Special, (() => unknown) | undefined> = table({
  Time: nothing,
  MicroTime: nothing,
  Duration: () => '0s',
  Quantity: () => '0',
  IntOrString: () => 0,
  RawExtension: nothing,
  FieldsV1: undefined,
  JSON: nothing,
  JSONSchemaPropsOrArray: nothing,
  JSONSchemaPropsOrBool: nothing,
  JSONSchemaPropsOrStringArray: nothing,
  any: nothing,
});

function valueDecoder(value: ValueSchema, owner: TypeSchema): Decoder {
  switch (value.is) {
    case 'scalar':
      return SCALARS[value.scalar];
    case 'special':
      return specialDecoder(value.special, owner);
    case 'message': {
      let decoder: Decoder | undefined; // the message may refer back to its owner
      return (v, seen) => (decoder ??= decoderOf(value.message))(v, seen);
    }
    case 'list':
      return listDecoder(value.of, owner);
    case 'map':
      return mapDecoder(value.of, owner);
  }
}

function elementDecoder(of: ValueSchema, owner: TypeSchema): Decoder {
  const decoder = valueDecoder(of, owner);
  const zeroOf = zeroElement(of, decoder);
  return (v, seen) => (v === null ? zeroOf() : decoder(v, seen));
}

function zeroElement(of: ValueSchema, decoder: Decoder): () => unknown {
  if (of.is === 'scalar') return () => (of.scalar === 'string' || of.scalar === 'bytes' ? '' : of.scalar === 'bool' ? false : 0);
  if (of.is === 'message') return () => decoder({}, fresh());
  if (of.is === 'special') return SPECIAL_ZERO[of.special] ?? nothing;
  return nothing;
}

function listDecoder(of: ValueSchema, owner: TypeSchema): Decoder {
  const element = elementDecoder(of, owner);
  return (v, seen) => {
    if (!Array.isArray(v)) throw new Mismatch(goKind(v));
    count(seen, v.length);
    const out = new Array<unknown>(v.length);
    for (let i = 0; i < v.length; i++) out[i] = element(v[i], seen);
    return out;
  };
}

function mapDecoder(of: ValueSchema, owner: TypeSchema): Decoder {
  const element = elementDecoder(of, owner);
  return (v, seen) => {
    if (typeof v !== 'object' || Array.isArray(v)) throw new Mismatch(goKind(v));
    const out: Json = {};
    // Go writes maps with sorted keys.
    const keys = Object.keys(v as Json);
    count(seen, keys.length);
    if (keys.length > 1) keys.sort(byBytes);
    for (const key of keys) setOwn(out, key, element((v as Json)[key], seen));
    return out;
  };
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function specialDecoder(special: Special, owner: TypeSchema): Decoder {
  switch (special) {
    case 'Time':
      return time(0);
    case 'MicroTime':
      return time(6);
    case 'Duration':
      return (v) => {
        if (typeof v !== 'string') throw NOT_A_STRING(v);
        return v;
      };
    case 'Quantity':
      return (v) => canonicalQuantity(typeof v === 'string' ? v.trim() : JSON.stringify(v));
    case 'IntOrString':
      return (v) => {
        if (typeof v === 'string') return v;
        if (typeof v !== 'number') throw new Mismatch(`json: cannot unmarshal ${goKind(v)} into Go value of type int32`, false);
        if (!Number.isInteger(v) || Math.abs(v) > INT32_MAX)
          throw new Mismatch(`json: cannot unmarshal number ${v} into Go value of type int32`, false);
        return v;
      };
    case 'JSONSchemaPropsOrArray':
      return (v, seen) => {
        if (Array.isArray(v)) {
          count(seen, v.length);
          return v.map((each) => decoderOf(owner)(each, seen));
        }
        // Anything else counts as no schema.
        return typeof v === 'object' && v !== null ? decoderOf(owner)(v, seen) : null;
      };
    case 'JSONSchemaPropsOrBool':
      return (v, seen) => (typeof v === 'boolean' ? v : decoderOf(owner)(object(v), seen));
    case 'JSONSchemaPropsOrStringArray':
      return (v, seen) => {
        if (!Array.isArray(v)) return decoderOf(owner)(object(v), seen);
        count(seen, v.length);
        return v.map((each) => SCALARS.string(each, seen));
      };
    case 'FieldsV1':
    case 'RawExtension':
    case 'JSON':
    case 'any':
      return (v) => v;
  }
}

function object(v: unknown): Json {
  if (typeof v !== 'object' || v === null || Array.isArray(v)) throw new Mismatch('json: cannot unmarshal into JSONSchemaProps', false);
  return v as Json;
}
