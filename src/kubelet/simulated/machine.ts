/** The machine of a simulated node: as large as one likes, nothing mounted, no cgroups; probes go over the simulated network. */
import type { Clock } from '../../util/clock.js';
import type { Cgroups, FileSystem, Host, HttpProbeRequest, Machine, MachineFacts, MachineUsage, Mounter, ProbeTransport } from '../host.js';
import type { ContainerRuntime } from '../runtime.js';
import type { SimulatedNetwork } from './network.js';

export interface SimulatedMachine {
  readonly nodeName: string;
  readonly address: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
}

const DEFAULT_CPUS = 32;
const DEFAULT_MEMORY = 256 * 2 ** 30;
const SERVING = 1;

function facts(m: SimulatedMachine): MachineFacts {
  return {
    hostname: m.nodeName,
    addresses: [m.address],
    cpus: m.cpus ?? DEFAULT_CPUS,
    memoryBytes: m.memoryBytes ?? DEFAULT_MEMORY,
    architecture: 'amd64',
    os: 'linux',
    osImage: 'k8ts simulated node',
    kernelVersion: '6.12.0-simulated',
    appArmor: true,
    machineID: m.nodeName,
    systemUUID: m.nodeName,
    bootID: m.nodeName,
    swapBytes: 0,
    hugepages: { '1Gi': 0, '2Mi': 0 },
  };
}

/** Sums what its containers use. */
async function usage(m: SimulatedMachine, clock: Clock, bootTime: number, runtime: ContainerRuntime): Promise<MachineUsage> {
  const stats = await runtime.containerStats();
  const memory = stats.reduce((n, s) => n + (s.memoryWorkingSet ?? 0), 0);
  return {
    timestamp: clock.now(),
    bootTime,
    cpuNanoSeconds: stats.reduce((n, s) => n + (s.cpuNanoSeconds ?? 0), 0),
    memoryUsage: memory,
    memoryWorkingSet: memory,
    memoryAvailable: (m.memoryBytes ?? DEFAULT_MEMORY) - memory,
    memoryRss: memory,
    pageFaults: 0,
    majorPageFaults: 0,
    processes: stats.length,
    maxProcesses: 4_194_304,
    networks: [],
  };
}

/** A link stands for a mount: nothing in a simulated container makes links that could lead it astray. */
const linkMounts = (files: FileSystem): Mounter => ({
  tmpfs: async () => {},
  async bindInside(volume, subPath, target) {
    const source = `${volume}/${subPath}`;
    if (!(await files.stat(source))) await files.mkdir(source);
    await files.mkdir(target.slice(0, target.lastIndexOf('/')));
    await files.remove(target);
    await files.symlink(source, target);
  },
  unmount: async () => {},
  mountsUnder: async () => [],
});
const noCgroups: Cgroups = { ensure: async () => {}, remove: async () => {}, usage: async () => undefined, children: async () => [] };

class SimulatedProbes implements ProbeTransport {
  constructor(private readonly network: SimulatedNetwork) {}

  async http(request: HttpProbeRequest): Promise<{ status: number; body: string }> {
    const headers = Object.fromEntries(request.headers.map((h) => [h.name.toLowerCase(), h.value]));
    const url = `${request.scheme.toLowerCase()}://${request.host}:${request.port}${request.path}`;
    try {
      const answer = await this.network.request(request.host, request.port, {
        path: request.path,
        headers: { 'user-agent': request.userAgent, ...headers },
      });
      return { status: answer.status ?? 200, body: typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body) };
    } catch (e) {
      throw new Error(`Get ${JSON.stringify(url)}: ${(e as Error).message}`);
    }
  }

  async tcp(host: string, port: number): Promise<void> {
    await this.network.request(host, port, {});
  }

  /** Every service of a pod that listens is healthy. */
  async grpc(host: string, port: number): Promise<number> {
    await this.network.request(host, port, { path: '/grpc.health.v1.Health/Check', method: 'POST' });
    return SERVING;
  }
}

export function simulatedHost(
  m: SimulatedMachine,
  clock: Clock,
  files: FileSystem,
  runtime: ContainerRuntime,
  network: SimulatedNetwork,
): Host {
  const bootTime = clock.now();
  const machine: Machine = {
    facts: async () => facts(m),
    usage: () => usage(m, clock, bootTime, runtime),
    podNetwork: async () => undefined,
    resolvConf: async () => 'nameserver 192.0.2.53\n',
    hostsFile: async () => `127.0.0.1\tlocalhost\n${m.address}\t${m.nodeName}\n`,
  };
  // Its disk is this process' memory, where the secret itself lies, too.
  return {
    digest: (secret) => secret,
    files,
    mounter: linkMounts(files),
    cgroups: noCgroups,
    machine,
    probes: new SimulatedProbes(network),
  };
}
