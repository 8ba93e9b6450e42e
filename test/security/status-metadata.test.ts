/** Whoever may write the status of an object may relabel it, hold it or give it away only where the original lets him. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
});
afterAll(() => cluster.stop());

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const selector = { matchLabels: { a: 'b' } };
const NS = 'namespaces/default';
/** Of labels, annotations, finalizers and ownerReferences, those that a write to the status changes. */
it.each<[string, string, object, string[]]>([
  [
    'Deployment',
    `/apis/apps/v1/${NS}/deployments`,
    { spec: { selector, template, replicas: 0 } },
    ['annotations', 'finalizers', 'ownerReferences'],
  ],
  [
    'ReplicaSet',
    `/apis/apps/v1/${NS}/replicasets`,
    { spec: { selector, template, replicas: 0 } },
    ['labels', 'annotations', 'finalizers', 'ownerReferences'],
  ],
  ['Pod', `/api/v1/${NS}/pods`, { spec: template.spec }, ['labels', 'annotations', 'finalizers']],
  ['ResourceClaim', `/apis/resource.k8s.io/v1/${NS}/resourceclaims`, { spec: { devices: {} } }, []],
  [
    'VolumeAttachment',
    '/apis/storage.k8s.io/v1/volumeattachments',
    { spec: { attacher: 'a.io', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
    [],
  ],
  ['ServiceCIDR', '/apis/networking.k8s.io/v1/servicecidrs', { spec: { cidrs: ['10.200.0.0/24'] } }, []],
  [
    'PriorityLevelConfiguration',
    '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } } },
    [],
  ],
])('%s', async (_kind, path, object, changes) => {
  const { client } = cluster;
  await client.raw('POST', path, { metadata: { name: 's', labels: { a: 'b' }, annotations: { a: 'b' } }, ...object });
  const before = ((await client.raw('GET', `${path}/s`)) as { metadata: Record<string, unknown> }).metadata;
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };
  const metadata: Record<string, unknown> = { labels: { a: 'c' }, annotations: { a: 'c' }, finalizers: ['a/b'], ownerReferences: [owner] };
  const next = (await client.raw('PATCH', `${path}/s/status`, { metadata }, { contentType: 'application/merge-patch+json' })) as {
    metadata: Record<string, unknown>;
  };
  for (const field of Object.keys(metadata))
    expect([field, next.metadata[field]]).toEqual([field, changes.includes(field) ? metadata[field] : before[field]]);
});
