import { describe, expect, it } from 'vitest';
import { SchemaRegistry } from '../schema/parse.js';
import { compare } from './compare.js';
import { difference, type FieldSet, intersection, paths, sortElements, union, without } from './field-set.js';
import { merge } from './merge.js';
import { type Json, planOf } from './plan.js';
import { prune, remove } from './remove.js';
import { toFieldSet } from './to-field-set.js';

const schemas = new SchemaRegistry();
schemas.register(
  't',
  `package t
version t/v1
Thing: kind
  1 metadata  Meta
  2 name      string
  3 always!   [string]        atomic
  4 labels    {string}
  5 whole     {string}        atomic
  6 spec      Spec
  7 ref?      Ref
  8 tags      [string]        set
  9 old       [Port]          merge(port)
Meta
  1 name   string
  2 labels {string}
Spec
  1 replicas?  int32
  2 ports      [Port]         map(port,protocol)
  3 strategy?  Strategy
  4 inner      Inner
Inner
  1 a string
  2 b string
Strategy
  1 type string
  2 max? IntOrString
Ref: atomic
  1 a string
  2 b string
Port
  1 port!    int32
  2 protocol string default("TCP")
  3 name     string
  4 hosts    [string] set
`,
);
const plan = planOf(schemas.type('t.Thing'));
const M = {};
const changes = (left: Json, right: Json): Json => {
  const c = compare(plan, left, right, (p) => p === 'metadata.name');
  return Object.fromEntries(Object.entries(c).filter(([, set]) => Object.keys(set as object).length));
};
const K = (port: number, protocol = 'TCP'): string => `k:{"port":${port},"protocol":"${protocol}"}`;

describe('sets of fields', () => {
  const a: FieldSet = { 'f:a': M, 'f:b': { '.': M, 'f:c': M } };
  it.each<[string, FieldSet, FieldSet]>([
    ['union keeps both', union(a, { 'f:b': { 'f:d': M }, 'f:0': M }), { 'f:0': M, 'f:a': M, 'f:b': { '.': M, 'f:c': M, 'f:d': M } }],
    ['union with a leaf makes a member of a parent', union({ 'f:b': { 'f:d': M } }, { 'f:b': M }), { 'f:b': { '.': M, 'f:d': M } }],
    ['difference with a leaf keeps what is below', difference(a, { 'f:b': M }), { 'f:a': M, 'f:b': { 'f:c': M } }],
    ['difference with a parent keeps the member', difference(a, { 'f:b': { 'f:c': M } }), { 'f:a': M, 'f:b': M }],
    ['difference leaves nothing', difference(a, a), {}],
    ['intersection', intersection(a, { 'f:b': { 'f:c': M, 'f:x': M }, 'f:z': M }), { 'f:b': { 'f:c': M } }],
    ['intersection of members', intersection(a, { 'f:b': M }), { 'f:b': M }],
    ['whole fields left out', without(a, ['f:b']), { 'f:a': M }],
  ])('%s', (_, got, want) => {
    expect(JSON.stringify(got)).toBe(JSON.stringify(want));
  });

  it('names paths', () => {
    expect(paths({ 'f:x': { [K(80)]: { '.': M, 'f:name': M } }, 'f:tags': { 'v:"a"': M } })).toEqual([
      '.x[port=80,protocol="TCP"]',
      '.x[port=80,protocol="TCP"].name',
      '.tags[="a"]',
    ]);
  });

  it('orders fields, keys with numbers as numbers, values', () => {
    const elements = ['v:2', 'v:10', K(443), K(80, 'UDP'), K(80), 'f:b', 'f:a'];
    expect(sortElements([...elements])).toEqual(['f:a', 'f:b', K(80), K(80, 'UDP'), K(443), 'v:2', 'v:10']);
  });
});

