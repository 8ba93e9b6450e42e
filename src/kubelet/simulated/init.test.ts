import { expect, it } from 'vitest';
import { pod, simulatedNode } from '../../../test/kubelet/simulated.js';
import { ImageBehaviours } from './behaviour.js';
import { ordinaryBehaviours } from './simulated-runtime.js';

it.each<[string, object, string, ImageBehaviours?]>([
  ['an image and no command', { image: 'chart/init:1' }, 'Running'],
  [
    'a command of an unknown image',
    { image: 'bitnami/os-shell:12', command: ['bash', '-ec', 'mkdir -p /data\ncp -r /a /data && chown 1001 /data'] },
    'Running',
  ],
  [
    'a script of a shell image',
    { image: 'busybox:1', command: ['sh', '-ec', 'mkdir -p /x; cp /a /b; until nslookup db; do sleep 1; done'] },
    'Running',
  ],
  ['a script that fails', { image: 'busybox:1', command: ['sh', '-c', 'exit 3'] }, 'Pending'],
  [
    'an image that is told to fail',
    { image: 'broken:1' },
    'Pending',
    new ImageBehaviours().add('broken', { exit: { afterMs: 10, code: 1 } }),
  ],
  [
    'an image that is told to run on',
    { image: 'slow:1' },
    'Pending',
    new ImageBehaviours().add('slow', { exit: { afterMs: 1e9, code: 0 } }),
  ],
  ['an image that cannot be pulled', { image: 'x:404' }, 'Pending', new ImageBehaviours().add(/:404$/, { pull: { error: 'not found' } })],
])('an init container with %s', async (_, container, phase, behaviours) => {
  const n = await simulatedNode({ behaviours: behaviours ?? ordinaryBehaviours() });
  n.api.put(
    pod({ name: 'p', spec: { initContainers: [{ name: 'i', imagePullPolicy: 'IfNotPresent', resources: {}, ...container }] as never } }),
  );
  await n.clock.advance('5s');
  expect(n.get('p')?.status.phase).toBe(phase);
  await n.kubelet.stop();
});
