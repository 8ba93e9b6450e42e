import { describe, expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';

const remove = (node: Awaited<ReturnType<typeof simulatedNode>>) =>
  node.api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p' });

describe('a pod that is deleted while it starts', () => {
  it('does not wait for a postStart hook that never ends', async () => {
    const node = await simulatedNode();
    node.behaviours.add('app', { exec: () => new Promise(() => {}) });
    node.api.put(pod({ name: 'p', containers: [{ lifecycle: { postStart: { exec: { command: ['sleep', 'infinity'] } } } }] }));
    await node.clock.advance('5s');
    await remove(node);
    await node.clock.advance('1m');
    expect(node.get('p')).toBeUndefined();
    expect(await node.runtime.listContainers()).toEqual([]);
    await node.stop();
  });

  it('does not wait for a pull, and its containers do not start when the image is there', async () => {
    const node = await simulatedNode();
    let began = 0;
    node.behaviours.add('app', {
      pull: { takesMs: 3_600_000 },
      run: () => {
        began++;
        return 0;
      },
    });
    node.api.put(pod({ name: 'p' }));
    await node.clock.advance('5s');
    await remove(node);
    await node.clock.advance('1m');
    expect(node.get('p')).toBeUndefined();
    await node.clock.advance('2h');
    expect(began).toBe(0);
    await node.stop();
  });

  it('nor does the kubelet, when it goes', async () => {
    const node = await simulatedNode();
    node.behaviours.add('app', { exec: () => new Promise(() => {}) });
    node.api.put(pod({ name: 'p', containers: [{ lifecycle: { postStart: { exec: { command: ['sleep', 'infinity'] } } } }] }));
    await node.clock.advance('5s');
    await node.stop();
  });
});
