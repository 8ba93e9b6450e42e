import { expect, it } from 'vitest';
import { pod } from '../../../test/kubelet/simulated.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { Host } from '../host.js';
import { MemoryFiles } from '../simulated/memory-files.js';
import { VolumeManager } from './volume-manager.js';

const MI = 2 ** 20;
const limited = (memory: string) => ({ resources: { limits: { memory } } });
const memory = (sizeLimit?: string) => ({ emptyDir: { medium: 'Memory', ...(sizeLimit ? { sizeLimit } : {}) } });

/** SizeMemoryBackedVolumes. The node has 1Gi for Pods. */
it.each<[string, object, object[], object, number]>([
  ['without limits: what all Pods have', memory(), [{}], {}, 1024],
  ['its own limit', memory('10Mi'), [{}], {}, 10],
  ['its own limit above what all Pods have', memory('5Gi'), [{}], {}, 1024],
  ['a limit of nothing is none', memory('0'), [{}], {}, 1024],
  ['the Pod’s, of its containers', memory(), [limited('100Mi'), limited('28Mi')], {}, 128],
  ['the Pod’s, where its own is larger', memory('200Mi'), [limited('128Mi')], {}, 128],
  ['its own, where the Pod’s is larger', memory('64Mi'), [limited('128Mi')], {}, 64],
  ['one container without a limit: the Pod has none', memory(), [limited('128Mi'), {}], {}, 1024],
  ['the Pod’s, of the Pod itself', memory(), [{}], { resources: { limits: { memory: '32Mi' } } }, 32],
  ['a secret, too, is held to it', { downwardAPI: { items: [] } }, [limited('16Mi')], {}, 16],
])('a volume in memory: %s', async (_, source, containers, spec, right) => {
  const clock = new VirtualClock();
  const sizes: (number | undefined)[] = [];
  const mounter = { mountsUnder: async () => [], tmpfs: async (_p: string, o: { sizeBytes?: number }) => void sizes.push(o.sizeBytes) };
  const host = { files: new MemoryFiles(clock), mounter } as unknown as Host;
  const folders = { root: '/k', podLogs: '/l', containerLogs: '/c' };
  const volumes = new VolumeManager({ host, folders, clock, requestTokens: false, memory: 1024 * MI } as never);
  const p = pod({ name: 'p', containers, spec: { ...spec, volumes: [{ name: 'v', ...source }] } });
  await volumes.setUp(p, { podIPs: [], hostIPs: [], allocatable: {} });
  expect(sizes).toEqual([right * MI]);
});

it('the mounts of the machine are read once for a Pod, and what is there stays', async () => {
  const clock = new VirtualClock();
  let reads = 0;
  const made: string[] = [];
  const at = (i: number) => `/k/pods/uid-p/volumes/kubernetes.io~empty-dir/v${i}`;
  const mounter = {
    mountsUnder: async () => {
      reads++;
      return [at(7)];
    },
    tmpfs: async (path: string) => void made.push(path),
  };
  const host = { files: new MemoryFiles(clock), mounter } as unknown as Host;
  const folders = { root: '/k', podLogs: '/l', containerLogs: '/c' };
  const volumes = new VolumeManager({ host, folders, clock, requestTokens: false, memory: 1024 * MI } as never);
  const p = pod({ name: 'p', spec: { volumes: Array.from({ length: 50 }, (_, i) => ({ name: `v${i}`, ...memory() })) } });
  await volumes.setUp(p, { podIPs: [], hostIPs: [], allocatable: {} });
  expect([reads, made.length, made.includes(at(7))]).toEqual([1, 49, false]);
});
