import { describe, expect, it } from 'vitest';
import {
  ANNOTATIONS_LIMIT,
  type MetadataRules,
  validateConditions,
  validateLabelSelector,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './metadata.js';
import { subdomainName } from './names.js';
import type { AnyObject } from './object.js';

const rules: MetadataRules = { namespaced: true, validateName: subdomainName };
const object = (metadata: object): AnyObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b', ...metadata } }) as unknown as AnyObject;
const faults = (metadata: object, with_: Partial<MetadataRules> = {}) =>
  validateObjectMeta(object(metadata), { ...rules, ...with_ }).map((e) => `${e.field}: ${e.message.split(':')[0]}`);
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };

describe('on create', () => {
  it.each([
    [{}, []],
    [{ name: '' }, ['metadata.name: Required value']],
    [{ name: 'A' }, ['metadata.name: Invalid value']],
    [{ name: 'a', generateName: 'A' }, ['metadata.generateName: Invalid value']],
    [{ namespace: '' }, ['metadata.namespace: Required value']],
    [{ generation: -1 }, ['metadata.generation: Invalid value']],
    [{ labels: { '-': 'x' } }, ['metadata.labels: Invalid value']],
    [{ labels: { a: '-' } }, ['metadata.labels: Invalid value']],
    [{ annotations: { 'a b': '' } }, ['metadata.annotations: Invalid value']],
    [{ annotations: { A: 'anything at all' } }, []],
    [{ annotations: { a: 'x'.repeat(ANNOTATIONS_LIMIT) } }, ['metadata.annotations: Too long']],
    [{ ownerReferences: [owner] }, []],
    [{ ownerReferences: [{ ...owner, uid: '' }] }, ['metadata.ownerReferences.uid: Invalid value']],
    [
      {
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, name: 'q', uid: 'v', controller: true },
        ],
      },
      ['metadata.ownerReferences: Invalid value'],
    ],
    [{ ownerReferences: [{ ...owner, apiVersion: 'v1', kind: 'Event' }] }, ['metadata.ownerReferences: Invalid value']],
    [{ finalizers: ['example.com/x'] }, []],
    [{ finalizers: ['x'] }, ['metadata.finalizers[0]: Invalid value']],
    [{ finalizers: ['orphan', 'foregroundDeletion'] }, ['metadata.finalizers: Invalid value']],
  ])('%j: %j', (metadata, expected) => {
    expect(faults(metadata)).toEqual(expected);
  });

  it('lets some kinds have any finalizer, and refuses a namespace where there is none', () => {
    expect(faults({ finalizers: ['x'] }, { anyFinalizer: true })).toEqual([]);
    expect(faults({}, { namespaced: false })).toEqual(['metadata.namespace: Forbidden']);
  });
});

describe('on update', () => {
  const changes = (before: object, after: object) => [
    ...new Set(validateObjectMetaUpdate(object(after), object(before), rules).map((e) => `${e.field}: ${e.message}`)),
  ];
  const set = { uid: 'u', creationTimestamp: '2024-01-01T00:00:00Z' };
  it('keeps what identifies the object', () => {
    expect(changes(set, set)).toEqual([]);
    expect(changes(set, { ...set, uid: 'v' })).toEqual(['metadata.uid: Invalid value: "v": field is immutable']);
    expect(changes(set, { ...set, name: 'z' })).toEqual(['metadata.name: Invalid value: "z": field is immutable']);
    expect(changes({ ...set, generation: 2 }, { ...set, generation: 1 })).toEqual([
      'metadata.generation: Invalid value: 1: must not be decremented',
    ]);
  });
  it('adds no finalizers to an object that is being deleted', () => {
    const going = { ...set, deletionTimestamp: '2024-01-02T00:00:00Z', finalizers: ['x/a'] };
    expect(changes(going, { ...going, finalizers: [] })).toEqual([]);
    expect(changes(going, { ...going, finalizers: ['x/a', 'x/b'] })[0]).toMatch(
      /^metadata.finalizers: Forbidden: no new finalizers can be added/,
    );
  });
});

it('checks label selectors of objects', () => {
  const fields = (selector: object) => validateLabelSelector(selector as never, 's').map((e) => e.field);
  expect(fields({ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] })).toEqual([]);
  expect(fields({ matchLabels: { '-': 'b' } })).toEqual(['s.matchLabels']);
  expect(fields({ matchExpressions: [{ key: 'a', operator: 'In' }] })).toEqual(['s.matchExpressions[0].values']);
  expect(fields({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] })).toEqual(['s.matchExpressions[0].values']);
  expect(fields({ matchExpressions: [{ key: 'a', operator: 'Nope' }] })).toEqual(['s.matchExpressions[0].operator']);
});

it('checks conditions', () => {
  const good = { type: 'Ready', status: 'True', reason: 'Fine', message: '', lastTransitionTime: '2024-01-01T00:00:00Z' };
  expect(validateConditions([good] as never, 'c')).toEqual([]);
  expect(validateConditions([good, good] as never, 'c').map((e) => `${e.field} ${e.reason}`)).toEqual(['c[1].type FieldValueDuplicate']);
  expect(validateConditions([{ ...good, status: 'Maybe', reason: '' }] as never, 'c').map((e) => e.field)).toEqual([
    'c[0].status',
    'c[0].reason',
  ]);
});
