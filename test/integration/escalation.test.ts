/** No one gains by writing a role what he does not have. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

const GROUP = 'rbac.authorization.k8s.io';
const ROLE = { apiVersion: `${GROUP}/v1`, kind: 'ClusterRole' } as const;
const BINDING = { apiVersion: `${GROUP}/v1`, kind: 'RoleBinding' } as const;
let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  const { client } = cluster;
  const rules = [{ apiGroups: [GROUP], resources: ['clusterroles', 'rolebindings'], verbs: ['get', 'update', 'patch'] }];
  await client.create({ ...ROLE, metadata: { name: 'mid' }, rules });
  await client.create({
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'mid' },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'mid' },
    subjects: [{ kind: 'User', apiGroup: GROUP, name: 'mid' }],
  });
});
afterAll(() => cluster.stop());
const mid = () => cluster.client.as({ user: 'mid' });

it('an aggregation rule takes all there is', async () => {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }] };
  await expect(mid().patch({ ...ROLE, name: 'mid' }, { aggregationRule }, { type: 'application/merge-patch+json' })).rejects.toMatchObject({
    code: 403,
    message: expect.stringContaining('must have cluster-admin privileges to use the aggregationRule'),
  });
});

it('a label aggregates a strong role into a weak one', async () => {
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  await expect(
    mid().patch({ ...ROLE, name: 'cluster-admin' }, { metadata: { labels } }, { type: 'application/merge-patch+json' }),
  ).rejects.toMatchObject({ code: 403 });
});

it('a binding whose role has gone loses its finalizers', async () => {
  const { client } = cluster;
  await client.create({ apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name: 'r', namespace: 'default' }, rules: [] });
  const roleRef = { apiGroup: GROUP, kind: 'Role', name: 'r' };
  await client.create({ ...BINDING, metadata: { name: 'rb', namespace: 'default', finalizers: ['x.io/f'] }, roleRef, subjects: [] });
  await client.delete({ apiVersion: `${GROUP}/v1`, kind: 'Role', namespace: 'default', name: 'r' });
  await client.delete({ ...BINDING, namespace: 'default', name: 'rb' });
  await mid().patch(
    { ...BINDING, namespace: 'default', name: 'rb' },
    { metadata: { finalizers: null } },
    { type: 'application/merge-patch+json' },
  );
  await expect(client.get({ ...BINDING, namespace: 'default', name: 'rb' })).rejects.toMatchObject({ code: 404 });
});
