import { expect, it } from 'vitest';
import { parseSelector, selectorFromObject } from './labels.js';

it('a selector of a request has so many terms and no more; many values are looked up, not looked through', () => {
  const terms = (n: number) => Array.from({ length: n }, (_, i) => `!k${i}`).join(',');
  expect(parseSelector(terms(1000)).requirements).toHaveLength(1000);
  expect(() => parseSelector(terms(1001))).toThrow('more than 1000 requirements');
  const many = Array.from({ length: 100_000 }, (_, i) => `v${i}`);
  const selector = selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'In', values: many }] });
  let found = 0;
  for (let i = 0; i < 100_000; i++) if (selector.matches({ a: `v${i * 2}` })) found++;
  expect(found).toBe(50_000);
});
