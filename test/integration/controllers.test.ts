/** Controllers in a whole cluster on a virtual clock: what they do about changes that others make. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

let c: Cluster;
beforeAll(async () => {
  c = await Cluster.start({ nodes: 1, clock: 'virtual', seed: 1 });
});
afterAll(() => c.stop());

const in_ = <A extends string, K extends string>(apiVersion: A, kind: K, name: string) =>
  ({ apiVersion, kind, namespace: 'default', name }) as const;
const template = (labels: Record<string, string>) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'pause' }] },
});
const deployment = (name: string) =>
  c.client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: template({ app: name }) },
  } as never);
const service = (name: string, more: object = {}) =>
  c.client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...more },
  } as never);

it('Endpoints that were deleted by hand come back; those of a Service that is gone do not; a name elsewhere has none', async () => {
  await deployment('web');
  await service('web');
  await service('elsewhere', { type: 'ExternalName', externalName: 'example.com' });
  await c.clock.advance!('20s');
  const place = in_('v1', 'Endpoints', 'web');
  const { subsets } = (await c.client.get(place)) as { subsets?: object[] };
  expect(subsets).toHaveLength(1);
  await c.client.delete(place);
  await c.clock.advance!('1s');
  expect(await c.client.get(place)).toMatchObject({ subsets });
  await expect(c.client.get(in_('v1', 'Endpoints', 'elsewhere'))).rejects.toMatchObject({ reason: 'NotFound' });
  await c.client.delete(in_('v1', 'Service', 'web'));
  await c.clock.advance!('5s');
  await expect(c.client.get(place)).rejects.toMatchObject({ reason: 'NotFound' });
});

it('what bound pods report does not bring back those that fit nowhere', async () => {
  const pod = (name: string, cpu: string) =>
    c.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'pause', resources: { requests: { cpu } } }] },
    } as never);
  await pod('bound', '1m');
  await c.clock.advance!('20s');
  await pod('large', '1000');
  for (let i = 0; i < 60; i++) {
    await c.clock.advance!('1s');
    const conditions = [{ type: 'example.com/told', status: i % 2 ? 'True' : 'False' }];
    await c.client.patch(
      in_('v1', 'Pod', 'bound'),
      { status: { conditions } },
      { subresource: 'status', type: 'application/strategic-merge-patch+json' },
    );
  }
  const { items } = await c.client.list({
    apiVersion: 'v1',
    kind: 'Event',
    namespace: 'default',
    fieldSelector: 'involvedObject.name=large',
  });
  expect(items.map((e) => [e.reason, e.count])).toEqual([['FailedScheduling', 1]]);
});

it('a ReplicaSet without an owner that fits a Deployment is taken in as soon as it does', async () => {
  await deployment('taker');
  await c.clock.advance!('20m');
  const place = in_('apps/v1', 'ReplicaSet', 'loose');
  const labels = { app: 'taker', of: 'loose' };
  await c.client.create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'loose', namespace: 'default', labels: { app: 'else' } },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: template(labels) },
  } as never);
  await c.clock.advance!('5s');
  expect((await c.client.get(place)).metadata.ownerReferences).toBeUndefined();
  await c.client.patch(place, { metadata: { labels } });
  await c.clock.advance!('5s');
  expect((await c.client.get(place)).metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', name: 'taker', controller: true }]);
});

/** A node that no kubelet speaks for. */
async function silentNode(name: string): Promise<void> {
  await c.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } } as never);
  await c.clock.advance!('60s');
}
const podOn = (node: string, name: string, more: object = {}) =>
  c.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: node, containers: [{ name: 'c', image: 'pause' }], ...more },
  } as never);

it('Pods that end on a node that is out of service are taken away', async () => {
  await silentNode('down');
  const place = in_('v1', 'Pod', 'stranded');
  await podOn('down', 'stranded');
  await c.client.delete(place);
  await c.clock.advance!('2m');
  expect((await c.client.get(place)).metadata.deletionTimestamp).toBeDefined();
  const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
  await c.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'down' }, { spec: { taints } });
  await c.clock.advance!('30s');
  await expect(c.client.get(place)).rejects.toMatchObject({ reason: 'NotFound' });
});

it('a Recreate rollout whose old Pods do not end times out', async () => {
  await silentNode('frozen');
  const place = in_('apps/v1', 'Deployment', 'recreated');
  const spec = (image: string) => ({ ...template({ app: 'recreated' }), spec: { nodeName: 'frozen', containers: [{ name: 'c', image }] } });
  await c.client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'recreated', namespace: 'default' },
    spec: {
      replicas: 1,
      progressDeadlineSeconds: 60,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { app: 'recreated' } },
      template: spec('a'),
    },
  } as never);
  await c.clock.advance!('20s');
  await c.client.patch(place, { spec: { template: spec('b') } });
  await c.clock.advance!('3m');
  expect((await c.client.get(place)).status.conditions?.find((x) => x.type === 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
  });
});

it('a Pod that a taint drives away says so', async () => {
  await silentNode('tainted');
  const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };
  await podOn('tainted', 'driven', { tolerations: [unreachable] });
  await c.clock.advance!('30s');
  await c.client.patch({ apiVersion: 'v1', kind: 'Node', name: 'tainted' }, { spec: { taints: [{ key: 'no', effect: 'NoExecute' }] } });
  await c.clock.advance!('5s');
  const pod = await c.client.get(in_('v1', 'Pod', 'driven'));
  expect(pod.metadata.deletionTimestamp).toBeDefined();
  expect(pod.status.conditions?.find((x) => x.type === 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  });
});

it('nothing is driven away while no node at all is heard of', async () => {
  const dark = await Cluster.start({ nodes: 0, clock: 'virtual', seed: 1 });
  try {
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name }) as const;
    for (const name of ['a', 'b']) await dark.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } } as never);
    await dark.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'kept', namespace: 'default' },
      spec: { nodeName: 'a', containers: [{ name: 'c', image: 'pause' }] },
    } as never);
    const effects = async () => ((await dark.client.get(node('a'))).spec.taints ?? []).map((t) => `${t.key}:${t.effect}`);
    await dark.clock.advance!('20m');
    expect(await effects()).toEqual(['node.kubernetes.io/unreachable:NoSchedule']);
    expect((await dark.client.get(in_('v1', 'Pod', 'kept'))).metadata.deletionTimestamp).toBeUndefined();
    // One that is heard of again shows that the others are gone indeed.
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
    await dark.client.patch(node('b'), { status: { conditions } }, { subresource: 'status' });
    await dark.clock.advance!('10s');
    expect(await effects()).toContain('node.kubernetes.io/unreachable:NoExecute');
  } finally {
    await dark.stop();
  }
});
