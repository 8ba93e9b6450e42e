import { expect, it } from 'vitest';
import { parseDuration } from './duration.js';

it.each([
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['-.5s', -500],
  ['+1ms', 1],
  ['1h1h', 7_200_000],
  ['2us', 0.002],
  ['2µs', 0.002],
  ['0', 0],
  ['-0', 0],
  ['', undefined],
  ['-', undefined],
  ['1', undefined],
  ['s', undefined],
  ['.s', undefined],
  ['1..5s', undefined],
  ['1d', undefined],
  ['1s ', undefined],
  ['constructor', undefined],
  ['1constructor', undefined],
  [`${'1'.repeat(100_000)}`, undefined],
  [`${'1s'.repeat(50_000)}x`, undefined],
  [`${'1.1m'.repeat(50_000)}`, 3_300_000_000],
])('%.20j', (text, ms) => {
  const parsed = parseDuration(text);
  if (ms === undefined) expect(parsed).toBeUndefined();
  else expect(parsed).toBeCloseTo(ms, 0);
});
