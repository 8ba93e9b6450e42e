/** Counts that may be given as a share of all: `1`, `25%`. */
import { invalid } from '../meta/field-error.js';
import { percent } from '../meta/names.js';
import { atLeastZero, type Errors, invalidAll } from './check.js';

export type IntOrPercent = number | string;

const share = (v: IntOrPercent): number | undefined =>
  typeof v === 'string' && percent(v).length === 0 ? Number(v.slice(0, -1)) : undefined;

export const validateIntOrPercent = (v: IntOrPercent, path: string): Errors =>
  typeof v === 'string' ? invalidAll(path, v, percent(v)) : atLeastZero(v, path);
export const atMostWhole = (v: IntOrPercent, path: string): Errors =>
  (share(v) ?? 0) > 100 ? [invalid(path, v, 'must not be greater than 100%')] : [];
/** The number, of units or of hundredths; text that is neither counts as zero. */
export const amountOf = (v: IntOrPercent | undefined): number =>
  v === undefined ? 0 : (share(v) ?? (typeof v === 'number' ? v : Number.parseInt(v, 10) || 0));
