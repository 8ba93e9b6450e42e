import { expect, it } from 'vitest';
import { simulatedNode } from '../../test/kubelet/simulated.js';
import type { Node } from '../api/types/core/v1.js';

it('a node that is deleted stays away until its kubelet starts again', async () => {
  const n = await simulatedNode();
  const nodes = () => n.api.of<Node>('Node').length;
  const leases = () => n.api.of('Lease').length;
  expect([nodes(), leases()]).toEqual([1, 1]);
  await n.api.client().delete({ apiVersion: 'v1', kind: 'Node', name: 'node' });
  await n.clock.advance('15s');
  await n.api.client().delete({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease', name: 'node' });
  await n.clock.advance('10m');
  expect([nodes(), leases()]).toEqual([0, 0]);
  await n.kubelet.stop();
});
