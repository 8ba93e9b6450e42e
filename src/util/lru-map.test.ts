import { expect, it } from 'vitest';
import { LruMap } from './lru-map.js';

it('holds so many; the one used longest ago goes', () => {
  const m = new LruMap<string, number>(2);
  m.set('a', 1);
  m.set('b', 2);
  expect(m.get('a')).toBe(1);
  m.set('c', 3);
  expect([m.get('a'), m.get('b'), m.get('c'), m.size]).toEqual([1, undefined, 3, 2]);
  m.set('a', 4);
  m.set('d', 5);
  expect([m.get('a'), m.get('c'), m.get('d')]).toEqual([4, undefined, 5]);
});

it('200,000 cost what a thousand do, each', () => {
  const m = new LruMap<number, number>(4096);
  const began = performance.now();
  for (let i = 0; i < 200_000; i++) m.set(i, i);
  expect(m.size).toBe(4096);
  expect(performance.now() - began).toBeLessThan(5000);
});
