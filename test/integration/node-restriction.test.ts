/** What a node that fell into wrong hands may not do. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { Cluster } from '../../src/index.js';

let cluster: Cluster;
let node: Client;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  node = cluster.client.as({ user: 'system:node:evil', groups: ['system:nodes'] });
  await node.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'evil' } });
});
afterAll(() => cluster.stop());

const mirror = { 'kubernetes.io/config.mirror': 'x' };
const spec = { nodeName: 'evil', containers: [{ name: 'c', image: 'i' }] };
it.each([
  [
    'a mirror pod that opens a secret',
    'POST',
    '/api/v1/namespaces/kube-system/pods',
    { metadata: { name: 'm', annotations: mirror }, spec: { ...spec, volumes: [{ name: 'v', secret: { secretName: 's' } }] } },
  ],
  ['a token without a pod', 'POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} }],
  ['the lease of another node', 'POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', { metadata: { name: 'other' } }],
  ['the CSINode of another node', 'POST', '/apis/storage.k8s.io/v1/csinodes', { metadata: { name: 'other' }, spec: { drivers: [] } }],
  ['all pods', 'GET', '/api/v1/pods', undefined],
  ['all nodes', 'GET', '/api/v1/nodes', undefined],
])('%s', async (_what, method, path, body) => {
  await cluster.client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'p', namespace: 'default' }, spec });
  await expect(node.raw(method, path, body)).rejects.toMatchObject({ code: 403 });
});

it('a label of Kubernetes, but its own', async () => {
  const label = (labels: object) =>
    node.patch({ apiVersion: 'v1', kind: 'Node', name: 'evil' }, { metadata: { labels } }, { type: 'application/merge-patch+json' });
  await expect(label({ 'node-role.kubernetes.io/control-plane': '' })).rejects.toMatchObject({ code: 403 });
  await label({ 'topology.kubernetes.io/zone': 'a', 'example.com/x': 'y' });
});

it('its own pods', async () => {
  await node.raw('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Devil');
  await node.raw('GET', '/api/v1/nodes?fieldSelector=metadata.name%3Devil');
});
