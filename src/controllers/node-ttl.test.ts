import { expect, it } from 'vitest';
import { stepFor } from './node-ttl.js';

it.each([
  [0, 0, 0],
  [100, 0, 0],
  [101, 0, 1],
  [95, 1, 1],
  [89, 1, 0],
  [5000, 0, 4],
  [1801, 4, 4],
  [3, 4, 0],
])('%i nodes, from step %i: step %i', (nodes, from, to) => expect(stepFor(nodes, from)).toBe(to));
