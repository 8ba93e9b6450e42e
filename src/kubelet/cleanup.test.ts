import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';

it('a container that is forgotten takes the logs along that were rotated', async () => {
  const node = await simulatedNode({ rotation: { maxBytes: 1000, maxFiles: 3 } });
  node.behaviours.add('app', { logs: ['x'.repeat(2000)], exit: { afterMs: 60_000, code: 1 } });
  node.api.put(pod({ name: 'p' }));
  await node.clock.advance('1h');
  const names = await node.kubelet.options.host.files.list('/var/log/pods/default_p_uid-p/c');
  expect(new Set(names.map((n) => n.split('.')[0])).size).toBeLessThan(4);
  await node.stop();
});
