/** A kubelet on a simulated machine: no root, no containerd, no sockets. */
import { Kubelet, type KubeletOptions } from '../kubelet.js';
import type { ImageBehaviours } from './behaviour.js';
import { simulatedHost } from './machine.js';
import { MemoryFiles } from './memory-files.js';
import { SimulatedNetwork } from './network.js';
import { SimulatedRuntime } from './simulated-runtime.js';

export interface SimulatedKubeletOptions extends Omit<KubeletOptions, 'runtime' | 'host' | 'folders' | 'addresses' | 'events'> {
  /** The node's own address. */
  readonly address: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly behaviours?: ImageBehaviours;
  /** Shared by the nodes of one cluster, so that their pods reach each other. */
  readonly network?: SimulatedNetwork;
  /** False: the runtime is looked over like a real one, which a test may break. */
  readonly steady?: boolean;
  /** False: no events about pods, for clusters of very many. */
  readonly podEvents?: boolean;
}

export interface SimulatedKubelet {
  readonly kubelet: Kubelet;
  readonly runtime: SimulatedRuntime;
}

export function createSimulatedKubelet(options: SimulatedKubeletOptions): SimulatedKubelet {
  const { env, address, podCIDR, cpus, memoryBytes, behaviours, podEvents, nodeName, steady } = options;
  const network = options.network ?? new SimulatedNetwork();
  const files = new MemoryFiles(env.clock);
  const runtime = new SimulatedRuntime({
    env,
    files,
    network,
    ...(behaviours ? { behaviours } : {}),
    ...(podCIDR ? { podCIDR } : {}),
    steady,
  });
  const machine = { nodeName, address, ...(cpus ? { cpus } : {}), ...(memoryBytes ? { memoryBytes } : {}) };
  const kubelet = new Kubelet({
    ...options,
    runtime,
    host: simulatedHost(machine, env.clock, files, runtime, network),
    folders: { root: '/var/lib/kubelet', podLogs: '/var/log/pods', containerLogs: '/var/log/containers' },
    addresses: [address],
    ...(podEvents === false ? { events: { event() {} } } : {}),
  });
  return { kubelet, runtime };
}
