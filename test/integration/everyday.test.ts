/** What people do every day with manifests of elsewhere and clients of every kind, with the answers that Kubernetes 1.36 gives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';
import type { ApiObject } from '../../src/meta/object.js';

let c: Cluster;
beforeAll(async () => {
  c = await Cluster.start({ nodes: 0, clock: 'virtual', seed: 1 });
});
afterAll(() => c.stop());

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
const deployment = (name: string, container: object = {}, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i', ...container }] } },
    ...more,
  },
});
const apply = (object: { metadata: { name: string } }, manager = 'kubectl', more = '') =>
  c.client.raw('PATCH', `/apis/apps/v1/namespaces/default/deployments/${object.metadata.name}?fieldManager=${manager}${more}`, object, {
    contentType: 'application/apply-patch+yaml',
  });
const at = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name }) as const;
const config = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name }) as const;

describe('manifests that were exported elsewhere', () => {
  const ELSEWHERE = { creationTimestamp: '2001-01-01T00:00:00Z', generation: 99, selfLink: '/x' };
  let born: string;
  beforeAll(async () => {
    await c.client.create(deployment('exported') as never);
    born = (await c.client.get(at('exported'))).metadata.creationTimestamp;
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'replace',
      async () => {
        const live = (await c.client.get(at('exported'))) as object as { metadata: object };
        return c.client.update({ ...live, metadata: { ...live.metadata, ...ELSEWHERE, resourceVersion: undefined } } as never);
      },
    ],
    ['a merge patch', () => c.client.patch(at('exported'), { metadata: ELSEWHERE }, { type: 'application/merge-patch+json' })],
    [
      'a strategic patch',
      () => c.client.patch(at('exported'), { metadata: ELSEWHERE }, { type: 'application/strategic-merge-patch+json' }),
    ],
    [
      'server-side apply',
      () => apply({ ...deployment('exported'), metadata: { name: 'exported', ...ELSEWHERE } } as never, 'x', '&force=true'),
    ],
  ])('%s: what the server owns keeps its value, in silence', async (_what, write) => {
    await write();
    const { metadata } = await c.client.get(at('exported'));
    expect(metadata.creationTimestamp).toBe(born);
    expect(metadata.generation).toBeLessThan(ELSEWHERE.generation);
    expect(metadata).not.toHaveProperty('selfLink');
  });

  it('a Pod whose manifest names no priority is replaced: what admission filled in stays', async () => {
    await c.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    } as never);
    const live = (await c.client.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p' })) as never as {
      metadata: object;
      spec: object;
    };
    const { priority: _, preemptionPolicy: __, ...spec } = live.spec as Record<string, unknown>;
    const next = await c.client.update({
      ...live,
      metadata: { ...live.metadata, labels: { a: 'b' }, resourceVersion: undefined },
      spec,
    } as never);
    expect(next).toMatchObject({ spec: { priority: 0, preemptionPolicy: 'PreemptLowerPriority' } });
  });
});

describe('what is wrong with an applied configuration', () => {
  const wrong = (text: string) => `failed to create typed patch object (default/d1; apps/v1, Kind=Deployment): ${text}`;
  const C = '.spec.template.spec.containers[name="c"]';
  it.each<[string, object, string]>([
    [
      'the same variable twice',
      deployment('d1', { env: [{ name: 'A' }, { name: 'A' }] }),
      `${C}.env: duplicate entries for key [name="A"]`,
    ],
    ['a text for a number', deployment('d1', {}, { replicas: 'x' }), '.spec.replicas: expected numeric (int or float), got string'],
    ['a field that is not declared', deployment('d1', {}, { nonsense: 1 }), '.spec.nonsense: field not declared in schema'],
  ])('%s', async (_what, object, text) => {
    await expect(apply(object as never)).rejects.toMatchObject({ code: 500, reason: '', message: wrong(text) });
  });
});

describe('patches that do not fit the type', () => {
  beforeAll(async () => {
    await c.client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', namespace: 'default' },
      data: { k: 'v' },
    } as never);
  });
  it.each<[string, object, string, string]>([
    [
      'strategic, a number for a text',
      { data: { k: 1 } },
      'application/strategic-merge-patch+json',
      'Invalid value: "map[data:map[k:1]]": cannot convert int64 to string',
    ],
    [
      'strategic, a list for a map',
      { data: [] },
      'application/strategic-merge-patch+json',
      'Invalid value: "map[data:[]]": cannot restore map from slice',
    ],
  ])('%s', async (_what, patch, type, message) => {
    await expect(c.client.patch(config('x'), patch, { type: type as never })).rejects.toMatchObject({
      code: 422,
      status: { details: { causes: [{ field: 'patch', message }] } },
    });
  });

  it('merge, and JSON: the object that would be is shown', async () => {
    for (const [patch, type] of [
      [{ data: { k: 1 } }, 'application/merge-patch+json'],
      [[{ op: 'replace', path: '/data/k', value: 1 }], 'application/json-patch+json'],
    ] as const)
      await expect(c.client.patch(config('x'), patch as never, { type })).rejects.toMatchObject({
        code: 422,
        status: {
          details: { causes: [{ field: 'patch', message: expect.stringContaining('json: cannot unmarshal number into Go struct field') }] },
        },
      });
  });
});

describe('scale', () => {
  const scale = (method: string, body: object, query = '', type = 'application/json') =>
    c.client.raw(method, `/apis/apps/v1/namespaces/default/deployments/scaled/scale${query}`, body, { contentType: type });
  const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled', namespace: 'default' } };
  beforeAll(async () => {
    await apply(deployment('scaled'), 'owner');
  });

  it('applied by another is a conflict, and taken by force it is his', async () => {
    const applied = (query: string) => scale('PATCH', { ...SCALE, spec: { replicas: 3 } }, query, 'application/apply-patch+yaml');
    await expect(applied('?fieldManager=scaler')).rejects.toMatchObject({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "owner": .spec.replicas',
    });
    await applied('?fieldManager=scaler&force=true');
    const { metadata, spec } = await c.client.get(at('scaled'));
    expect(spec.replicas).toBe(3);
    expect(metadata.managedFields?.find((e) => e.manager === 'scaler')).toMatchObject({
      operation: 'Apply',
      apiVersion: 'apps/v1',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    expect(JSON.stringify(metadata.managedFields?.find((e) => e.manager === 'owner'))).not.toContain('f:replicas');
  });

  it('patched and put as before, and refused below zero', async () => {
    await scale('PATCH', { spec: { replicas: 2 } }, '', 'application/merge-patch+json');
    await scale('PUT', { ...SCALE, spec: { replicas: 4 } });
    expect((await c.client.get(at('scaled'))).spec.replicas).toBe(4);
    await expect(scale('PUT', { ...SCALE, spec: { replicas: -1 } })).rejects.toMatchObject({ code: 422 });
    await expect(scale('PATCH', { spec: { replicas: 'x' } }, '', 'application/merge-patch+json')).rejects.toMatchObject({ code: 422 });
    await expect(scale('PUT', { ...SCALE, metadata: { name: 'other' } })).rejects.toMatchObject({ code: 400 });
  });
});

it('kubectl apply --server-side after kubectl apply: no conflict, and the annotation follows', async () => {
  const before = deployment('moved');
  await c.client.raw('POST', '/apis/apps/v1/namespaces/default/deployments?fieldManager=kubectl-client-side-apply', {
    ...before,
    metadata: { ...before.metadata, annotations: { [LAST]: `${JSON.stringify(before)}\n` } },
  });
  await apply(deployment('moved', { image: 'j' }));
  const live = await c.client.get(at('moved'));
  expect(live.spec.template.spec.containers[0]!.image).toBe('j');
  expect(JSON.parse(live.metadata.annotations![LAST]!)).toEqual(deployment('moved', { image: 'j' }));
});

describe('what the API server makes at its start it keeps', () => {
  it.each([
    ['the kubernetes Service', { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' }],
    ['its Endpoints', { apiVersion: 'v1', kind: 'Endpoints', namespace: 'default', name: 'kubernetes' }],
    ['its EndpointSlice', { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default', name: 'kubernetes' }],
    ['a system namespace', { apiVersion: 'v1', kind: 'Namespace', name: 'kube-node-lease' }],
    ['an APIService', { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: 'v1.apps' }],
    ['a flow schema', { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', name: 'exempt' }],
    ['the service range', { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', name: 'kubernetes' }],
    [
      'the authorities of clients',
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
    ],
  ])('%s', async (_what, place) => {
    const uid = async () => ((await c.client.get(place as never)) as ApiObject).metadata.uid;
    const before = await uid();
    await c.client.delete(place as never);
    await c.clock.advance!('30s');
    expect(await uid()).not.toBe(before);
  });
});

describe('patterns of a CustomResourceDefinition are RE2', () => {
  const crd = (pattern: string) =>
    c.client.raw('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'string', pattern } } } },
          },
        ],
      },
    });
  it.each(['^(?i)(abort|warn)?$', '\\-', '[[:alpha:]]'])('%s is accepted', async (pattern) => {
    await crd(pattern);
  });
  it.each([
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
  ])('%s is refused', async (pattern, why) => {
    await expect(crd(pattern)).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining(`must be a valid regular expression, but isn't: ${why}`),
    });
  });
});
