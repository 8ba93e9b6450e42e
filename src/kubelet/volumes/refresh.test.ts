import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../../test/kubelet/simulated.js';

it('a ConfigMap that is gone does not keep the volumes after it from being refreshed', async () => {
  const node = await simulatedNode();
  const client = node.api.client();
  for (const name of ['a', 'b'])
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { k: '1' } });
  const volumes = ['a', 'b'].map((name) => ({ name, configMap: { name } }));
  node.api.put(
    pod({ name: 'p', containers: [{ volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })) }], spec: { volumes } }),
  );
  await node.clock.advance('5s');
  await client.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' });
  await client.patch({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'b' }, { data: { k: '2' } });
  await node.clock.advance('5m');
  const read = async (name: string) =>
    new TextDecoder().decode(
      await node.kubelet.options.host.files.read(`/var/lib/kubelet/pods/uid-p/volumes/kubernetes.io~configmap/${name}/k`),
    );
  expect([await read('a'), await read('b')]).toEqual(['1', '2']);
  await node.stop();
});
