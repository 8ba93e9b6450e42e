/** What the credential of one node is good for: its own Node, lease and Pods, and what these refer to. Everything here was done by an attacker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { Cluster } from '../../src/index.js';

const MERGE = { type: 'application/merge-patch+json' } as const;
const MIRROR = { 'kubernetes.io/config.mirror': 'x' };
const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
const container = { name: 'c', image: 'i' };

let cluster: Cluster;
let admin: Client;
let node: Client;
let uid: string;
let mine: string;

beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  admin = cluster.client;
  node = admin.as({ user: 'system:node:evil', groups: ['system:nodes'] });
  uid = (await node.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'evil' } })).metadata.uid;
  await admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'good' } });
  for (const name of ['mine', 'theirs'])
    await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } });
  const own = await admin.create({
    ...POD,
    metadata: { name: 'mine', namespace: 'default', labels: { app: 'mine' } },
    spec: {
      nodeName: 'evil',
      serviceAccountName: 'mine',
      containers: [container],
      volumes: [
        { name: 's', secret: { secretName: 'mine' } },
        { name: 'v', persistentVolumeClaim: { claimName: 'mine' } },
        { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token' } }] } },
      ],
    },
  });
  mine = own.metadata.uid;
  await admin.create({
    ...POD,
    metadata: { name: 'theirs', namespace: 'default', labels: { app: 'theirs' } },
    spec: { nodeName: 'good', containers: [container] },
  });
  for (const name of ['mine', 'theirs']) {
    await admin.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } });
    await admin.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
    });
  }
});
afterAll(() => cluster.stop());

const patch = (path: string, body: object) => node.raw('PATCH', path, body, { contentType: MERGE.type });
const DEFAULT = '/api/v1/namespaces/default';

describe('refused', () => {
  const owner = (more: object = {}) => [{ apiVersion: 'v1', kind: 'Node', name: 'evil', uid, controller: true, ...more }];
  const mirror = (metadata: object, spec: object = {}) => ({
    metadata: { name: 'm', annotations: MIRROR, ...metadata },
    spec: { nodeName: 'evil', containers: [container], ...spec },
  });
  const create = (body: object) => node.raw('POST', '/api/v1/namespaces/kube-system/pods', body);
  const token = (spec: object, account = 'mine') => node.raw('POST', `${DEFAULT}/serviceaccounts/${account}/token`, { spec });
  const ref = (more: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: mine, ...more });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'labels through a Pod status',
      () => patch(`${DEFAULT}/pods/mine/status`, { metadata: { labels: { app: 'theirs' } } }),
      'cannot update labels through pod status',
    ],
    [
      'the status of a foreign Pod',
      () => patch(`${DEFAULT}/pods/theirs/status`, { status: { phase: 'Failed' } }),
      'can only update pod status for pods with spec.nodeName set to itself',
    ],
    ['the spec of its own Pod', () => patch(`${DEFAULT}/pods/mine`, { metadata: { labels: { a: 'b' } } }), 'cannot patch resource "pods"'],
    [
      'the status of a foreign claim',
      () => patch(`${DEFAULT}/persistentvolumeclaims/theirs/status`, { status: { phase: 'Bound' } }),
      "no relationship found between node 'evil' and this object",
    ],
    [
      'the phase of its own claim',
      () => patch(`${DEFAULT}/persistentvolumeclaims/mine/status`, { status: { phase: 'Lost' } }),
      'is not allowed to update fields other than status.quantity and status.conditions',
    ],
    [
      'a finalizer of its own claim',
      () => patch(`${DEFAULT}/persistentvolumeclaims/mine/status`, { metadata: { finalizers: ['x.io/y'] } }),
      'is not allowed to update fields other than',
    ],
    ['a mirror Pod without an owner', () => create(mirror({})), 'can only create pods with an owner reference set to itself'],
    [
      'a mirror Pod of a foreign controller',
      () => create(mirror({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true }] })),
      'can only create pods with an owner reference set to itself',
    ],
    [
      'a mirror Pod of two owners',
      () => create(mirror({ ownerReferences: [...owner(), { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' }] })),
      'can only create pods with a single owner reference set to itself',
    ],
    [
      'a mirror Pod not controlled by its node',
      () => create(mirror({ ownerReferences: owner({ controller: false }) })),
      'can only create pods with a controller owner reference set to itself',
    ],
    [
      'a mirror Pod that holds its node',
      () => create(mirror({ ownerReferences: owner({ blockOwnerDeletion: true }) })),
      'must not set blockOwnerDeletion on an owner reference',
    ],
    ['a mirror Pod of another node of that name', () => create(mirror({ ownerReferences: owner({ uid: 'u' }) })), 'UID mismatch'],
    [
      'a mirror Pod with an account',
      () => create(mirror({ ownerReferences: owner() }, { serviceAccountName: 'default' })),
      'service account',
    ],
    [
      'a mirror Pod with a claim made for it',
      () =>
        create(
          mirror(
            { ownerReferences: owner() },
            {
              volumes: [
                {
                  name: 'v',
                  ephemeral: {
                    volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
                  },
                },
              ],
            },
          ),
        ),
      'can not create pods that reference persistentvolumeclaims (via ephemeral volumes)',
    ],
    [
      'owners of its Node',
      () => patch('/api/v1/nodes/evil', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'good', uid: 'u' }] } }),
      'is not allowed to modify ownerReferences',
    ],
    ['taints of its Node', () => patch('/api/v1/nodes/evil', { spec: { taints: [] } }), 'is not allowed to modify taints'],
    ['another Node', () => patch('/api/v1/nodes/good/status', { status: { phase: 'Running' } }), 'is not allowed to modify node "good"'],
    [
      'a Node with a generated name',
      () => node.raw('POST', '/api/v1/nodes', { metadata: { generateName: 'evil' } }),
      'is not allowed to modify node ""',
    ],
    ['to delete its Node', () => node.raw('DELETE', '/api/v1/nodes/evil'), 'cannot delete resource "nodes"'],
    ['a token without a Pod', () => token({}), 'node requested token not bound to a pod'],
    ['a token for a Pod of another uid', () => token({ boundObjectRef: ref({ uid: 'u' }) }), 'does not match the UID in record'],
    [
      'a token for an audience no volume asks for',
      () => token({ audiences: ['bank'], boundObjectRef: ref() }),
      'audience "bank" not found in pod spec volume, system:node:evil is not authorized to request tokens for this audience',
    ],
    [
      'a token for two audiences',
      () => token({ audiences: ['vault', 'bank'], boundObjectRef: ref() }),
      'node may only request 0 or 1 audiences',
    ],
    [
      'a token of an account that none of its Pods has',
      () => token({ boundObjectRef: ref() }, 'theirs'),
      "no relationship found between node 'evil' and this object",
    ],
    [
      'a secret of another node',
      () => node.raw('GET', `${DEFAULT}/secrets/theirs`),
      "no relationship found between node 'evil' and this object",
    ],
    ['all secrets', () => node.raw('GET', `${DEFAULT}/secrets`), 'No Object name found'],
    [
      'a foreign account',
      () => node.raw('GET', `${DEFAULT}/serviceaccounts/theirs`),
      "no relationship found between node 'evil' and this object",
    ],
    [
      'a binding of a Pod',
      () => node.raw('POST', `${DEFAULT}/pods/theirs/binding`, { target: { kind: 'Node', name: 'evil' } }),
      'is forbidden',
    ],
    [
      'a slice of another node',
      () =>
        node.raw('POST', '/apis/resource.k8s.io/v1/resourceslices', {
          metadata: { name: 's' },
          spec: { driver: 'd.io', nodeName: 'good', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
        }),
      'can only create ResourceSlice with the same NodeName as the requesting node',
    ],
  ])('%s', async (_what, attack, message) => {
    await expect(attack()).rejects.toMatchObject({ code: 403, message: expect.stringContaining(message) });
  });

  it('a token of one account for the Pod of another', async () => {
    // By someone who may make tokens for every account: whose Pod it is still counts.
    const path = `${DEFAULT}/serviceaccounts/theirs/token`;
    await expect(admin.raw('POST', path, { spec: { boundObjectRef: ref() } })).rejects.toMatchObject({ code: 400 });
  });
});

it('evicting a foreign Pod spends nothing of its disruption budget', async () => {
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', namespace: 'default' } };
  const made = await admin.create({ ...budget, spec: { minAvailable: 1, selector: { matchLabels: { app: 'theirs' } } } } as never);
  await admin.raw(
    'PATCH',
    `${DEFAULT}/pods/theirs/status`,
    { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
    { contentType: MERGE.type },
  );
  const BUDGET = '/apis/policy/v1/namespaces/default/poddisruptionbudgets/b';
  const status = {
    observedGeneration: (made as { metadata: { generation?: number } }).metadata.generation ?? 1,
    disruptionsAllowed: 2,
    currentHealthy: 3,
    desiredHealthy: 1,
    expectedPods: 3,
  };
  await admin.raw('PATCH', `${BUDGET}/status`, { status }, { contentType: MERGE.type });
  const allowed = async () => ((await admin.raw('GET', BUDGET)) as { status: { disruptionsAllowed: number } }).status.disruptionsAllowed;
  const evict = (client: Client, more: object = {}) =>
    client.raw('POST', `${DEFAULT}/pods/theirs/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'theirs' },
      ...more,
    });
  await expect(evict(node)).rejects.toMatchObject({
    code: 403,
    message: expect.stringContaining('node evil can only evict pods with spec.nodeName set to itself'),
  });
  expect(await allowed()).toBe(2);
  await expect(evict(admin, { deleteOptions: { preconditions: { uid: 'other' } } })).rejects.toMatchObject({ code: 409 });
  await expect(evict(admin, { deleteOptions: { propagationPolicy: 'Somehow' } })).rejects.toMatchObject({ code: 422 });
  await evict(admin, { deleteOptions: { dryRun: ['All'] } });
  expect(await allowed()).toBe(2);
  await evict(admin, { deleteOptions: { gracePeriodSeconds: 60 } });
  expect(await allowed()).toBe(1);
  const gone = (await admin.get({ ...POD, namespace: 'default', name: 'theirs' })) as { status: { conditions?: object[] } };
  expect(gone.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
  );
});

it('what a kubelet needs it still gets', async () => {
  const reference = { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: mine };
  await node.raw('GET', `${DEFAULT}/secrets/mine`);
  await node.raw('GET', `${DEFAULT}/secrets?fieldSelector=metadata.name%3Dmine`);
  await node.raw('GET', `${DEFAULT}/serviceaccounts/mine`);
  await node.raw('GET', `${DEFAULT}/persistentvolumeclaims/mine`);
  await node.raw('GET', `${DEFAULT}/pods/mine`);
  await node.raw('GET', '/api/v1/nodes/evil');
  await node.raw('GET', '/api/v1/nodes?fieldSelector=metadata.name%3Devil');
  await node.raw('POST', `${DEFAULT}/serviceaccounts/mine/token`, { spec: { audiences: ['vault'], boundObjectRef: reference } });
  await node.raw('POST', `${DEFAULT}/serviceaccounts/mine/token`, { spec: { boundObjectRef: reference } });
  await patch(`${DEFAULT}/pods/mine/status`, { status: { phase: 'Running' } });
  await patch(`${DEFAULT}/persistentvolumeclaims/mine/status`, { status: { capacity: { storage: '2Gi' } } });
  await patch('/api/v1/nodes/evil/status', { status: { capacity: { cpu: '4' } } });
  await node.create({
    ...POD,
    metadata: {
      name: 'm',
      namespace: 'kube-system',
      annotations: MIRROR,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'evil', uid, controller: true }],
    },
    spec: { nodeName: 'evil', containers: [container] },
  });
  await node.raw('POST', `${DEFAULT}/pods/mine/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'mine' } });
});
