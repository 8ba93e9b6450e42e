/** Requests that once cost the square of their length, or broke what read them: over a running cluster each is answered promptly. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, clusterDoor, PROMPT_MS } from './raw.js';

const door = clusterDoor();
const NS = '/api/v1/namespaces/default';
beforeAll(async () => {
  await ask(door, { path: `${NS}/configmaps`, body: '{"metadata":{"name":"c"},"data":{"a":"b"}}' });
  await ask(door, {
    path: `${NS}/pods`,
    body: JSON.stringify({ metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'i' }] } }),
  });
});

const many = (n: number, of: (i: number) => unknown): unknown[] => Array.from({ length: n }, (_, i) => of(i));
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const container = (resources: object): string =>
  JSON.stringify({ metadata: { name: 'q' }, spec: { containers: [{ name: 'a', image: 'i', resources }] } });
const doubling = [{ op: 'add', path: '/x', value: ['aaaaaaaaaaaaaaaa'] }, ...many(100, () => ({ op: 'copy', from: '/x', path: '/x/-' }))];

it.each<[string, string, string, string, string, number]>([
  ['a quantity of 60,000 digits', 'POST', `${NS}/pods`, 'application/json', container({ limits: { cpu: '9'.repeat(60_000) } }), 400],
  [
    'a quantity with an exponent of 60,000 digits',
    'POST',
    `${NS}/pods`,
    'application/json',
    container({ limits: { cpu: `1e${'9'.repeat(60_000)}` } }),
    400,
  ],
  ['copies that double', 'PATCH', `${NS}/configmaps/c`, JSON_PATCH, JSON.stringify(doubling), 413],
  [
    '20,000 steps',
    'PATCH',
    `${NS}/configmaps/c`,
    JSON_PATCH,
    JSON.stringify(many(20_000, () => ({ op: 'test', path: '/data/a', value: 'b' }))),
    413,
  ],
  [
    '6,000 entries merged into 6,000',
    'PATCH',
    `${NS}/pods/p`,
    STRATEGIC,
    JSON.stringify({
      spec: {
        volumes: many(6000, (i) => ({ name: `v${5999 - i}`, emptyDir: {} })),
        '$setElementOrder/volumes': many(6000, (i) => ({ name: `v${5999 - i}` })),
      },
    }),
    422,
  ],
  [
    '30,000 ports alike, each a warning with each',
    'POST',
    `${NS}/pods`,
    'application/json',
    JSON.stringify({
      metadata: { name: 'ports' },
      spec: { containers: [{ name: 'a', image: 'i', ports: many(30_000, () => ({ containerPort: 1 })) }] },
    }),
    201,
  ],
])('%s', { timeout: 60_000 }, async (_, method, path, type, body, code) => {
  const answer = await ask(door, { method, path, type, body });
  expect(answer.code, answer.text.slice(0, 300)).toBe(code);
  expect(answer.ms).toBeLessThan(PROMPT_MS);
});

describe('continue tokens that nobody gave', () => {
  const token = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const v = 'meta.k8s.io/v1';
  it.each<[string, string, number]>([
    ['no base64', '%25%25', 400],
    ['no JSON', token('{'), 400],
    ['null', token(null), 400],
    ['a list', token([]), 400],
    ['no start', token({ v, rv: 1 }), 400],
    ['a revision that is a text', token({ v, rv: 'x', start: 'a' }), 400],
    ['a revision that is a fraction', token({ v, rv: 1.5, start: 'a' }), 400],
    ['a revision beyond numbers', token(`{"v":"${v}","rv":1e999,"start":"a"}`), 400],
    ['a revision to come', token({ v, rv: 2 ** 40, start: 'a' }), 400],
    ['deep', token('['.repeat(5_000)), 400],
  ])('%s', { timeout: 30_000 }, async (_, text, code) => {
    const answer = await ask(door, { path: `${NS}/configmaps?limit=1&continue=${text}` });
    expect(answer.code, answer.text.slice(0, 300)).toBe(code);
  });

  it.each(['../', '/registry/secrets/', '\0', 'kube-system/', '\uffff'])(
    'one that starts at %j leads out of no namespace',
    async (start) => {
      const answer = await ask(door, { path: `${NS}/configmaps?limit=500&continue=${token({ v, rv: -1, start })}` });
      const items = answer.code === 200 ? (JSON.parse(answer.text).items as { metadata: { namespace: string } }[]) : [];
      expect(answer.code).toBeLessThan(500);
      expect(items.every((i) => i.metadata.namespace === 'default')).toBe(true);
    },
  );
});

it.each(['True', 'T', '1', 'true'])('orphanDependents=%s orphans', async (word) => {
  const made = await ask(door, {
    path: `${NS}/configmaps`,
    body: `{"metadata":{"name":"orphan-${word.toLowerCase()}x${word.length}${word.charCodeAt(0)}","finalizers":["a.b/c"]}}`,
  });
  const { name } = JSON.parse(made.text).metadata;
  const left = JSON.parse((await ask(door, { method: 'DELETE', path: `${NS}/configmaps/${name}?orphanDependents=${word}` })).text);
  expect(left.metadata.finalizers).toContain('orphan');
});
