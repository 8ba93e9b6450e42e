import { expect, it } from 'vitest';
import { overlap } from './indexes.js';

it.each<[string, string, number | undefined]>([
  ['', '', undefined],
  ['1,3-5', '2,6', undefined],
  ['1,3-5', '2,4', 4],
  ['0-9', '3', 3],
  ['7,1', '1', 1],
  ['x,2', '2,y', 2],
])('%j and %j share %s', (completed, failed, wanted) => {
  expect(overlap(completed, failed, 100)).toBe(wanted);
});

it('long lists are read once, not one for each of the other', () => {
  const every = (from: number): string => Array.from({ length: 100_000 }, (_, i) => 2 * i + from).join();
  const started = performance.now();
  expect(overlap(every(0), every(1), 1_000_000)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(5000);
});
