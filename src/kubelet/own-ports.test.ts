import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';
import type { Node } from '../api/types/core/v1.js';
import { OWN_PORTS } from '../meta/own-ports.js';

it('ports that the machine’s programs open later are no Pod’s from then on, and the Node tells them', async () => {
  const ports = [{ protocol: 'TCP', port: 6443, holder: 'kube-apiserver' }];
  const node = await simulatedNode({ ownPorts: () => ports });
  const told = () => node.api.of<Node>('Node')[0]!.metadata.annotations?.[OWN_PORTS];
  const asks = async (name: string) => {
    node.api.put(pod({ name, containers: [{ ports: [{ containerPort: 80, hostPort: 30_001 }] }] }));
    await node.clock.advance('3s');
    return node.get(name)?.status.message;
  };
  expect(told()).toBe('TCP/6443=kube-apiserver');
  ports.push({ protocol: 'TCP', port: 30_001, holder: 'kube-proxy' });
  expect(await asks('late')).toMatch(/host port TCP\/30001 is in use by the node's own kube-proxy/);
  await node.api.client().patch({ apiVersion: 'v1', kind: 'Node', name: 'node' }, { metadata: { labels: { 'kubernetes.io/os': 'mine' } } });
  await node.clock.advance('10s');
  expect(told()).toBe('TCP/6443=kube-apiserver,TCP/30001=kube-proxy');
  expect(node.api.of<Node>('Node')[0]!.metadata.labels?.['kubernetes.io/os']).toBe('mine');
  ports.pop();
  await node.clock.advance('10s');
  expect(told()).toBe('TCP/6443=kube-apiserver');
  await node.stop();
});
