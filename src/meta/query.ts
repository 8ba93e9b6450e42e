/**
 * Options in a query, read as the original converts them to its types. Only an absent value, `0` and `false` (in any case) are false; anything
 * else is true, an empty value as well: clients write `True`, `yes`, `?watch`.
 */
import { goBool } from '../util/go-bool.js';

export const isTrue = (value: string | null | undefined): boolean =>
  value !== null && value !== undefined && value !== '0' && value.toLowerCase() !== 'false';

export const queryBool = (query: URLSearchParams, name: string): boolean => isTrue(query.get(name));

/** Undefined where it is absent. */
export const optionalBool = (query: URLSearchParams, name: string): boolean | undefined =>
  query.get(name) === null ? undefined : isTrue(query.get(name));

/** What asks for indented answers is read more narrowly. */
export const isPretty = (value: string): boolean => goBool(value) === true;