describe('compare', () => {
  it.each<[string, Json, Json, Json]>([
    ['nothing', { name: 'a', spec: { replicas: 1 } }, { spec: { replicas: 1 }, name: 'a' }, {}],
    ['a scalar', { name: 'a' }, { name: 'b' }, { modified: { 'f:name': M } }],
    ['a new map is a member and has members', {}, { labels: { a: '1' } }, { added: { 'f:labels': { '.': M, 'f:a': M } } }],
    ['an entry', { labels: { a: '1' } }, { labels: { a: '1', b: '2' } }, { added: { 'f:labels': { 'f:b': M } } }],
    ['a map that goes', { labels: { a: '1' } }, {}, { removed: { 'f:labels': { '.': M, 'f:a': M } } }],
    ['an empty map is a leaf', {}, { labels: {} }, { added: { 'f:labels': M } }],
    ['an atomic map', { whole: { a: '1' } }, { whole: { a: '2' } }, { modified: { 'f:whole': M } }],
    ['a list that was null', { always: null }, { always: ['a'] }, { modified: { 'f:always': M } }],
    [
      'a struct that was there',
      { spec: { inner: {} } },
      { spec: { inner: { a: 'x' } } },
      { added: { 'f:spec': { 'f:inner': { 'f:a': M } } } },
    ],
    [
      'a struct behind a pointer',
      { spec: {} },
      { spec: { strategy: { type: 'x' } } },
      { added: { 'f:spec': { 'f:strategy': { '.': M, 'f:type': M } } } },
    ],
    ['an atomic struct', { ref: { a: '1' } }, { ref: { a: '1', b: '2' } }, { modified: { 'f:ref': M } }],
    [
      'a set',
      { tags: ['a', 'b'] },
      { tags: ['b', 'c<'] },
      { added: { 'f:tags': { 'v:"c\\u003c"': M } }, removed: { 'f:tags': { 'v:"a"': M } } },
    ],
    [
      'items by keys, defaults filled in, in order',
      { spec: { ports: [{ port: 443 }] } },
      {
        spec: {
          ports: [
            { port: 443, name: 'x' },
            { port: 80, protocol: 'UDP' },
          ],
        },
      },
      { added: { 'f:spec': { 'f:ports': { [K(80, 'UDP')]: { '.': M, 'f:port': M, 'f:protocol': M }, [K(443)]: { 'f:name': M } } } } },
    ],
    ['another order of items', { spec: { ports: [{ port: 1 }, { port: 2 }] } }, { spec: { ports: [{ port: 2 }, { port: 1 }] } }, {}],
    [
      'the same key twice',
      { spec: { ports: [{ port: 1 }, { port: 1 }] } },
      { spec: { ports: [{ port: 1 }, { port: 1, name: 'x' }] } },
      { modified: { 'f:spec': { 'f:ports': { [K(1)]: M } } } },
    ],
    [
      'a list with a merge key only',
      {},
      { old: [{ port: 1 }] },
      { added: { 'f:old': { '.': M, 'k:{"port":1}': { '.': M, 'f:port': M } } } },
    ],
    [
      'what is nobody’s',
      { metadata: { name: 'a', labels: {} } },
      { metadata: { name: 'b', labels: { x: 'y' } } },
      { added: { 'f:metadata': { 'f:labels': { 'f:x': M } } } },
    ],
  ])('%s', (_, left, right, want) => {
    expect(JSON.stringify(changes(left, right))).toBe(JSON.stringify(want));
  });
});

describe('what an apply claims', () => {
  it.each<[string, Json, FieldSet]>([
    [
      'leaves, and items with a dot',
      { name: 'a', spec: { ports: [{ port: 80, hosts: ['h'] }] } },
      { 'f:name': M, 'f:spec': { 'f:ports': { [K(80)]: { '.': M, 'f:hosts': { 'v:"h"': M }, 'f:port': M } } } },
    ],
    ['empty objects', { labels: {}, spec: {} }, { 'f:labels': M, 'f:spec': M }],
    ['empty lists', { tags: [], always: [] }, { 'f:always': M }],
    ['null', { labels: null }, { 'f:labels': M }],
    ['entries of maps', { labels: { b: '1', a: '2' } }, { 'f:labels': { 'f:a': M, 'f:b': M } }],
  ])('%s', (_, object, want) => {
    expect(JSON.stringify(toFieldSet(plan, object))).toBe(JSON.stringify(want));
  });
  it('refuses what the type does not know', () => {
    expect(() => toFieldSet(plan, { spec: { inner: { c: 1 } } })).toThrow('.spec.inner.c: field not declared in schema');
  });
});

