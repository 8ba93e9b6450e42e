/** A whole cluster in process: what a Deployment goes through, on a real and on a virtual clock. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../src/api/types/apps/v1.js';
import type { Pod } from '../../src/api/types/core/v1.js';
import { Cluster } from '../../src/index.js';
import { isNotFound } from '../../src/meta/errors.js';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
const deployment = (name: string, replicas: number, image = 'web:1') => ({
  ...DEPLOYMENT,
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const until = async (what: string, test: () => Promise<boolean>, ms = 20_000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) if (await test()) return;
  throw new Error(`not so after ${ms / 1000} s: ${what}`);
};

describe('on a real clock', () => {
  it('runs a Deployment, rolls it, and removes everything with it', async () => {
    cluster = await Cluster.start();
    const { client } = cluster;
    const get = () => client.get({ ...DEPLOYMENT, namespace: 'default', name: 'web' }) as Promise<Deployment>;
    await client.create(deployment('web', 3));
    await until('three available', async () => (await get()).status.availableReplicas === 3);
    const pods = (await client.list({ ...POD, namespace: 'default' })).items;
    expect(pods.map((p) => p.status.phase)).toEqual(['Running', 'Running', 'Running']);
    expect(new Set(pods.map((p) => p.status.podIP)).size).toBe(3);

    await client.patch(
      { ...DEPLOYMENT, namespace: 'default', name: 'web' },
      { spec: { template: { spec: { containers: [{ name: 'c', image: 'web:2' }] } } } },
      { type: 'application/strategic-merge-patch+json' },
    );
    await until('rolled', async () => {
      const { status, metadata } = await get();
      return (
        status.observedGeneration === metadata.generation &&
        status.updatedReplicas === 3 &&
        status.availableReplicas === 3 &&
        status.replicas === 3
      );
    });
    const sets = (await client.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'default' })).items as ReplicaSet[];
    expect(sets.map((s) => [s.metadata.annotations?.['deployment.kubernetes.io/revision'], s.spec.replicas]).sort()).toEqual([
      ['1', 0],
      ['2', 3],
    ]);

    await client.delete({ ...DEPLOYMENT, namespace: 'default', name: 'web' });
    await until(
      'all gone',
      async () =>
        (await client.list({ ...POD, namespace: 'default' })).items.length === 0 &&
        (await client.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'default' })).items.length === 0,
    );
  });

  it('empties a namespace that is deleted', async () => {
    cluster = await Cluster.start();
    const { client } = cluster;
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
    await until('its account', () =>
      client.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'gone', name: 'default' }).then(
        () => true,
        () => false,
      ),
    );
    await client.create({ ...deployment('x', 1), metadata: { name: 'x', namespace: 'gone' } });
    await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'gone' });
    await until('the namespace is gone', () =>
      client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'gone' }).then(() => false, isNotFound),
    );
    expect((await client.list({ ...POD, namespace: 'gone' })).items).toEqual([]);
  });

  it('lists the ready Pods behind a Service', async () => {
    cluster = await Cluster.start({ nodes: 2 });
    const { client } = cluster;
    await client.create(deployment('web', 4));
    await client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await until('four endpoints', async () => {
      const slices = (
        await client.list({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          namespace: 'default',
          labelSelector: 'kubernetes.io/service-name=web',
        })
      ).items;
      return slices.flatMap((s) => s.endpoints ?? []).filter((e) => e.conditions?.ready).length === 4;
    });
    const endpoints = await client.get({ apiVersion: 'v1', kind: 'Endpoints', namespace: 'default', name: 'web' });
    expect(endpoints.subsets?.[0]?.ports).toEqual([{ port: 8080, protocol: 'TCP' }]);
  });
});

describe('asked for little', () => {
  it('starts without nodes', async () => {
    cluster = await Cluster.start({ nodes: 0 });
    expect((await cluster.client.list({ apiVersion: 'v1', kind: 'Node' })).items).toEqual([]);
  });

  it('evicts a Pod also for a client that still says policy/v1beta1', async () => {
    cluster = await Cluster.start({ nodes: 0 });
    const { client } = cluster;
    for (const version of ['v1', 'v1beta1']) {
      const metadata = { name: `p-${version}`, namespace: 'default' };
      await client.create({ ...POD, metadata, spec: { containers: [{ name: 'c', image: 'web:1' }] } });
      const path = `/api/v1/namespaces/default/pods/${metadata.name}/eviction`;
      await client.raw('POST', path, { apiVersion: `policy/${version}`, kind: 'Eviction', metadata });
      await expect(client.get({ ...POD, ...metadata })).rejects.toSatisfy(isNotFound);
    }
  });
});

describe('on a virtual clock', () => {
  it('an hour of probes, leases and resyncs passes in a moment and changes nothing', async () => {
    cluster = await Cluster.start({ nodes: 2, clock: 'virtual', seed: 1 });
    const { client, clock } = cluster;
    await client.create(deployment('web', 2));
    await clock.advance!('10s');
    const running = ((await client.list({ ...POD, namespace: 'default' })).items as Pod[]).filter((p) => p.status.phase === 'Running');
    expect(running).toHaveLength(2);
    await clock.advance!('1h');
    expect(((await client.list({ ...POD, namespace: 'default' })).items as Pod[]).map((p) => p.metadata.name).sort()).toEqual(
      running.map((p) => p.metadata.name).sort(),
    );
    const renewed = await client.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease', name: 'node-0' });
    expect(clock.now() - Date.parse(renewed.spec.renewTime ?? '')).toBeLessThan(60_000);
  });
});

it("gives every Pod an address of its own, in its node's range, from the first one on", async () => {
  const cluster = await Cluster.start({ nodes: 3, clock: 'virtual' });
  try {
    const names = ['node-0', 'node-1', 'node-2', 'node-0'];
    for (const [i, nodeName] of names.entries())
      await cluster.client.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `p${i}`, namespace: 'default' },
        spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
      });
    await cluster.clock.advance!('30s');
    const { items: pods } = await cluster.client.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' });
    const { items: nodes } = await cluster.client.list({ apiVersion: 'v1', kind: 'Node' });
    expect(new Set(pods.map((p) => p.status.podIP)).size).toBe(names.length);
    for (const p of pods) {
      const range = nodes.find((n) => n.metadata.name === p.spec.nodeName)!.spec.podCIDR!;
      expect(p.status.podIP).toMatch(new RegExp(`^${range.slice(0, range.lastIndexOf('.'))}\\.`));
    }
  } finally {
    await cluster.stop();
  }
});
