import { expect, it } from 'vitest';
import { seededRandom } from '../util/random.js';
import { Heap } from './heap.js';

it('gives out what is left in order, whichever were taken out', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 300; round++) {
    const heap = new Heap<{ readonly n: number }>((a, b) => a.n < b.n);
    const items = Array.from({ length: 40 }, () => ({ n: Math.floor(random.float() * 100) }));
    for (const i of items) heap.push(i);
    const out = new Set(items.filter(() => random.float() < 0.3));
    for (const i of out) expect(heap.remove(i)).toBe(true);
    for (const i of out) expect([heap.remove(i), heap.has(i)]).toEqual([false, false]);
    const got: number[] = [];
    for (let i = heap.pop(); i; i = heap.pop()) got.push(i.n);
    expect(got).toEqual(
      items
        .filter((i) => !out.has(i))
        .map((i) => i.n)
        .sort((a, b) => a - b),
    );
    expect(heap.size).toBe(0);
  }
});
