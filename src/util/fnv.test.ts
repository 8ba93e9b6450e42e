import { expect, it } from 'vitest';
import { fnv128 } from './fnv.js';

it('FNV-1a of 128 bits gives the published values', () => {
  expect(fnv128('')).toBe('6c62272e07bb014262b821756295c58d');
  expect(fnv128('a')).toBe('d228cb696f1a8caf78912b704e4a8964');
});
