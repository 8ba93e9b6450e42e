/** A kubelet on this machine (containerd, mounts, cgroups, network), against a small API in memory, for tests that need root. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Event, Pod } from '../../src/api/types/core/v1.js';
import { ContainerdDaemon } from '../../src/host/containerd/daemon.js';
import { type RunningKubelet, startRealKubelet } from '../../src/host/kubelet/create.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { FakeApi } from '../kubelet/fake-client.js';
import { type PodDraft, pod } from '../kubelet/simulated.js';
import { cleanMachine, containerdOptions, IMAGE, importBusybox } from './own-containerd.js';

export const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.05; done'];
const PROGRAMS = 'sh cat sleep ls id stat httpd touch hostname mount mkdir ln mkfifo wget ip'.split(' ');
const env = { clock: realClock, random: realRandom, log: silentLogger };

export interface RealKubelet {
  readonly dir: string;
  readonly api: FakeApi;
  readonly daemon: ContainerdDaemon;
  /** The one that runs: `restart` exchanges it. */
  readonly kubelet: RunningKubelet;
  readonly cgroup: string;
  get(name: string): Pod | undefined;
  state(name: string, container?: string): NonNullable<Pod['status']['containerStatuses']>[number] | undefined;
  events(name: string): string[];
  /** Lines of the machine's mounts that are the kubelet's. */
  mounts(): string[];
  put(d: PodDraft): void;
  exec(name: string, ...command: string[]): Promise<string>;
  until(what: () => unknown, ms?: number): Promise<void>;
  running(name: string): Promise<void>;
  gone(...names: string[]): Promise<void>;
  restart(between?: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** @param n tells kubelets of different test files apart: bridge, range of addresses and cgroup. */
export async function realKubelet(n: number, programs: readonly { path: string; data: Buffer }[] = []): Promise<RealKubelet> {
  const bridge = `k8tstest${n}`;
  const cgroup = `/k8ts-kubelet-test${n}`;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-kl-'));
  const daemon = new ContainerdDaemon(containerdOptions(dir, { name: `k8ts-kubelet-test${n}`, bridge, subnet: `10.99.${n + 1}.0/24` }));
  await daemon.start();
  await importBusybox(daemon, PROGRAMS, programs);
  const api = new FakeApi(env);
  const start = () =>
    startRealKubelet({
      nodeName: 'node',
      client: api.client(),
      env,
      socket: daemon.paths.socket,
      rootDir: `${dir}/kubelet`,
      podLogsDir: `${dir}/log/pods`,
      containerLogsDir: `${dir}/log/containers`,
      cgroupRoot: `${cgroup}/kubepods`,
      clusterDNS: ['10.96.0.10'],
      addresses: ['192.0.2.1'],
      kubeReserved: { memory: '256Mi', pid: '500' },
    });
  const clean = async () => {
    await daemon.removeAll();
    cleanMachine(bridge, cgroup);
    execFileSync('sh', ['-c', `umount -l ${dir}/kubelet 2>/dev/null; true`]);
    fs.rmSync(dir, { recursive: true, force: true });
  };
  let kubelet = await start().catch(async (e) => {
    await clean();
    throw e;
  });

  const get = (name: string): Pod | undefined => api.of<Pod>('Pod').find((p) => p.metadata.name === name);
  const state = (name: string, container = 'c') =>
    [...(get(name)?.status.containerStatuses ?? []), ...(get(name)?.status.initContainerStatuses ?? [])].find((c) => c.name === container);
  async function until(what: () => unknown, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!what()) {
      if (Date.now() > end)
        throw new Error(
          `not in ${ms} ms: ${what.toString()}; ${JSON.stringify(api.of<Pod>('Pod').map((p) => [p.metadata.name, p.status.phase, p.status.containerStatuses?.map((c) => c.state)]))}`,
        );
      await new Promise((r) => setTimeout(r, 20));
    }
  }
  return {
    dir,
    api,
    daemon,
    cgroup,
    get kubelet() {
      return kubelet;
    },
    get,
    state,
    until,
    events: (name) =>
      api
        .of<Event>('Event')
        .filter((e) => e.involvedObject.name === name)
        .map((e) => `${e.reason}: ${e.message}`),
    mounts: () =>
      fs
        .readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((l) => l.includes(`${dir}/kubelet/pods`)),
    put: (d) =>
      api.put(
        pod({
          ...d,
          containers: (d.containers ?? [{}]).map((c) => ({ image: IMAGE, command: FOREVER, ...c })),
          spec: { terminationGracePeriodSeconds: 2, ...d.spec },
        }),
      ),
    async exec(name, ...command) {
      const id = state(name)!.containerID!.replace('containerd://', '');
      const r = await kubelet.runtime.execSync(id, command, 10);
      return Buffer.from(r.stdout).toString() + Buffer.from(r.stderr).toString();
    },
    running: (name) => until(() => get(name)?.status.conditions?.find((c) => c.type === 'Ready')?.status === 'True'),
    async gone(...names) {
      for (const name of names) await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name });
      await until(() => !names.some(get), 60_000);
    },
    async restart(between) {
      await kubelet.stop();
      await between?.();
      kubelet = await start();
    },
    async stop() {
      await kubelet.stop();
      await clean();
    },
  };
}
