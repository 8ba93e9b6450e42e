/**
 * Quantities (`100m`, `1.5Gi`, `2e3`): read, compared, added and written in Go's canonical form.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

import { table } from '../util/own.js';

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** An exact amount in units of 10^-9, and the family of suffixes it is written with. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

/** Text that is no quantity. */
export class QuantityError extends Error {}

const NANO = 1_000_000_000n;
const MAX = (2n ** 63n - 1n) * NANO;
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)$/;
const REGEX_TEXT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const DECIMAL: Readonly<Record<string, number>> = table({ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 });
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL_SUFFIXES = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));

/** Cached canonical texts: the same few quantities stand in thousands of pods. Emptied when full. */
const CACHE_LIMIT = 4096;
const canonicalTexts = new Map<string, string>();

export function parseQuantity(text: string): Quantity {
  if (text.length > LENGTH_LIMIT) throw new QuantityError(REGEX_TEXT);
  const m = PATTERN.exec(text);
  if (!m) throw new QuantityError(looksRight(text) ? "unable to parse quantity's suffix" : REGEX_TEXT);
  const [, sign, whole = '', fraction = '', suffix = ''] = m;
  if (whole === '' && fraction === '') throw new QuantityError(REGEX_TEXT);
  const digits = BigInt(`${whole}${fraction}` || '0');
  let format: QuantityFormat = 'DecimalSI';
  let numerator = digits * NANO;
  let exponent = -fraction.length;
  if (suffix.endsWith('i')) {
    format = 'BinarySI';
    numerator <<= BigInt(10 * BINARY.indexOf(suffix));
  } else if (suffix.length > 1 || suffix === 'e') {
    format = 'DecimalExponent';
    exponent += Number(suffix.slice(1));
  } else exponent += DECIMAL[suffix]!;
  let nano = scale(numerator, exponent);
  if (nano > MAX) nano = MAX;
  if (format === 'BinarySI' && nano > 0n && nano < NANO) format = 'DecimalSI';
  return { nano: sign === '-' ? -nano : nano, format };
}

/** numerator * 10^exponent, rounded up: a little of something stays something. */
function scale(numerator: bigint, exponent: number): bigint {
  if (exponent >= 0) return exponent > 60 ? (numerator === 0n ? 0n : MAX) : numerator * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(Math.min(-exponent, 4000));
  return (numerator + divisor - 1n) / divisor;
}

/** Digits beyond these change nothing: the largest and the smallest that can be told apart have fewer. */
const LENGTH_LIMIT = 2000;

const looksRight = (text: string): boolean =>
  /^[+-]?[0-9.]+(?:[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)?$/.test(text) && /^[+-]?(?:\d|\.\d)/.test(text);

/** The text Go writes: the largest suffix that leaves an integer. */
export function formatQuantity(q: Quantity): string {
  if (q.nano === 0n) return '0';
  const negative = q.nano < 0n;
  const size = negative ? -q.nano : q.nano;
  const text = q.format === 'BinarySI' && size >= 1024n * NANO ? formatBinary(size) : formatDecimal(size, q.format === 'DecimalExponent');
  return negative ? `-${text}` : text;
}

function formatBinary(size: bigint): string {
  let n = (size + NANO - 1n) / NANO;
  let step = 0;
  while (step < BINARY.length - 1 && n % 1024n === 0n) {
    n /= 1024n;
    step++;
  }
  return `${n}${BINARY[step]}`;
}

function formatDecimal(size: bigint, scientific: boolean): string {
  let n = size;
  let exponent = -9;
  while (n % 1000n === 0n && (scientific || exponent < 18)) {
    n /= 1000n;
    exponent += 3;
  }
  if (scientific) return exponent === 0 ? `${n}` : `${n}e${exponent}`;
  return `${n}${DECIMAL_SUFFIXES.get(exponent) ?? ''}`;
}

/** Reads and rewrites; throws QuantityError. */
export function canonicalQuantity(text: string): string {
  const known = canonicalTexts.get(text);
  if (known !== undefined) return known;
  const canonical = formatQuantity(parseQuantity(text));
  if (canonicalTexts.size >= CACHE_LIMIT) canonicalTexts.clear();
  canonicalTexts.set(text, canonical);
  return canonical;
}

type Operand = string | Quantity | undefined;
const ZERO: Quantity = { nano: 0n, format: 'DecimalSI' };
export const quantityOf = (q: Operand): Quantity => (q === undefined || q === '' ? ZERO : typeof q === 'string' ? parseQuantity(q) : q);

/** -1, 0 or 1. Absent counts as zero. */
export function compareQuantities(a: Operand, b: Operand): -1 | 0 | 1 {
  const x = quantityOf(a).nano;
  const y = quantityOf(b).nano;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The sum keeps the format of the first that is not zero. */
export function addQuantities(a: Operand, b: Operand): Quantity {
  const x = quantityOf(a);
  const y = quantityOf(b);
  return { nano: x.nano + y.nano, format: x.nano === 0n ? y.format : x.format };
}

export function subtractQuantities(a: Operand, b: Operand): Quantity {
  const x = quantityOf(a);
  const y = quantityOf(b);
  return { nano: x.nano - y.nano, format: x.nano === 0n ? y.format : x.format };
}

/** An amount of whole units. */
export const quantityFrom = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nano: BigInt(value) * NANO,
  format,
});
export const quantityFromMilli = (milli: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nano: BigInt(milli) * 1_000_000n,
  format,
});

const ceilDivide = (n: bigint, d: bigint): bigint => (n >= 0n ? (n + d - 1n) / d : n / d);

/** Whole units, rounded up. */
export const quantityValue = (q: Operand): number =>
  typeof q === 'string' ? (plainInteger(q) ?? Number(ceilDivide(quantityOf(q).nano, NANO))) : Number(ceilDivide(quantityOf(q).nano, NANO));
/** Thousandths, rounded up: `100m` is 100. */
export const milliValue = (q: Operand): number => Number(ceilDivide(quantityOf(q).nano, 1_000_000n));
/** As a floating-point number of units. */
export const asNumber = (q: Operand): number => Number(quantityOf(q).nano) / 1e9;
export const isZeroQuantity = (q: Operand): boolean => quantityOf(q).nano === 0n;
export const isQuantity = (text: string): boolean => {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
};

function plainInteger(text: string): number | undefined {
  if (text.length > 15 || text.length === 0) return undefined;
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) - 48;
    if (c < 0 || c > 9) return undefined;
    n = n * 10 + c;
  }
  return n;
}
