/** Decoders of values that hold no fields, and how a value that does not fit is named. */
import { table } from '../util/own.js';
import type { Scalar } from './schema/schema.js';
import { normalizeTime } from './time.js';

/** What one decoding notices on its way. */
export interface Seen {
  unknown: boolean;
  /** How many more elements of lists and entries of maps there may be. */
  left: number;
}
export type Decoder = (value: unknown, seen: Seen) => unknown;

/** The JSON does not fit the type. The words are Go's. */
export class Mismatch extends Error {
  /** False: the message says it all and names no field. */
  readonly named: boolean;
  constructor(message: string, named = true) {
    super(message);
    this.named = named;
  }
}

/** How Go's decoder names what it met. */
export function goKind(v: unknown): string {
  if (Array.isArray(v)) return 'array';
  if (typeof v === 'boolean') return 'bool';
  return typeof v;
}

export const INT32_MAX = 2_147_483_647;

function integer(min: number, max: number): Decoder {
  return (v) => {
    if (typeof v !== 'number') throw new Mismatch(goKind(v));
    if (!Number.isInteger(v) || v < min || v > max) throw new Mismatch(`number ${v}`);
    return v === 0 ? 0 : v;
  };
}

export const SCALARS: Record<Scalar, Decoder> = table({
  string: (v) => {
    if (typeof v !== 'string') throw new Mismatch(goKind(v));
    return v;
  },
  bool: (v) => {
    if (typeof v !== 'boolean') throw new Mismatch(goKind(v));
    return v;
  },
  int32: integer(-INT32_MAX - 1, INT32_MAX),
  int64: integer(-(2 ** 63), 2 ** 63),
  double: (v) => {
    if (typeof v !== 'number') throw new Mismatch(goKind(v));
    return v;
  },
  bytes: (v) => {
    if (typeof v !== 'string') throw new Mismatch(goKind(v));
    checkBase64(v);
    return v.includes('\n') || v.includes('\r') ? v.replace(/[\r\n]/g, '') : v;
  },
});

/** Standard base64 with padding; line breaks are skipped, as Go does. Names the first bad byte. */
function checkBase64(text: string): void {
  let digits = 0;
  let i = 0;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || c === 13) continue;
    if (isBase64(c)) digits++;
    else break;
  }
  const rest = text.slice(i).replace(/[\r\n]/g, '');
  const left = digits % 4;
  if (rest === '' && left === 0) return;
  if ((rest === '==' && left === 2) || (rest === '=' && left === 3)) return;
  throw new Mismatch(`illegal base64 data at input byte ${i}`, false);
}

const isBase64 = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 43 || c === 47;

export const NOT_A_STRING = (v: unknown): Mismatch =>
  new Mismatch(`json: cannot unmarshal ${goKind(v)} into Go value of type string`, false);

export function time(digits: 0 | 6): Decoder {
  return (v) => {
    if (typeof v !== 'string') throw NOT_A_STRING(v);
    return normalizeTime(v, digits);
  };
}