describe('merge', () => {
  const order = (live: number[], applied: number[]): number[] =>
    (
      (
        merge(plan, { spec: { ports: live.map((port) => ({ port })) } }, { spec: { ports: applied.map((port) => ({ port })) } })
          .spec as Json
      ).ports as { port: number }[]
    ).map((p) => p.port);
  it.each<[string, number[], number[], number[]]>([
    ['appends', [1, 2], [3], [1, 2, 3]],
    ['keeps the live order where both agree', [1, 2, 3], [2], [1, 2, 3]],
    ['takes the applied order', [1, 2], [2, 1], [2, 1]],
    ['keeps live items before the shared one they stood before', [1, 2, 3], [3, 9], [1, 2, 3, 9]],
    ['into nothing', [], [2, 1], [2, 1]],
  ])('%s', (_, live, applied, want) => {
    expect(order(live, applied)).toEqual(want);
  });
  it('takes leaves whole and keeps the rest', () => {
    expect(
      merge(
        plan,
        { name: 'a', whole: { a: '1' }, ref: { a: 'x' }, labels: { l: '1' } },
        { whole: { b: '2' }, ref: { b: 'y' }, labels: { k: '2' } },
      ),
    ).toEqual({ name: 'a', whole: { b: '2' }, ref: { b: 'y' }, labels: { l: '1', k: '2' } });
  });
  it('changes neither side', () => {
    const live = { spec: { ports: [{ port: 1 }] } };
    const applied = { spec: { ports: [{ port: 1, name: 'x' }] } };
    const before = JSON.stringify([live, applied]);
    merge(plan, live, applied);
    expect(JSON.stringify([live, applied])).toBe(before);
  });
});

describe('remove and prune', () => {
  const object = {
    metadata: { name: 'n' },
    labels: { a: '1', b: '2' },
    spec: { replicas: 1, ports: [{ port: 1, name: 'x' }, { port: 2 }] },
  };
  it('takes out members; what was emptied stays', () => {
    expect(
      remove(plan, object, {
        'f:labels': { 'f:a': M, 'f:b': M },
        'f:spec': { 'f:replicas': M, 'f:ports': { [K(1)]: { 'f:name': M }, [K(2)]: M } },
      }),
    ).toEqual({ metadata: { name: 'n' }, labels: {}, spec: { ports: [{ port: 1 }] } });
  });
  const NAME: FieldSet = { 'f:metadata': { 'f:name': M } };
  const ITEM_1: FieldSet = { 'f:spec': { 'f:ports': { [K(1)]: { '.': M, 'f:port': M, 'f:name': M } } } };
  it.each<[string, FieldSet, FieldSet, Json]>([
    ['given up by the only holder', { 'f:labels': { 'f:a': M } }, { ...NAME, 'f:labels': { 'f:b': M } }, { labels: { b: '2' } }],
    ['with the last field that anybody held, the whole', { 'f:labels': { 'f:a': M } }, NAME, { labels: undefined }],
    ['held by another', { 'f:labels': { 'f:a': M } }, { ...NAME, 'f:labels': { 'f:a': M } }, {}],
    [
      'an item goes with what nobody holds in it',
      ITEM_1,
      { ...NAME, 'f:spec': { 'f:ports': { [K(2)]: { '.': M, 'f:port': M } } } },
      { spec: { replicas: 1, ports: [{ port: 2 }] } },
    ],
    [
      'an item that another holds stays',
      ITEM_1,
      { ...NAME, 'f:spec': { 'f:ports': { [K(1)]: { '.': M, 'f:port': M } } } },
      { spec: { replicas: 1, ports: [{ port: 1 }, { port: 2 }] } },
    ],
    ['never applied before', {}, {}, {}],
  ])('%s', (_, last, held, want) => {
    expect(prune(plan, object, last, held)).toEqual({ ...object, ...want });
  });
});
