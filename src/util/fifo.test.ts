import { expect, it } from 'vitest';
import { Fifo } from './fifo.js';

it('gives in the order of coming, over its own trimming, and knows places', () => {
  const f = new Fifo<number>();
  let next = 0;
  let out = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 100; i++) f.push(next++);
    for (let i = 0; i < 90; i++) expect(f.shift()).toBe(out++);
    expect([f.length, f.at(0), f.at(f.length - 1), f.at(f.length)]).toEqual([next - out, out, next - 1, undefined]);
  }
  expect(f.drain()).toEqual(Array.from({ length: next - out }, (_, i) => out + i));
  expect([f.length, f.shift(), f.drain()]).toEqual([0, undefined, []]);
  f.push(1);
  expect(f.shift()).toBe(1);
});
