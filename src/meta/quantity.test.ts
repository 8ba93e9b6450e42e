import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  asNumber,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  isQuantity,
  milliValue,
  parseQuantity,
  QuantityError,
  quantityFrom,
  quantityFromMilli,
  quantityValue,
  subtractQuantities,
} from './quantity.js';

it.each([
  ['0', '0'],
  ['1', '1'],
  ['+1', '1'],
  ['-1', '-1'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1000', '1k'],
  ['1000000', '1M'],
  ['1234', '1234'],
  ['1.5k', '1500'],
  ['1e3', '1e3'],
  ['1E3', '1e3'],
  ['1000e-3', '1'],
  ['100e3', '100e3'],
  ['1024Ki', '1Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['1Ei', '1Ei'],
  ['1u', '1u'],
  ['1n', '1n'],
  ['0.1n', '1n'],
  ['100000000000000000000', '9223372036854775807'],
  ['0Mi', '0'],
])('writes %s as %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
  expect(canonicalQuantity(canonical)).toBe(canonical);
});

it.each(['', 'much', '1Q', '1 Gi', '1.2.3', '--1', '1e', 'Ki', '1ki', '0x10'])('does not read %j', (text) => {
  expect(isQuantity(text)).toBe(false);
  expect(() => parseQuantity(text)).toThrow();
});

describe('arithmetic', () => {
  it('compares across units', () => {
    expect(compareQuantities('1Gi', '1G')).toBe(1);
    expect(compareQuantities('1000m', '1')).toBe(0);
    expect(compareQuantities('-1', '1n')).toBe(-1);
  });
  it('adds and subtracts in the form of the first', () => {
    expect(formatQuantity(addQuantities('100m', '900m'))).toBe('1');
    expect(formatQuantity(addQuantities('1Gi', '512Mi'))).toBe('1536Mi');
    expect(formatQuantity(subtractQuantities('1Gi', '1Gi'))).toBe('0');
    expect(formatQuantity(subtractQuantities('1', '250m'))).toBe('750m');
  });
  it('rounds whole values up', () => {
    expect(quantityValue('1.1')).toBe(2);
    expect(quantityValue('100m')).toBe(1);
    expect(quantityValue('1Gi')).toBe(1024 ** 3);
    expect(milliValue('250m')).toBe(250);
    expect(milliValue('1u')).toBe(1);
    expect(asNumber('1500m')).toBe(1.5);
  });
  it('makes quantities of numbers', () => {
    expect(formatQuantity(quantityFrom(2048, 'BinarySI'))).toBe('2Ki');
    expect(formatQuantity(quantityFromMilli(1500))).toBe('1500m');
  });
});

it.each([
  ['digits and a letter', `${'1'.repeat(60_000)}x`],
  ['points', '.'.repeat(100_000)],
  ['suffixes', `1${'E'.repeat(100_000)}!`],
  ['signs', '+'.repeat(100_000)],
  ['short of the limit', `${'1'.repeat(1999)}x`],
])('%s are refused at once', (_, text) => {
  const started = performance.now();
  for (let i = 0; i < 20; i++) expect(() => parseQuantity(text)).toThrow(QuantityError);
  expect(performance.now() - started).toBeLessThan(5000);
});
