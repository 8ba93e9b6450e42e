/** Cron schedules as CronJobs write them: five fields or a word like `@daily`. Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax */
import { table } from '../util/own.js';
import { parseDuration } from './duration.js';

/** Which minutes, hours, … a schedule names. Where either day field is a star, both must fit; otherwise one of them is enough. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  readonly anyDay: boolean;
  readonly anyWeekday: boolean;
  /** Of an old `TZ=` or `CRON_TZ=` in front. */
  readonly timeZone?: string;
}
/** A fixed time between runs, in milliseconds: `@every 1h30m`. */
export interface CronInterval {
  readonly every: number;
}
export type CronSchedule = CronFields | CronInterval;

export class CronError extends Error {}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}
const numbered = (words: string, from: number): Record<string, number> =>
  Object.fromEntries(words.split(' ').map((word, i) => [word, i + from]));
const MINUTES: Bounds = { min: 0, max: 59 };
const HOURS: Bounds = { min: 0, max: 23 };
const DAYS: Bounds = { min: 1, max: 31 };
const MONTHS: Bounds = { min: 1, max: 12, names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1) };
const WEEKDAYS: Bounds = { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) };

const WORDS: Readonly<Record<string, string>> = table({
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
});

/** Throws CronError with what is wrong. */
export function parseCron(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string');
  if (/^(?:CRON_)?TZ=\S*$/.test(text)) throw new CronError('invalid schedule format: runtime error: slice bounds out of range [:-1]');
  const zone = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/s.exec(text);
  const timeZone = zone?.[1];
  const spec = zone ? zone[2]!.trim() : text;
  if (spec.startsWith('@every ')) return { every: interval(spec) };
  if (spec.startsWith('@') && !WORDS[spec]) throw new CronError(`unrecognized descriptor: ${spec}`);
  const fields = (WORDS[spec] ?? spec).split(/\s+/).filter(Boolean);
  if (fields.length !== 5) throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const [minutes, hours, days, months, weekdays] = [MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS].map((b, i) => list(fields[i]!, b)) as [
    List,
    List,
    List,
    List,
    List,
  ];
  return {
    minutes: minutes.values,
    hours: hours.values,
    days: days.values,
    months: months.values,
    weekdays: weekdays.values,
    anyDay: days.any,
    anyWeekday: weekdays.any,
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

function interval(spec: string): number {
  const text = spec.slice('@every '.length);
  const ms = parseDuration(text);
  if (ms === undefined) throw new CronError(`failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(text)}`);
  return Math.max(1000, Math.floor(ms / 1000) * 1000);
}

interface List {
  readonly values: Set<number>;
  readonly any: boolean;
}

function list(field: string, bounds: Bounds): List {
  const values = new Set<number>();
  let any = false;
  for (const expression of field.split(',').filter(Boolean)) {
    const range = readRange(expression, bounds);
    any ||= range.any;
    for (let n = range.start; n <= range.end; n += range.step) values.add(n);
  }
  return { values, any };
}

function readRange(expression: string, { min, max, names }: Bounds): { start: number; end: number; step: number; any: boolean } {
  const [range = '', stepText, ...moreSteps] = expression.split('/');
  const [low = '', high, ...moreEnds] = range.split('-');
  const star = low === '*' || low === '?';
  if (!star && moreEnds.length) throw new CronError(`too many hyphens: ${expression}`);
  const start = star ? min : numberOf(low, names);
  const last = star ? max : high === undefined ? start : numberOf(high, names);
  if (moreSteps.length) throw new CronError(`too many slashes: ${expression}`);
  const step = stepText === undefined ? 1 : numberOf(stepText);
  const end = stepText !== undefined && high === undefined ? max : last;
  if (start < min) throw new CronError(`beginning of range (${start}) below minimum (${min}): ${expression}`);
  if (end > max) throw new CronError(`end of range (${end}) above maximum (${max}): ${expression}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${expression}`);
  return { start, end, step, any: star && step === 1 };
}

function numberOf(text: string, names?: Readonly<Record<string, number>>): number {
  const named = names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[+-]?\d+$/.test(text))
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const n = Number(text);
  if (n < 0) throw new CronError(`negative number (${n}) not allowed: ${text}`);
  return n;
}
