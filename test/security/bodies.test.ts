/** Bodies that cost more than they weigh: each is answered in a time in proportion to its bytes, and nobody waits meanwhile. */
import { describe, expect, it } from 'vitest';
import { ask, clusterDoor, PROMPT_MS } from './raw.js';

const door = clusterDoor();

const CM = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const keys = (n: number, of: (i: number) => string, separator: string) => Array.from({ length: n }, (_, i) => of(i)).join(separator);
const cm = (name: string, rest: object) => JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, ...rest });
const YAML = 'application/yaml';
const APPLY = 'application/apply-patch+yaml';

describe('reading', () => {
  it.each([
    [
      '50,000 keys in YAML',
      CM,
      'POST',
      YAML,
      `kind: ConfigMap\nmetadata: {name: keys}\ndata:\n${keys(50_000, (i) => `  k${i}: v`, '\n')}`,
      201,
    ],
    [
      '60,000 keys in an apply patch',
      `${CM}/nope?fieldManager=x`,
      'PATCH',
      APPLY,
      `apiVersion: v1\nkind: Secret\n${keys(60_000, (i) => `k${i}: v`, '\n')}`,
      400,
    ],
    [
      'an apply whose kind is a list, of an item without a key',
      `${CM}/listed?fieldManager=x`,
      'PATCH',
      APPLY,
      '{"apiVersion":"v1","kind":["ConfigMap"],"metadata":{"name":"listed","ownerReferences":[{}]}}',
      400,
    ],
    [
      'an apply whose apiVersion is a list',
      `${CM}/listed?fieldManager=x`,
      'PATCH',
      APPLY,
      '{"apiVersion":["v1"],"kind":"ConfigMap","metadata":{"name":"listed","ownerReferences":[{}]}}',
      400,
    ],
    ['wrong escapes', CM, 'POST', YAML, `a: "${'\\q'.repeat(200_000)}"`, 400],
    ['aliases that double', CM, 'POST', YAML, keys(40, (i) => `a${i}: &a${i} ${i ? `[*a${i - 1}, *a${i - 1}]` : 'x'}`, '\n'), 400],
    [
      'JSON 100,000 deep',
      CM,
      'POST',
      'application/json',
      `{"metadata":{"name":"deep"},"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      400,
    ],
    ['YAML 100,000 deep', CM, 'POST', YAML, `metadata: {name: deep}\nx: ${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
  ] as const)('%s', async (_, path, method, type, body, code) => {
    const answer = await ask(door, { path, method, type, body });
    expect(answer.code).toBe(code);
    expect(answer.ms).toBeLessThan(PROMPT_MS);
  });
});

describe('warnings', () => {
  it('25,000 unknown fields become no more warnings than fit', async () => {
    const body = cm('warned', Object.fromEntries(Array.from({ length: 25_000 }, (_, i) => [`field${i}`, 1])));
    const answer = await ask(door, { path: CM, body });
    expect(answer.code).toBe(201);
    const warnings = answer.rawHeaders.filter((_, i) => i % 2 === 0 && answer.rawHeaders[i]!.toLowerCase() === 'warning');
    expect(warnings.length).toBeGreaterThan(10);
    expect(warnings.length).toBeLessThanOrEqual(100);
  });

  it('long ones are cut to 256 characters once all are more than 4,096', async () => {
    const body = cm('long', Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${'x'.repeat(1000)}${i}`, 1])));
    const answer = await ask(door, { path: CM, body });
    expect(answer.code).toBe(201);
    const values = answer.rawHeaders.filter((_, i) => i % 2 === 1 && answer.rawHeaders[i - 1]!.toLowerCase() === 'warning');
    expect(Math.max(...values.map((v) => v.length))).toBeLessThan(300);
    expect(values.join('').length).toBeLessThan(6000);
  });

  it('doubled keys of YAML are told of, and refused by a strict reader', async () => {
    const body = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: twice}\ndata:\n  a: "1"\n  a: "2"\n';
    const strict = await ask(door, { path: `${CM}?fieldValidation=Strict`, type: YAML, body });
    expect(strict.code).toBe(400);
    expect(strict.text).toContain('line 6: key \\"a');
    const warned = await ask(door, { path: CM, type: YAML, body });
    expect([warned.code, JSON.parse(warned.text).data]).toEqual([201, { a: '2' }]);
    expect(warned.headers.warning).toContain('already set in map');
  });
});
void PODS;
