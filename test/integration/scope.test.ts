/** What a path names decides who may: a resource is not to be reached at another scope than its own. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

const RBAC = 'rbac.authorization.k8s.io';
let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  const { client } = cluster;
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  await client.create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'all', namespace: 'default' }, rules });
  await client.create({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'all', namespace: 'default' },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'all' },
    subjects: [{ kind: 'User', apiGroup: RBAC, name: 'tenant' }],
  });
});
afterAll(() => cluster.stop());

it.each([
  ['GET', '/api/v1/namespaces/default/nodes', 404],
  ['GET', '/api/v1/watch/namespaces/default/nodes', 404],
  ['GET', '/api/v1/namespaces/default/namespaces/kube-system', 404],
  ['DELETE', '/api/v1/namespaces/default/namespaces/kube-node-lease', 404],
  ['POST', `/apis/${RBAC}/v1/namespaces/default/clusterrolebindings`, 404],
])('who may do everything in a namespace is refused %s %s', async (method, path, code) => {
  await expect(cluster.client.as({ user: 'tenant' }).raw(method, path, method === 'POST' ? {} : undefined)).rejects.toMatchObject({ code });
});

it.each([
  ['DELETE', '/api/v1/configmaps', 405],
  ['POST', '/api/v1/configmaps', 405],
  ['GET', '/api/v1/configmaps/a', 404],
])('there is no %s %s', async (method, path, code) => {
  await expect(cluster.client.raw(method, path, method === 'POST' ? {} : undefined)).rejects.toMatchObject({ code });
});
