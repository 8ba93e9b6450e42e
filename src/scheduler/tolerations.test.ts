import { expect, it } from 'vitest';
import { matchesTerm } from '../api/core/node-affinity.js';
import { makeNode as node } from './testing/fixtures.js';
import { tolerates } from './tolerations.js';

it.each([
  ['In', ['a', 'b'], { k: 'b' }, true],
  ['In', ['a'], {}, false],
  ['NotIn', ['a'], { k: 'b' }, true],
  ['NotIn', ['a'], {}, true],
  ['NotIn', ['a'], { k: 'a' }, false],
  ['Exists', [], { k: '' }, true],
  ['Exists', [], {}, false],
  ['DoesNotExist', [], {}, true],
  ['Gt', ['5'], { k: '6' }, true],
  ['Gt', ['5'], { k: '5' }, false],
  ['Gt', ['5'], { k: 'x' }, false],
  ['Lt', ['5'], { k: '-1' }, true],
  ['Lt', ['5'], {}, false],
])('%s %o of %o: %s', (operator, values, labels, want) =>
  expect(matchesTerm({ matchExpressions: [{ key: 'k', operator: operator as 'In', values }] } as never, node('n', { labels }))).toBe(want),
);
it('matches a node by its name, and nothing with an empty term', () => {
  expect(matchesTerm({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] } as never, node('n'))).toBe(true);
  expect(matchesTerm({} as never, node('n'))).toBe(false);
});

it.each([
  [{ operator: 'Exists' }, true],
  [{ key: 'k', value: 'v' }, true],
  [{ key: 'k', value: 'w' }, false],
  [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
  [{ key: 'x', operator: 'Exists' }, false],
])('%o bears k=v:NoSchedule: %s', (t, want) => expect(tolerates(t as never, { key: 'k', value: 'v', effect: 'NoSchedule' })).toBe(want));
