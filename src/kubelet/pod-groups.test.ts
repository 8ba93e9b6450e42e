import { expect, it } from 'vitest';
import { FakeApi } from '../../test/kubelet/fake-client.js';
import { pod } from '../../test/kubelet/simulated.js';
import type { Pod } from '../api/types/core/v1.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { CgroupLimits } from './host.js';
import { PodGroups } from './pod-groups.js';
import { createSimulatedKubelet } from './simulated/create.js';

it('holds all Pods to what is theirs: once where the kernel takes it, again after a minute where not', async () => {
  const clock = new VirtualClock();
  const done: string[] = [];
  let refuses = true;
  let pods: Pod[] = [];
  const groups = new PodGroups({
    cgroups: {
      ensure: async (path, limits) => {
        if (path === '/a/pods' && refuses) throw new Error('EBUSY');
        done.push(`${path} ${JSON.stringify(limits)}`);
      },
      remove: async () => undefined,
      usage: async () => undefined,
      children: async () => [],
    },
    root: '/a/pods',
    limits: { memoryLimit: 5 },
    pods: () => pods,
    clock,
    event: (...e) => void done.push(e.join(' ')),
  });
  const step = async () => {
    done.length = 0;
    await groups.hold();
    return [...done];
  };
  expect(await step()).toEqual([
    'Warning FailedNodeAllocatableEnforcement Failed to update Node Allocatable Limits ["a" "pods"]: EBUSY',
    '/a/pods/burstable {"cpuShares":2}',
    '/a/pods/besteffort {"cpuShares":2}',
  ]);
  await clock.advance('59s');
  expect(await step()).toEqual([]);
  await clock.advance('1s');
  refuses = false;
  pods = [pod({ name: 'p', containers: [{ resources: { requests: { cpu: '1' } } }] })];
  expect(await step()).toEqual([
    '/a/pods {"memoryLimit":5}',
    'Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods',
    '/a/pods/burstable {"cpuShares":1024}',
  ]);
  await clock.advance('1h');
  expect(await step()).toEqual([]);
});

it.each([true, false])('a kubelet does so where it is told to: %s', async (enforceNodeAllocatable) => {
  const env = { clock: new VirtualClock(), random: seededRandom(1), log: silentLogger };
  const { kubelet, runtime } = createSimulatedKubelet({
    nodeName: 'node',
    client: new FakeApi(env).client(),
    env,
    address: '192.0.2.1',
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    kubeReserved: { memory: '1Gi', pid: '304' },
    enforceNodeAllocatable,
  });
  const done = new Map<string, CgroupLimits>();
  const { cgroups } = kubelet.options.host;
  Object.assign(kubelet.options.host, { cgroups: { ...cgroups, ensure: async (p: string, l: CgroupLimits) => void done.set(p, l) } });
  await kubelet.start();
  expect(done.get('/kubepods')).toEqual(
    enforceNodeAllocatable ? { cpuShares: 2048, memoryLimit: 3 * 2 ** 30, pidsLimit: 4_194_000 } : undefined,
  );
  expect(kubelet.node()?.status?.allocatable).toMatchObject({ memory: `${3 * 1024 - 100}Mi` });
  await kubelet.stop();
  await runtime.close();
});
