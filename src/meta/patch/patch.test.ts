import { describe, expect, it } from 'vitest';
import { schemas } from '../../api/schemas.js';
import { StatusError } from '../errors.js';
import { jsonPatch, OPERATION_LIMIT } from './json-patch.js';
import { mergePatch } from './merge-patch.js';
import { strategicMergePatch } from './strategic.js';

const codeOf = (f: () => unknown): number => {
  try {
    f();
  } catch (e) {
    if (e instanceof StatusError) return e.code;
    throw e;
  }
  return 200;
};

describe('JSON Patch', () => {
  const object = { a: { b: [1, 2, 3], 'x/y': 1, 'm~n': 2 } };
  it.each([
    [[{ op: 'add', path: '/a/c', value: 1 }], { a: { ...object.a, c: 1 } }],
    [[{ op: 'add', path: '/a/b/1', value: 9 }], { a: { ...object.a, b: [1, 9, 2, 3] } }],
    [[{ op: 'add', path: '/a/b/-', value: 4 }], { a: { ...object.a, b: [1, 2, 3, 4] } }],
    [[{ op: 'remove', path: '/a/b/0' }], { a: { ...object.a, b: [2, 3] } }],
    [[{ op: 'replace', path: '/a/x~1y', value: 5 }], { a: { ...object.a, 'x/y': 5 } }],
    [[{ op: 'remove', path: '/a/m~0n' }], { a: { b: [1, 2, 3], 'x/y': 1 } }],
    [[{ op: 'move', from: '/a/b/0', path: '/c' }], { a: { ...object.a, b: [2, 3] }, c: 1 }],
    [[{ op: 'copy', from: '/a/b', path: '/c' }], { ...object, c: [1, 2, 3] }],
    [[{ op: 'test', path: '/a/b', value: [1, 2, 3] }], object],
    [[{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
    [[], object],
  ])('%j', (patch, expected) => {
    const before = structuredClone(object);
    expect(jsonPatch(object, patch)).toEqual(expected);
    expect(object).toEqual(before);
  });

  it.each([
    [[{ op: 'test', path: '/a/b/0', value: 2 }]],
    [[{ op: 'remove', path: '/nope' }]],
    [[{ op: 'replace', path: '/nope', value: 1 }]],
    [[{ op: 'add', path: '/no/such', value: 1 }]],
    [[{ op: 'add', path: '/a/b/9', value: 1 }]],
  ])('%j cannot be done', (patch) => {
    expect(codeOf(() => jsonPatch(object, patch))).toBe(422);
  });

  it('refuses what is no patch, and one that is too long', () => {
    expect(codeOf(() => jsonPatch(object, { op: 'add' }))).toBe(400);
    const many = Array.from({ length: OPERATION_LIMIT + 1 }, () => ({ op: 'test', path: '', value: object }));
    expect(codeOf(() => jsonPatch(object, many))).toBe(413);
  });
});

it.each([
  [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
  [{ a: 1 }, { a: null }, {}],
  [{ a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
  [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
  [{ a: 1 }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
])('merge patch: %j with %j', (current, patch, expected) => {
  expect(mergePatch(current, patch)).toEqual(expected);
});

describe('strategic merge patch', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', finalizers: ['x/a', 'x/b'], labels: { a: '1', b: '2' } },
    spec: {
      containers: [
        { name: 'one', image: 'a', env: [{ name: 'E', value: '1' }], args: ['x', 'y'] },
        { name: 'two', image: 'b' },
      ],
      tolerations: [{ key: 'k' }],
      restartPolicy: 'Always',
    },
  };
  const apply = (patch: object) => strategicMergePatch(pod, patch as Record<string, unknown>, schemas.kind('v1', 'Pod')!) as typeof pod;
  const containers = (list: unknown[], more: object = {}) => apply({ spec: { containers: list, ...more } }).spec.containers;

  it('merges lists by their key, and adds what is new', () => {
    const merged = containers([
      { name: 'two', image: 'c' },
      { name: 'three', image: 'd' },
    ]);
    expect(new Set(merged.map((c) => `${c.name} ${c.image}`))).toEqual(new Set(['one a', 'two c', 'three d']));
    expect(containers([{ name: 'one', env: [{ name: 'F', value: '2' }] }]).find((c) => c.name === 'one')).toMatchObject({
      image: 'a',
      env: expect.arrayContaining([
        { name: 'E', value: '1' },
        { name: 'F', value: '2' },
      ]) as unknown,
    });
  });

  it('takes elements away, and whole lists', () => {
    expect(containers([{ name: 'one', $patch: 'delete' }])).toEqual([{ name: 'two', image: 'b' }]);
    expect(containers([{ name: 'x', image: 'y' }, { $patch: 'replace' }])).toEqual([{ name: 'x', image: 'y' }]);
  });

  it('puts elements in the order that is asked for', () => {
    expect(
      containers([{ name: 'two', image: 'c' }], { '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] }).map((c) => c.name),
    ).toEqual(['two', 'one']);
  });

  it('replaces lists without a key, and merges those of words', () => {
    expect(apply({ spec: { tolerations: [{ key: 'z' }] } }).spec.tolerations).toEqual([{ key: 'z' }]);
    expect(containers([{ name: 'one', args: ['z'] }])[0]!.args).toEqual(['z']);
    expect(apply({ metadata: { finalizers: ['x/c'] } }).metadata.finalizers).toEqual(['x/c', 'x/a', 'x/b']);
    expect(apply({ metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'] } }).metadata.finalizers).toEqual(['x/b']);
  });

  it('merges maps, and takes keys away with null', () => {
    expect(apply({ metadata: { labels: { a: null, c: '3' } } }).metadata.labels).toEqual({ b: '2', c: '3' });
    expect(apply({ metadata: { labels: { $patch: 'replace', z: '1' } } }).metadata.labels).toEqual({ z: '1' });
  });

  it('keeps only the keys that are listed', () => {
    const type = schemas.kind('apps/v1', 'Deployment')!;
    const deployment = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    expect(strategicMergePatch(deployment, patch, type)).toEqual({ spec: { strategy: { type: 'Recreate' } } });
  });

  it('refuses what it does not know, and elements without their key', () => {
    expect(codeOf(() => apply({ spec: { $patch: 'shuffle' } }))).toBe(400);
    expect(codeOf(() => containers([{ image: 'x' }]))).not.toBe(200);
  });

  it('changes neither the object nor the patch', () => {
    const before = structuredClone(pod);
    const patch = { spec: { containers: [{ name: 'one', image: 'z' }] } };
    apply(patch);
    expect(pod).toEqual(before);
    expect(patch).toEqual({ spec: { containers: [{ name: 'one', image: 'z' }] } });
  });
});

// Each took from five seconds to minutes, or a gigabyte, where a step looked through a list for each item of another.
describe('the work is in proportion to what was sent', () => {
  const N = 30_000;
  const env = (value: string) => Array.from({ length: N }, (_, i) => ({ name: `N${i}`, value }));
  const names = (reverse = false) => (reverse ? env('').reverse() : env('')).map(({ name }) => ({ name }));
  const pod = { spec: { containers: [{ name: 'c', env: env('1') }] }, metadata: { finalizers: env('').map((e) => `x/${e.name}`) } };
  const type = schemas.kind('v1', 'Pod')!;
  const container = (more: object) => ({ spec: { containers: [{ name: 'c', ...more }] } });
  it.each([
    ['items merged with as many', container({ env: env('2').reverse() })],
    ['items in another order', container({ env: [], '$setElementOrder/env': names(true) })],
    ['items taken away', container({ env: names().map((n) => ({ ...n, $patch: 'delete' })) })],
    ['words taken away', { metadata: { '$deleteFromPrimitiveList/finalizers': pod.metadata.finalizers } }],
    ['words added', { metadata: { finalizers: env('').map((e) => `y/${e.name}`) } }],
  ])('strategic: %s', (_, patch) => {
    const started = performance.now();
    strategicMergePatch(pod, patch as Record<string, unknown>, type);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  const doubling = [
    { op: 'add', path: '/a', value: 'x'.repeat(100) },
    ...Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/k${i}` })),
  ];
  const list = (n: number) => Array.from({ length: n }, () => 0);
  it.each([
    ['copies that double', {}, doubling, 413],
    ['copies within their size', { a: { b: 'x'.repeat(1000) } }, doubling.slice(1, 4), 200],
    ['insertions in front of a long list', { a: list(1_000_000) }, list(9999).map(() => ({ op: 'add', path: '/a/0', value: 1 })), 413],
    ['removals from the front', { a: list(1_000_000) }, list(9999).map(() => ({ op: 'remove', path: '/a/0' })), 413],
    [
      'tests of a large object',
      Object.fromEntries(list(100_000).map((_, i) => [`k${i}`, 1])),
      list(9999).map(() => ({ op: 'test', path: '', value: {} })),
      422,
    ],
    [
      'tests of a large object that hold',
      { a: Object.fromEntries(list(10_000).map((_, i) => [`k${i}`, 1])) },
      [{ op: 'copy', from: '/a', path: '/b' }, ...list(9998).map(() => ({ op: 'test', path: '/b', value: { k1: 1 } }))],
      422,
    ],
    [
      'ever deeper',
      { a: {} },
      list(2000).flatMap(() => [
        { op: 'add', path: '/b', value: {} },
        { op: 'move', from: '/a', path: '/b/a' },
        { op: 'move', from: '/b', path: '/a' },
      ]),
      400,
    ],
  ])('JSON: %s', (_, object, patch, code) => {
    const started = performance.now();
    expect(codeOf(() => jsonPatch(object, patch))).toBe(code);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('keys that objects have of themselves are keys like others', () => {
    const own = JSON.parse('{"__proto__":{"a":"1"},"constructor":"x"}') as Record<string, unknown>;
    const patched = JSON.parse('{"m":{"__proto__":{"a":"1"},"constructor":"x"}}') as Record<string, unknown>;
    expect(mergePatch({ m: {} }, { m: own })).toStrictEqual(patched);
    expect(strategicMergePatch({ m: {} }, { m: own }, type)).toStrictEqual(patched);
    expect(
      jsonPatch({ m: {} }, [
        { op: 'add', path: '/m/__proto__', value: { a: '1' } },
        { op: 'add', path: '/m/constructor', value: 'x' },
      ]),
    ).toStrictEqual(patched);
    expect(codeOf(() => jsonPatch({ m: {} }, [{ op: 'test', path: '/m/constructor/name', value: 'Object' }]))).toBe(422);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});
