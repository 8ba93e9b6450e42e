import { expect, it } from 'vitest';
import { resourceOf } from '../../api/table.js';
import { checkApplied } from './check.js';

const { type } = resourceOf('apps', 'v1', 'deployments')!;
const container = (more: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { template: { spec: { containers: [{ name: 'c', ...more }] } } },
});
const C = '.spec.template.spec.containers[name="c"]';
const OMITS = (keys: string) =>
  `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;

it.each<[string, object, string | undefined]>([
  ['nothing wrong', container({ env: [{ name: 'A', value: '1' }, { name: 'B' }], ports: [{ containerPort: 1 }] }), undefined],
  ['null stands for anything', container({ env: null, image: null }), undefined],
  ['a quantity is a text or a number', container({ resources: { limits: { cpu: 1, memory: '1Gi' } } }), undefined],
  ['the same item twice', container({ env: [{ name: 'A' }, { name: 'A' }] }), `${C}.env: duplicate entries for key [name="A"]`],
  [
    'the same item twice, by a default',
    container({ ports: [{ containerPort: 1 }, { containerPort: 1, protocol: 'TCP' }] }),
    `${C}.ports: duplicate entries for key [containerPort=1,protocol="TCP"]`,
  ],
  ['an item without its key', container({ env: [{ value: 'x' }] }), `${C}.env: element 0: ${OMITS('"name"')}`],
  ['an item that is no object', container({ env: ['x'] }), `${C}.env: element 0: associative list with keys may not have non-map elements`],
  ['an item that is null', container({ env: [null] }), `${C}.env: element 0: associative list with keys may not have a null element`],
  [
    'a set with an object in it',
    { metadata: { finalizers: [{ a: 'b' }] } },
    `.metadata.finalizers: element 0: associative list without keys has an element that's a map type`,
  ],
  [
    'a set with the same value twice',
    { metadata: { finalizers: ['a/b', 'a/b'] } },
    '.metadata.finalizers: duplicate entries for key [="a/b"]',
  ],
  ['an undeclared field', { spec: { nonsense: 1 } }, '.spec.nonsense: field not declared in schema'],
  [
    'an undeclared field in a list that is one value',
    container({ args: ['a'], command: [1] }),
    `${C}.command[0]: expected string, got &value.valueUnstructured{Value:1}`,
  ],
  ['a text for a number', { spec: { replicas: 'x' } }, '.spec.replicas: expected numeric (int or float), got string'],
  ['a number for a text', container({ image: 1 }), `${C}.image: expected string, got &value.valueUnstructured{Value:1}`],
  ['a text for a truth', { spec: { paused: 'yes' } }, '.spec.paused: expected boolean, got &{yes}'],
  ['an object for a list', container({ env: { a: [1, 'b'] } }), `${C}.env: expected list, got &{map[a:[1 b]]}`],
  ['a list for an object', { spec: [] }, '.spec: expected map, got &{[]}'],
  [
    'an object for a quantity',
    container({ resources: { limits: { cpu: {} } } }),
    `${C}.resources.limits.cpu: expected any scalar, got &{map[]}`,
  ],
  [
    'two things',
    { spec: { paused: 1, replicas: 'x' } },
    'errors:\n  .spec.paused: expected boolean, got &{1}\n  .spec.replicas: expected numeric (int or float), got string',
  ],
])('%s', (_what, object, wanted) => expect(checkApplied(type, object)).toBe(wanted));

it('what is wrong with a large body is said in a short text', () => {
  const object = container({ env: Array.from({ length: 20_000 }, () => ({ name: 'A' })), image: 'x'.repeat(100_000).split('') });
  expect(checkApplied(type, object)!.length).toBeLessThan(100_000);
});
