import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONFIG_MAPS, NAMESPACES, PODS } from '../../src/client/kinds.js';
import { Cluster } from '../../src/index.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 1, clock: 'virtual' });
});
afterAll(() => cluster.stop());

it('a namespace loses its Pods first, then the rest, then itself', async () => {
  const { client } = cluster;
  const namespace = 'going';
  await client.create({ ...NAMESPACES, metadata: { name: namespace } });
  await client.create({ ...CONFIG_MAPS, metadata: { name: 'settings', namespace } });
  await client.create({
    ...PODS,
    metadata: { name: 'p', namespace, finalizers: ['example.com/hold'] },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  await client.delete({ ...NAMESPACES, name: namespace });
  await cluster.clock.advance!('2m');
  const held = await client.get({ ...NAMESPACES, name: namespace });
  expect(held.status.phase).toBe('Terminating');
  // What remains is counted only once the Pods are gone.
  const reasons = Object.fromEntries((held.status.conditions ?? []).map((c) => [c.type, c.reason]));
  expect(reasons).toMatchObject({ NamespaceContentRemaining: 'ContentRemoved', NamespaceDeletionContentFailure: 'ContentDeleted' });
  await client.get({ ...CONFIG_MAPS, namespace, name: 'settings' });
  await client.patch({ ...PODS, namespace, name: 'p' }, { metadata: { finalizers: null } }, { type: 'application/merge-patch+json' });
  await cluster.clock.advance!('10s');
  await expect(client.get({ ...NAMESPACES, name: namespace })).rejects.toMatchObject({ code: 404 });
});
