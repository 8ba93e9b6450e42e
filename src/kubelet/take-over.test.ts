import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';
import { Kubelet } from './kubelet.js';

it('beside a sidecar with a startup probe, a container that ends after the kubelet came back starts again', async () => {
  const node = await simulatedNode();
  let crash = false;
  node.behaviours.add('main', {
    run: async (c) => {
      while (!crash && !c.stopped.aborted) await c.sleep(1000);
      crash = false;
      return 1;
    },
  });
  const startupProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 1 };
  node.api.put(
    pod({
      name: 'p',
      containers: [{ image: 'main:1' }],
      spec: { initContainers: [{ name: 's', image: 'side:1', restartPolicy: 'Always', startupProbe }] },
    }),
  );
  await node.clock.advance('10s');
  expect(node.get('p')?.status.phase).toBe('Running');
  await node.kubelet.stop();
  const second = new Kubelet(node.kubelet.options);
  await second.start();
  await node.clock.advance('10s');
  crash = true;
  await node.clock.advance('1m');
  expect(node.get('p')?.status.containerStatuses).toMatchObject([{ restartCount: 1, state: { running: {} } }]);
  await second.stop();
  await node.runtime.close();
});
