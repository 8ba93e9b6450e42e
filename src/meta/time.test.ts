import { expect, it } from 'vitest';
import { CronError, type CronFields, parseCron } from './cron.js';
import { parseDuration } from './duration.js';
import { humanDuration } from './human-duration.js';
import { normalizeTime } from './time.js';

it.each([
  ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z', '2024-01-02T03:04:05.000000Z'],
  ['2024-01-02T03:04:05.123456789Z', '2024-01-02T03:04:05Z', '2024-01-02T03:04:05.123456Z'],
  ['2024-01-02T03:04:05+01:30', '2024-01-02T01:34:05Z', '2024-01-02T01:34:05.000000Z'],
])('writes the time %s as %s and %s', (text, seconds, micro) => {
  expect(normalizeTime(text, 0)).toBe(seconds);
  expect(normalizeTime(text, 6)).toBe(micro);
});

it.each(['', '2024-01-02', '2024-13-02T03:04:05Z', '2024-01-02 03:04:05Z', '2024-02-30T00:00:00Z'])('does not read the time %j', (text) => {
  expect(() => normalizeTime(text, 0)).toThrow();
});

it.each([
  [0, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [125_000, '2m5s'],
  [599_000, '9m59s'],
  [600_000, '10m'],
  [3 * 3_600_000 - 1, '179m'],
  [3 * 3_600_000 + 60_000, '3h1m'],
  [8 * 3_600_000, '8h'],
  [47 * 3_600_000, '47h'],
  [48 * 3_600_000, '2d'],
  [49 * 3_600_000, '2d1h'],
  [8 * 86_400_000, '8d'],
  [2 * 365 * 86_400_000, '2y'],
  [8 * 365 * 86_400_000 + 86_400_000, '8y'],
  [-1000, '0s'],
])('shows %d ms as %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

it.each([
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['-1.5s', -1500],
  ['0', 0],
  ['1', undefined],
  ['', undefined],
  ['1x', undefined],
])('reads the duration %j as %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it('reads cron schedules', () => {
  const s = parseCron('*/20 1-3,5 ? jan-mar SUN') as CronFields;
  expect([...s.minutes]).toEqual([0, 20, 40]);
  expect([...s.hours]).toEqual([1, 2, 3, 5]);
  expect([...s.months]).toEqual([1, 2, 3]);
  expect([...s.weekdays]).toEqual([0]);
  expect([s.anyDay, s.anyWeekday]).toEqual([true, false]);
  expect(parseCron('@hourly')).toEqual(parseCron('0 * * * *'));
  expect(parseCron('@every 90s')).toEqual({ every: 90_000 });
  expect(parseCron('TZ=Europe/Paris 0 0 * * *')).toMatchObject({ timeZone: 'Europe/Paris' });
  expect([...(parseCron('50/5 * * * *') as CronFields).minutes]).toEqual([50, 55]);
});

it.each([
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['3-1 * * * *', 'beginning of range (3) beyond end of range (1): 3-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['@soon', 'unrecognized descriptor: @soon'],
])('refuses the schedule %j: %s', (text, why) => {
  expect(() => parseCron(text)).toThrow(new CronError(why));
});
