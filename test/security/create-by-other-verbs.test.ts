/** Whoever may change an object is not therefore allowed to make one: apply and PUT ask for `create` where they would create. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { Cluster } from '../../src/index.js';

const RBAC = 'rbac.authorization.k8s.io';
let cluster: Cluster;
let changer: Client;
let maker: Client;

async function user(name: string, verbs: string[]): Promise<Client> {
  const { client } = cluster;
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs }];
  await client.create({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules });
  const [roleRef, subjects] = [{ apiGroup: RBAC, kind: 'ClusterRole', name }, [{ kind: 'User', apiGroup: RBAC, name }]];
  await client.create({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
  return client.as({ user: name });
}

beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  changer = await user('changer', ['get', 'list', 'watch', 'update', 'patch']);
  maker = await user('maker', ['get', 'create', 'update', 'patch']);
});
afterAll(() => cluster.stop());

const apply = (client: Client, path: string, body: object) =>
  client.raw('PATCH', `${path}?fieldManager=t`, body, { contentType: 'application/apply-patch+yaml' });
const put = (client: Client, path: string, body: object) => client.raw('PUT', path, body);
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'p' }, spec: {} };
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const IN_DEFAULT = 'in the namespace "default"';

const CASES: [string, typeof apply, string, object, string][] = [
  [
    'apply of a Pod',
    apply,
    '/api/v1/namespaces/default/pods/p',
    pod,
    `pods "p" is forbidden: User "changer" cannot create resource "pods" in API group "" ${IN_DEFAULT}`,
  ],
  [
    'apply of a Lease',
    apply,
    `${LEASES}/p`,
    lease,
    `leases.coordination.k8s.io "p" is forbidden: User "changer" cannot create resource "leases" in API group "coordination.k8s.io" ${IN_DEFAULT}`,
  ],
  [
    'PUT of a Lease',
    put,
    `${LEASES}/p`,
    lease,
    `leases.coordination.k8s.io "p" is forbidden: User "changer" cannot create resource "leases" in API group "coordination.k8s.io" ${IN_DEFAULT}`,
  ],
  [
    'apply of a Namespace',
    apply,
    '/api/v1/namespaces/p',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'p' } },
    'namespaces "p" is forbidden: User "changer" cannot create resource "namespaces" in API group "" in the namespace "p"',
  ],
  [
    'PUT of an Endpoints',
    put,
    '/api/v1/namespaces/default/endpoints/p',
    { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'p' } },
    `endpoints "p" is forbidden: User "changer" cannot create resource "endpoints" in API group "" ${IN_DEFAULT}`,
  ],
];

it.each(CASES)('%s without create', async (_what, send, path, body, message) => {
  await expect(send(changer, path, body)).rejects.toMatchObject({ code: 403, message: expect.stringContaining(message) });
  await expect(cluster.client.raw('GET', path)).rejects.toMatchObject({ code: 404 });
});

it.each(CASES.filter(([, send]) => send === apply))('%s with create, then changed without it', async (_what, send, path, body) => {
  await send(maker, path, body);
  await send(changer, path, body);
});
