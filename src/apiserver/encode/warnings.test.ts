import { expect, it } from 'vitest';
import { warningHeaders } from './warnings.js';

const many = (n: number, length: number) => Array.from({ length: n }, (_, i) => `${i}`.padEnd(length, 'x'));

it.each([
  ['none', [], 0, 0],
  ['the same one twice', ['a', 'a', ''], 1, 9],
  ['what fits stays whole', many(4, 1024), 4, 1032],
  ['more than fits is cut', many(5, 1024), 5, 264],
  ['and ends', many(10_000, 1000), 16, 264],
  ['short ones end, too', many(10_000, 10), 410, 18],
  ['one of a megabyte', ['x'.repeat(1 << 20)], 1, 264],
])('%s', (_, warnings, count, longest) => {
  const headers = warningHeaders(warnings);
  expect([headers.length, Math.max(0, ...headers.map((h) => h.length))]).toEqual([count, longest]);
});

it('any script becomes a header', () => {
  expect(warningHeaders(['ünknown "f\n\x7f"'])).toEqual(['299 - "Ã¼nknown \\"f\\n?\\""']);
});
