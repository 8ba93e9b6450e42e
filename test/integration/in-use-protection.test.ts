import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../src/api/types/core/v1.js';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, VOLUME_ATTRIBUTES_CLASSES } from '../../src/client/kinds.js';
import { claimsOf } from '../../src/controllers/in-use-protection.js';
import { Cluster } from '../../src/index.js';

const claim = (name: string, more: object = {}) => ({
  ...PERSISTENT_VOLUME_CLAIMS,
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } }, ...more },
});
const gone = { code: 404 };

describe('objects in use', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 1, clock: 'virtual' });
  });
  afterAll(() => cluster.stop());

  it('a claim that nothing uses goes when it is deleted', async () => {
    const { client } = cluster;
    const made = await client.create(claim('free'));
    expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    await client.delete({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'free' });
    await cluster.clock.advance!('5s');
    await expect(client.get({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'free' })).rejects.toMatchObject(gone);
  });

  it('one that a Pod on a node refers to stays until the Pod has gone', async () => {
    const { client } = cluster;
    await client.create(claim('held'));
    await client.create({
      ...PODS,
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        nodeName: 'elsewhere',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'held' } }],
      },
    });
    await client.delete({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'held' });
    await cluster.clock.advance!('5s');
    const waiting = await client.get({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'held' });
    expect(waiting.metadata.deletionTimestamp).toBeDefined();
    await client.delete({ ...PODS, namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
    await cluster.clock.advance!('5s');
    await expect(client.get({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'held' })).rejects.toMatchObject(gone);
  });

  it('volumes and classes go when they are not bound, and not used', async () => {
    const { client } = cluster;
    await client.create({
      ...PERSISTENT_VOLUMES,
      metadata: { name: 'v' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
    });
    await client.create({ ...VOLUME_ATTRIBUTES_CLASSES, metadata: { name: 'fast' }, driverName: 'd.io', parameters: { a: 'b' } });
    await client.create(claim('classy', { volumeAttributesClassName: 'fast' }));
    await client.delete({ ...PERSISTENT_VOLUMES, name: 'v' });
    await client.delete({ ...VOLUME_ATTRIBUTES_CLASSES, name: 'fast' });
    await cluster.clock.advance!('5s');
    await expect(client.get({ ...PERSISTENT_VOLUMES, name: 'v' })).rejects.toMatchObject(gone);
    await client.get({ ...VOLUME_ATTRIBUTES_CLASSES, name: 'fast' });
    await client.delete({ ...PERSISTENT_VOLUME_CLAIMS, namespace: 'default', name: 'classy' });
    await cluster.clock.advance!('5s');
    await expect(client.get({ ...VOLUME_ATTRIBUTES_CLASSES, name: 'fast' })).rejects.toMatchObject(gone);
  });
});

it.each([
  ['nothing before it has a node', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] }, 'Pending', []],
  ['its claims', { nodeName: 'n', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] }, 'Succeeded', ['a']],
  [
    'its ephemeral claims',
    {
      nodeName: 'n',
      volumes: [
        { name: 'v', ephemeral: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
    'Running',
    ['p-v'],
  ],
  ['no ephemeral claims once it is over', { nodeName: 'n', volumes: [{ name: 'v', ephemeral: {} }] }, 'Failed', []],
])('a Pod holds %s', (_, spec, phase, wanted) => {
  expect(claimsOf({ metadata: { name: 'p' }, spec, status: { phase } } as unknown as Pod)).toEqual(wanted);
});
