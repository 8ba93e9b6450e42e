import { describe, expect, it } from 'vitest';
import { simulatedNode } from '../../test/kubelet/simulated.js';
import type { Pod } from '../api/types/core/v1.js';
import { staticPod } from './static-pods.js';

const MANIFEST = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: kube-system}\nspec: {containers: [{name: c, image: app}]}\n';
const take = (text: string) => staticPod(text, '/m/web.yaml', 'n1', 'now');

describe('a manifest', () => {
  it('becomes a pod of the node, with an identity of its own', () => {
    const p = take(MANIFEST);
    expect(p.metadata).toMatchObject({
      name: 'web-n1',
      namespace: 'kube-system',
      annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.hash': p.metadata.uid },
    });
    expect(p.spec).toMatchObject({
      nodeName: 'n1',
      restartPolicy: 'Always',
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      containers: [{ imagePullPolicy: 'Always' }],
    });
    expect(p.metadata.uid).toMatch(/^[0-9a-f]{32}$/);
    expect(take(MANIFEST).metadata.uid).toBe(p.metadata.uid);
    expect(take(MANIFEST.replace('app', 'app:2')).metadata.uid).not.toBe(p.metadata.uid);
  });
  it.each([
    ['kind: Pod', 'must hold a v1 Pod'],
    ['apiVersion: apps/v1\nkind: Deployment', 'holds apps/v1 Deployment'],
    ['', 'holds 0 documents'],
    [`${MANIFEST}---\n${MANIFEST}`, 'holds 2 documents'],
    ['apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: x}]}', 'no metadata.name'],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a}', 'no spec.containers'],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}', 'no name or no image'],
    ['a: [', 'unexpected end of the stream'],
  ])('%j is refused', (text, why) => {
    expect(() => take(text)).toThrow(why);
  });
});

describe('a manifest folder', () => {
  it('runs its pods, mirrors them, brings a mirror back, and ends them with the file', async () => {
    const node = await simulatedNode({ staticPodDir: '/manifests' });
    const { files } = node.kubelet.options.host;
    const mirrors = () => node.api.of<Pod>('Pod').map((p) => `${p.metadata.namespace}/${p.metadata.name} ${p.status.phase}`);
    await files.mkdir('/manifests');
    await files.write('/manifests/web.yaml', MANIFEST);
    await node.clock.advance('30s');
    expect(mirrors()).toEqual(['kube-system/web-node Running']);
    const [container] = await node.runtime.listContainers();
    await node.api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system', name: 'web-node' });
    await node.clock.advance('5s');
    expect(mirrors()).toEqual(['kube-system/web-node Running']);
    expect((await node.runtime.listContainers()).map((c) => c.id)).toEqual([container!.id]); // the pod itself was never touched
    await files.write('/manifests/bad.yaml', 'nonsense');
    await files.write('/manifests/web.yaml', MANIFEST.replace('app', 'app:2'));
    await node.clock.advance('30s');
    expect(mirrors()).toEqual(['kube-system/web-node Running']);
    expect((await node.runtime.listContainers()).map((c) => [c.image, c.state])).toEqual([['app:2', 'running']]);
    await files.remove('/manifests/web.yaml');
    await node.clock.advance('30s');
    expect(mirrors()).toEqual([]);
    expect(await node.runtime.listSandboxes()).toEqual([]);
    await node.stop();
    expect(node.clock.pending).toBe(0);
  });
});
