/** Quantities (`500m`, `128Mi`, `1e3`) as numbers, for sums of requests and limits. The text form of the API is kept elsewhere. */

import { table } from '../util/own.js';

const FACTORS: Readonly<Record<string, number>> = table({
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
});

export type Amounts = Readonly<Record<string, string>> | undefined;

/** In units (cores, bytes). What the API has stored is well-formed; anything else is an error that shows the text. */
export function amount(text: string | number): number {
  const m = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(text));
  if (!m) throw new RangeError(`not a quantity: "${text}"`);
  return Number(m[1]) * (m[2] ? 10 ** Number(m[2]) : FACTORS[m[3] ?? '']!);
}

/** In thousandths, rounded up: how CPU is counted. */
export const milli = (text: string | number): number => Math.ceil(Number((amount(text) * 1000).toFixed(6)));

/** The amount of a resource; undefined when it is not named. */
export const of = (list: Amounts, name: string): number | undefined => (list?.[name] === undefined ? undefined : amount(list[name]));
export const milliOf = (list: Amounts, name: string): number | undefined => (list?.[name] === undefined ? undefined : milli(list[name]));
