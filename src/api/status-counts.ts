/** Counts in a status: none below zero, none above what it is a part of, and a collision count only grows. */
import { invalid } from '../meta/field-error.js';
import { atLeastZero, type Errors } from './check.js';

type Counts = Readonly<Record<string, unknown>>;
const count = (s: Counts, f: string): number => (s[f] as number | undefined) ?? 0;

export const notNegative = (status: object, fields: readonly string[]): Errors =>
  fields.flatMap((f) => atLeastZero(count(status as Counts, f), `status.${f}`));
export const atMost = (status: object, fields: readonly string[], whole: string, shown = `status.${whole}`): Errors =>
  fields.flatMap((f) =>
    count(status as Counts, f) > count(status as Counts, whole)
      ? [invalid(`status.${f}`, count(status as Counts, f), `cannot be greater than ${shown}`)]
      : [],
  );
export const notDecremented = (status: object, old: object | undefined, field: string): Errors =>
  count(status as Counts, field) < count((old ?? {}) as Counts, field)
    ? [invalid(`status.${field}`, count(status as Counts, field), 'cannot be decremented')]
    : [];
