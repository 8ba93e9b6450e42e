import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';

it('what one pod left behind and cannot be removed does not keep logs from being rotated', async () => {
  const node = await simulatedNode({ rotation: { maxBytes: 1000, maxFiles: 3 } });
  const { files, mounter } = node.kubelet.options.host;
  node.api.put(pod({ name: 'p' }));
  await node.clock.advance('5s');
  await files.mkdir('/var/lib/kubelet/pods/stale/volumes');
  Object.assign(mounter, {
    mountsUnder: async (p: string) => (p.includes('stale') ? [`${p}/volumes/busy`] : []),
    unmount: async () => Promise.reject(new Error('target is busy')),
  });
  await files.write('/var/log/pods/default_p_uid-p/c/0.log', 'x'.repeat(5000));
  await node.clock.advance('1m');
  expect(await files.list('/var/log/pods/default_p_uid-p/c')).toHaveLength(2);
  Object.assign(mounter, { mountsUnder: async () => [], unmount: async () => {} });
  await node.stop();
});
