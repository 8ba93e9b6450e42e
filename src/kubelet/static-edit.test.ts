import { describe, expect, it } from 'vitest';
import { simulatedNode } from '../../test/kubelet/simulated.js';

const manifest = (v: string): string => `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: c, image: "app:1", ports: [{containerPort: 80, hostPort: 8080}], env: [{name: V, value: "${v}"}]}
`;

describe('a static pod', () => {
  it('whose manifest is edited begins anew when the old one has gone, with its host port', async () => {
    const node = await simulatedNode({ staticPodDir: '/manifests' });
    node.behaviours.add('app', { stop: { takesMs: 5000 } });
    const { files } = node.kubelet.options.host;
    await files.mkdir('/manifests');
    await files.write('/manifests/web.yaml', manifest('1'));
    await node.clock.advance('1m');
    const before = node.api.calls.length;
    await files.write('/manifests/web.yaml', manifest('2'));
    await node.clock.advance('1m');
    expect(node.get('web-node')?.status).toMatchObject({ phase: 'Running' });
    expect((await node.runtime.listContainers()).map((c) => c.state)).toEqual(['running']);
    expect(node.api.calls.slice(before).filter((c) => c === 'create Pod').length).toBeLessThan(5);
    await node.stop();
  });

  it('is shown to the API also when its mirror could not be made at first', async () => {
    const node = await simulatedNode({ staticPodDir: '/manifests' });
    const { files } = node.kubelet.options.host;
    await files.mkdir('/manifests');
    node.api.failures.set('create Pod', new Error('namespaces "late" not found'));
    await files.write('/manifests/web.yaml', manifest('1'));
    await node.clock.advance('1m');
    node.api.failures.clear();
    await node.clock.advance('1m');
    expect(node.get('web-node')?.status).toMatchObject({ phase: 'Running' });
    await node.stop();
  });
});
