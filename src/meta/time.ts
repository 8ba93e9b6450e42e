/** Times as Go reads and writes them: RFC 3339, in UTC; `Time` to the second, `MicroTime` with six digits. */
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;
const LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** A time that cannot be read, in the words of Go's time.Parse. */
export class TimeError extends Error {}

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

/** `2026-01-01T00:00:00Z`; `fraction` digits of the second are kept, cut not rounded. */
export function normalizeTime(text: string, digits: 0 | 6): string {
  // Most times come as we write them: nothing to do.
  if (digits === 0 && text.length === 20 && text.charCodeAt(19) === 90 && isPlain(text)) return text;
  const m = RFC3339.exec(text);
  if (!m) throw new TimeError(parseFailure(text, digits));
  const [, year, month, day, hour, minute, second, fraction = '', zone] = m;
  checkRanges(text, m);
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const utc = new Date(Number(year) < 100 ? new Date(ms).setUTCFullYear(Number(year)) : ms);
  if (utc.getUTCDate() !== Number(day)) throw new TimeError(`parsing time ${JSON.stringify(text)}: day out of range`);
  const shifted = zone === 'Z' ? utc : new Date(utc.getTime() - offset(zone!));
  const date = `${pad(shifted.getUTCFullYear(), 4)}-${pad(shifted.getUTCMonth() + 1)}-${pad(shifted.getUTCDate())}`;
  const clock = `${pad(shifted.getUTCHours())}:${pad(shifted.getUTCMinutes())}:${pad(shifted.getUTCSeconds())}`;
  return `${date}T${clock}${digits ? `.${fraction.slice(0, digits).padEnd(digits, '0')}` : ''}Z`;
}

/** Milliseconds since the epoch of a time that was read before. */
export const timeMillis = (text: string): number => Date.parse(text);

function isPlain(text: string): boolean {
  if (
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  )
    return false;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19));
}

function offset(zone: string): number {
  const sign = zone[0] === '-' ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}

function checkRanges(text: string, m: RegExpExecArray): void {
  const out = (what: string) => new TimeError(`parsing time ${JSON.stringify(text)}: ${what} out of range`);
  if (Number(m[2]) < 1 || Number(m[2]) > 12) throw out('month');
  if (Number(m[3]) < 1 || Number(m[3]) > 31) throw out('day');
  if (Number(m[4]) > 23) throw out('hour');
  if (Number(m[5]) > 59) throw out('minute');
  if (Number(m[6]) > 59) throw out('second');
}

const STEPS: readonly [RegExp, string][] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
];

function parseFailure(text: string, digits: 0 | 6): string {
  const layout = digits ? MICRO_LAYOUT : LAYOUT;
  let rest = text;
  for (const [pattern, part] of STEPS) {
    const m = pattern.exec(rest);
    if (!m)
      return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`;
    rest = rest.slice(m[0].length);
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
}
