/** Small checks that validations of many kinds are made of. A path is the field's own: `spec.replicas`. */
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.js';
import { dns1123Label, dns1123Subdomain, type Messages, regexMessage } from '../meta/names.js';
import { compareQuantities } from '../meta/quantity.js';

export type Errors = FieldError[];

/**
 * Of each entry, whether one before it is the same by its key. A list that is looked through anew for each entry costs the square of its
 * length, and how long it is its writer says.
 */
export function repeats<T>(list: readonly T[], keyOf: (item: T) => unknown = (item) => item): boolean[] {
  const seen = new Set<unknown>();
  return list.map((item) => {
    const key = keyOf(item);
    return seen.has(key) || !seen.add(key);
  });
}

/** The first entry of each key. */
export function firstBy<T, K>(list: readonly T[], keyOf: (item: T) => K): Map<K, T> {
  const first = new Map<K, T>();
  for (const item of list) {
    const key = keyOf(item);
    if (!first.has(key)) first.set(key, item);
  }
  return first;
}

/** One Invalid for each message. */
export const invalidAll = (path: string, value: unknown, messages: Messages): Errors => messages.map((m) => invalid(path, value, m));
export const atLeastZero = (n: number | null | undefined, path: string): Errors =>
  (n ?? 0) < 0 ? [invalid(path, n, 'must be greater than or equal to 0')] : [];
export const aboveZero = (n: number, path: string): Errors => (n <= 0 ? [invalid(path, n, 'must be greater than 0')] : []);
export const label = (value: string, path: string): Errors => invalidAll(path, value, dns1123Label(value));
export const subdomain = (value: string, path: string): Errors => invalidAll(path, value, dns1123Subdomain(value));
/** One of a few words. `supported` is shown in its order. */
export const oneOf = (value: string | undefined, supported: readonly string[], path: string): Errors =>
  supported.includes(value ?? '') ? [] : [notSupported(path, value ?? '', supported)];
/** As `oneOf`, where the empty word is reported as missing. */
export const requiredOneOf = (value: string | undefined, supported: readonly string[], path: string): Errors =>
  value ? oneOf(value, supported, path) : [required(path)];
export const requiredText = (value: string | undefined, path: string, why = ''): Errors => (value ? [] : [required(path, why)]);
export const quantityAtLeastZero = (q: string, path: string): Errors =>
  compareQuantities(q, '0') < 0 ? [invalid(path, q, 'must be greater than or equal to 0')] : [];

/** Whether two parts of objects are the same: absent, null and empty lists are one, and the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((x, i) => same(x, (b as unknown[])[i]));
  const x = a as Record<string, unknown>;
  const y = b as Record<string, unknown>;
  for (const key in x) if (!same(x[key], y[key])) return false;
  for (const key in y) if (!(key in x) && !isNothing(y[key])) return false;
  return true;
}

const isNothing = (v: unknown): boolean => v === undefined || v === null || (Array.isArray(v) && v.length === 0);

export const immutable = (value: unknown, old: unknown, path: string): Errors =>
  same(value, old) ? [] : [invalid(path, value ?? null, 'field is immutable')];

/** What differs between two versions of a part, a line each: shown where a change is refused. */
export function differences(old: unknown, value: unknown, limit = 20): string {
  const lines: string[] = [];
  const walk = (a: unknown, b: unknown, at: string) => {
    if (lines.length >= limit || same(a, b)) return;
    const inside = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null;
    if (inside(a) && inside(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(a[key], b[key], at ? `${at}.${key}` : key);
      return;
    }
    if (!isNothing(a)) lines.push(`-${at}: ${JSON.stringify(a)}`);
    if (!isNothing(b)) lines.push(`+${at}: ${JSON.stringify(b)}`);
  };
  walk(old, value, '');
  return `@@ changes @@\n${lines.join('\n')}`;
}

const PATH_TEXT = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const PATH = new RegExp(`^${PATH_TEXT}$`);

/** `example.com/worker`. */
export function domainPrefixedPath(name: string, path: string): Errors {
  if (!name) return [required(path)];
  const slash = name.indexOf('/');
  if (slash < 1 || slash === name.length - 1) return [invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const rest = name.slice(slash + 1);
  return [
    ...invalidAll(path, name.slice(0, slash), dns1123Subdomain(name.slice(0, slash))),
    ...(PATH.test(rest) ? [] : [invalid(path, rest, regexMessage('Invalid path', PATH_TEXT))]),
  ];
}
