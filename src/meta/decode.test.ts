import { describe, expect, it } from 'vitest';
import { schemas } from '../api/schemas.js';
import { decode, type FieldValidation, zero } from './decode.js';
import { StatusError } from './errors.js';

const typeOf = (kind: string, apiVersion = 'v1') => schemas.kind(apiVersion, kind)!;
const read = (kind: string, body: object, mode: FieldValidation = 'Ignore', apiVersion = 'v1') =>
  decode(typeOf(kind, apiVersion), { apiVersion, kind, ...body }, mode);
const object = (kind: string, body: object, apiVersion = 'v1') => read(kind, body, 'Ignore', apiVersion).object;

function refusal(kind: string, body: object, apiVersion = 'v1'): string {
  try {
    object(kind, body, apiVersion);
  } catch (e) {
    if (e instanceof StatusError) return `${e.code} ${e.message}`;
    throw e;
  }
  return 'accepted';
}

describe('canonical form', () => {
  it('puts kind, apiVersion and metadata first, then the order of the schema', () => {
    const { object: pod } = decode(
      typeOf('Pod'),
      { status: {}, spec: { restartPolicy: 'Never', containers: [] }, metadata: {}, kind: 'Pod', apiVersion: 'v1' },
      'Ignore',
    );
    expect(Object.keys(pod)).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status']);
    expect(Object.keys(pod.spec as object)).toEqual(['containers', 'restartPolicy']);
  });

  it('drops nulls, and zero values of fields that Go leaves out', () => {
    expect(object('ConfigMap', { metadata: { name: 'a', labels: {}, generation: 0 }, data: null, immutable: false })).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      immutable: false,
    });
  });

  it('keeps what Go always writes: plain structures, and lists that are required as null', () => {
    expect(object('Service', { spec: {} })).toMatchObject({ spec: {}, status: { loadBalancer: {} } });
    expect(object('Pod', { spec: {} })).toMatchObject({ spec: { containers: null }, status: {} });
    expect(object('Role', {}, 'rbac.authorization.k8s.io/v1')).toMatchObject({ rules: null });
  });

  it('keeps a zero behind a pointer', () => {
    expect(object('Deployment', { spec: { replicas: 0 } }, 'apps/v1')).toMatchObject({ spec: { replicas: 0 } });
  });

  it('writes times and quantities their one way', () => {
    const pod = object('Pod', {
      metadata: { creationTimestamp: '2024-02-03T04:05:06.789+02:00' },
      spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1000m', memory: '1024Mi' } } }] },
    });
    expect(pod.metadata.creationTimestamp).toBe('2024-02-03T02:05:06Z');
    expect(pod).toMatchObject({ spec: { containers: [{ resources: { limits: { cpu: '1', memory: '1Gi' } } }] } });
    const lease = object('Lease', { spec: { renewTime: '2024-02-03T04:05:06.5Z' } }, 'coordination.k8s.io/v1');
    expect(lease).toMatchObject({ spec: { renewTime: '2024-02-03T04:05:06.500000Z' } });
  });

  it('takes numbers as quantities, and numbers or words where either may stand', () => {
    const service = object('Service', {
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 81, targetPort: 8081 },
        ],
      },
    });
    expect(service).toMatchObject({ spec: { ports: [{ targetPort: 'http' }, { targetPort: 8081 }] } });
    expect(object('PersistentVolume', { spec: { capacity: { storage: 1024 } } })).toMatchObject({
      spec: { capacity: { storage: '1024' } },
    });
  });

  it('does not change what it was given, and is its own fixed point', () => {
    const given = { metadata: { name: 'a', labels: { b: 'c' } }, data: { k: 'v' } };
    const before = structuredClone(given);
    const once = object('ConfigMap', given);
    expect(given).toEqual(before);
    expect(decode(typeOf('ConfigMap'), once, 'Strict')).toEqual({ object: once, problems: [] });
  });

  it('knows the empty object of a kind', () => {
    expect(zero(typeOf('Service'))).toMatchObject({ metadata: {}, spec: {}, status: { loadBalancer: {} } });
  });
});

describe('unknown fields', () => {
  const body = { metadata: { name: 'a', nope: 1 }, spec: { containers: [{ name: 'c', Image: 'x' }], foo: {} } };
  it('are dropped, and named where asked', () => {
    const { object: pod, problems } = read('Pod', body, 'Strict');
    expect(problems.sort()).toEqual([
      'unknown field "metadata.nope"',
      'unknown field "spec.containers[0].Image"',
      'unknown field "spec.foo"',
    ]);
    expect(pod).toMatchObject({ metadata: { name: 'a' }, spec: { containers: [{ name: 'c' }] } });
    expect(JSON.stringify(pod)).not.toMatch(/nope|Image|foo/);
  });
  it('are passed over in silence otherwise', () => {
    expect(read('Pod', body, 'Ignore').problems).toEqual([]);
  });
});

it.each([
  ['a number for text', 'ConfigMap', { data: { k: 7 } }],
  ['text for a structure', 'Pod', { spec: 'text' }],
  ['a structure for a list', 'Pod', { spec: { containers: {} } }],
  ['text for a number', 'Service', { spec: { ports: [{ port: 'x' }] } }],
  ['a number too large for int32', 'Service', { spec: { ports: [{ port: 2 ** 31 }] } }],
  ['a fraction for an integer', 'Service', { spec: { ports: [{ port: 1.5 }] } }],
  ['bytes that are not base64', 'Secret', { data: { k: '*' } }],
  ['a time that is none', 'Pod', { metadata: { creationTimestamp: 'yesterday' } }],
  ['a quantity that is none', 'PersistentVolume', { spec: { capacity: { storage: 'much' } } }],
])('refuses %s', (_what, kind, body) => {
  expect(refusal(kind, body)).toMatch(/^400 /);
});

it('says what stood where, in the words of Go', () => {
  expect(refusal('ConfigMap', { data: 'x' })).toBe(
    '400 json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string',
  );
});

describe('how much is in one object', () => {
  const data = (n: number) => ({ metadata: { name: 'a' }, data: Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, ''])) });
  const pod = (containers: number, each: object) => ({ spec: { containers: Array.from({ length: containers }, () => each) } });
  const tooLarge = '413 Request entity too large: lists and maps of more than 50000 entries';

  it.each<[string, string, object, string, string?]>([
    ['as many entries of a map as may be', 'ConfigMap', data(50_000), 'accepted'],
    ['more', 'ConfigMap', data(50_001), tooLarge],
    ['empty elements of a list', 'Pod', pod(50_001, {}), tooLarge],
    ['lists in lists, counted together', 'Pod', pod(10, { env: Array(5000).fill({}) }), tooLarge],
    [
      'schemas in a schema',
      'CustomResourceDefinition',
      { spec: { versions: [{ schema: { openAPIV3Schema: { items: Array(50_001).fill({}) } } }] } },
      tooLarge,
      'apiextensions.k8s.io/v1',
    ],
  ])('%s', (_, kind, body, said, apiVersion) => expect(refusal(kind, body, apiVersion)).toBe(said));

  it('is not what stands in fields without a type', () => {
    const fieldsV1 = data(60_000).data;
    expect(refusal('ConfigMap', { metadata: { managedFields: [{ manager: 'm', fieldsV1 }] } })).toBe('accepted');
  });
});
