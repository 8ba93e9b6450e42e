/** A simulated node under a virtual clock, for tests of the kubelet. */
import type { Container, Event, Pod } from '../../src/api/types/core/v1.js';
import { ImageBehaviours } from '../../src/kubelet/simulated/behaviour.js';
import { createSimulatedKubelet, type SimulatedKubeletOptions } from '../../src/kubelet/simulated/create.js';
import type { DeepPartial } from '../../src/meta/object.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';
import { FakeApi } from './fake-client.js';

export type PodDraft = {
  name: string;
  containers?: DeepPartial<Container>[];
  spec?: DeepPartial<Pod['spec']>;
  metadata?: DeepPartial<Pod['metadata']>;
  status?: Pod['status'];
};

export function pod({ name, containers = [{}], spec = {}, metadata = {}, status = {} }: PodDraft): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1, resourceVersion: '', creationTimestamp: '', ...metadata },
    spec: {
      nodeName: 'node',
      restartPolicy: 'Always',
      enableServiceLinks: true,
      terminationGracePeriodSeconds: 30,
      containers: containers.map((c, i) => ({ name: `c${i || ''}`, image: 'app:1', imagePullPolicy: 'IfNotPresent', resources: {}, ...c })),
      ...spec,
    },
    status: { phase: 'Pending', ...status },
  } as Pod;
}

export async function simulatedNode(options: Partial<SimulatedKubeletOptions> & { behaviours?: ImageBehaviours } = {}) {
  const clock = new VirtualClock();
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const api = new FakeApi(env);
  const behaviours = options.behaviours ?? new ImageBehaviours();
  const { kubelet, runtime } = createSimulatedKubelet({
    nodeName: 'node',
    client: api.client(),
    env,
    address: '192.0.2.1',
    podCIDR: '10.1.0.0/24',
    clusterDNS: ['10.96.0.10'],
    steady: false,
    ...options,
    behaviours,
  });
  await kubelet.start();
  return {
    clock,
    env,
    api,
    kubelet,
    runtime,
    behaviours,
    get: (name: string): Pod | undefined => api.of<Pod>('Pod').find((p) => p.metadata.name === name),
    events: (name: string): string[] =>
      api
        .of<Event>('Event')
        .filter((e) => e.involvedObject.name === name)
        .map((e) => `${e.type} ${e.reason} ${e.message}${e.count && e.count > 1 ? ` (x${e.count})` : ''}`),
    async stop() {
      await kubelet.stop();
      await runtime.close();
    },
  };
}
