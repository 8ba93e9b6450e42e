/** What the scheduler and a binding leave behind on a Pod, and what is told of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

let c: Cluster;
beforeAll(async () => {
  c = await Cluster.start({ nodes: 0, clock: 'virtual', seed: 1 });
});
afterAll(() => c.stop());

const pod = (name: string, spec: object = {}) =>
  c.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  } as never);
const get = (name: string) => c.client.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name });
const told = async (name: string) =>
  (await c.client.list({ apiVersion: 'v1', kind: 'Event', namespace: 'default' })).items.filter((e) => e.involvedObject.name === name);
const readyNode = async (name: string, labels: Record<string, string>) => {
  await c.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } } as never);
  await c.client.patch(
    { apiVersion: 'v1', kind: 'Node', name },
    {
      status: {
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }],
        allocatable: { cpu: '2', memory: '1Gi', pods: '10' },
      },
    },
    { subresource: 'status' },
  );
};

it('a Pod that waits for a first node is bound, without a refusal by the node that still registers', async () => {
  await pod('first');
  await c.clock.advance!('30s');
  await readyNode('n1', { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r', 'kubernetes.io/os': 'linux' });
  await c.clock.advance!('15s');
  const bound = await get('first');
  expect(bound.spec.nodeName).toBe('n1');
  expect(bound.metadata.labels).toEqual({ 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r' });
  expect(bound.status.conditions?.find((x) => x.type === 'PodScheduled')).not.toHaveProperty('observedGeneration');
  expect(new Set((await told('first')).map((e) => e.message))).toEqual(
    new Set(['no nodes available to schedule pods', 'Successfully assigned default/first to n1']),
  );
});

it('the node got its TTL and its labels under their old names', async () => {
  const { metadata } = await c.client.get({ apiVersion: 'v1', kind: 'Node', name: 'n1' });
  expect(metadata.annotations).toMatchObject({ 'node.alpha.kubernetes.io/ttl': '0' });
  expect(metadata.labels).toMatchObject({ 'beta.kubernetes.io/os': 'linux' });
});

it('a Pod that changed and fails again is another event; one that is gated has no generation in its condition', async () => {
  const asks = (cpu: string) => ({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] });
  await pod('small', { ...asks('1'), nodeName: 'n1' });
  await pod('large', asks('3'));
  await pod('gated', { schedulingGates: [{ name: 'x.io/g' }] });
  await c.clock.advance!('5s');
  const failures = async () => (await told('large')).filter((e) => e.reason === 'FailedScheduling').length;
  const before = await failures();
  // Labels of its own help no Pod that wants room; room does that another Pod leaves.
  await c.client.patch({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'large' }, { metadata: { labels: { x: 'y' } } });
  await c.clock.advance!('20s');
  expect(await failures()).toBe(before);
  const small = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'small' } as const;
  await c.client.patch(small, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await c.clock.advance!('20s');
  expect(await failures()).toBe(before + 1);
  expect((await get('gated')).status.conditions?.[0]).toMatchObject({ reason: 'SchedulingGated' });
  expect((await get('gated')).status.conditions?.[0]).not.toHaveProperty('observedGeneration');
});

it('a Pod whose time on a tainted node was set, and who need not go', async () => {
  const tolerations = [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 100 }];
  await pod('patient', { nodeName: 'n1', tolerations });
  const taint = (taints: object[] | null) => c.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'n1' }, { spec: { taints } });
  await taint([{ key: 'k', effect: 'NoExecute' }]);
  await c.clock.advance!('10s');
  await taint(null);
  await c.clock.advance!('5m');
  expect((await get('patient')).metadata.deletionTimestamp).toBeUndefined();
  expect(await told('patient')).toMatchObject([
    { message: 'Cancelling deletion of Pod default/patient', source: { component: 'taint-eviction-controller' } },
  ]);
});

it('an owner in another namespace, and an owner in a namespace of something cluster-wide, are told of', async () => {
  await c.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
  const owner = await c.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner', namespace: 'other' } });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
  await c.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'lost', namespace: 'default', ownerReferences } });
  await c.client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'wide', ownerReferences },
    rules: [],
  } as never);
  await c.clock.advance!('5s');
  const said = (namespace: string) =>
    `ownerRef [v1/ConfigMap, namespace: ${namespace}, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "${namespace}"`;
  expect(await told('lost')).toMatchObject([{ reason: 'OwnerRefInvalidNamespace', message: said('default') }]);
  expect(await told('wide')).toMatchObject([{ reason: 'OwnerRefInvalidNamespace', message: said('') }]);
});

it('a namespace whose Pods still end counts nothing yet, and then says that they should have', async () => {
  await c.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } });
  await c.clock.advance!('1s');
  await c.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'hangs', namespace: 'going' },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
  } as never);
  await c.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'going' });
  const conditions = async () =>
    Object.fromEntries(
      ((await c.client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'going' })).status.conditions ?? []).map((x) => [x.type, x.reason]),
    );
  await c.clock.advance!('10s');
  expect(await conditions()).toMatchObject({
    NamespaceContentRemaining: 'ContentRemoved',
    NamespaceDeletionContentFailure: 'ContentDeleted',
  });
  await c.clock.advance!('30s');
  expect(await conditions()).toMatchObject({ NamespaceDeletionContentFailure: 'ContentDeletionFailed' });
});

it('endpoints are not made in a namespace that goes, and nobody tries for ever', async () => {
  await c.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ends' } });
  await c.client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'ends', finalizers: ['x.io/hold'] },
    spec: { selector: { a: 'b' }, ports: [{ port: 80 }] },
  } as never);
  await c.clock.advance!('5s');
  const slices = () => c.client.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'ends' });
  expect((await slices()).items).toHaveLength(1);
  await c.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'ends' });
  await c.clock.advance!('60s');
  expect((await slices()).items).toHaveLength(0);
});

it('a Pod that wants a label which its node got a moment ago runs', async () => {
  const live = await Cluster.start({ nodes: 1 });
  try {
    const node = { apiVersion: 'v1', kind: 'Node', name: 'node-0' } as const;
    await live.client.patch(node, { metadata: { labels: { fresh: 'yes' } } }, { type: 'application/merge-patch+json' });
    await live.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'late', namespace: 'default' },
      spec: { nodeSelector: { fresh: 'yes' }, containers: [{ name: 'c', image: 'i' }] },
    } as never);
    const phase = async () => (await live.client.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'late' })).status.phase;
    await expect.poll(phase, { timeout: 20_000 }).not.toBe('Pending');
    expect(await phase()).toBe('Running');
  } finally {
    await live.stop();
  }
});
