/** A kubelet on the real machine: containerd, mounts, cgroups, and its HTTPS server. */
import { createHash } from 'node:crypto';
import type { Client } from '../../client/client.js';
import type { Host } from '../../kubelet/host.js';
import { Kubelet, type KubeletOptions } from '../../kubelet/kubelet.js';
import type { Folders } from '../../kubelet/paths.js';
import type { ContainerRuntime } from '../../kubelet/runtime.js';
import { KubeletAuth } from '../../kubelet/server/auth.js';
import { KubeletServer } from '../../kubelet/server/server.js';
import { ContainerdRuntime } from '../containerd/containerd-runtime.js';
import { machineCgroups } from './cgroups.js';
import { DiskFiles } from './files.js';
import { type ListenerOptions, type Listening, listen } from './listener.js';
import { realMachine } from './machine.js';
import { MachineMounter } from './mounter.js';
import { NetworkProbes } from './probes.js';

export interface ServingOptions {
  /** All addresses, if absent. */
  readonly address?: string;
  readonly port: number;
  readonly pair: ListenerOptions['pair'];
  readonly clientCA?: string;
  readonly anonymous?: boolean;
  readonly authorization?: 'webhook' | 'always-allow';
}

export interface RealKubeletOptions extends Omit<KubeletOptions, 'runtime' | 'host' | 'folders' | 'port'> {
  /** containerd's socket. */
  readonly socket: string;
  /** `/var/lib/kubelet`. */
  readonly rootDir: string;
  readonly podLogsDir?: string;
  readonly containerLogsDir?: string;
  readonly resolvConf?: string;
  readonly serving?: ServingOptions;
}

/** The machine's side of the kubelet. */
export async function realHost(
  runtime: ContainerRuntime & Pick<ContainerdRuntime, 'sandboxPid'>,
  folders: Folders,
  resolvConf?: string,
): Promise<Host & { readonly mounter: MachineMounter }> {
  const cgroups = await machineCgroups();
  const files = new DiskFiles([folders.root, `${folders.root}/pods`, folders.podLogs, folders.containerLogs]);
  return {
    digest: (secret) => createHash('sha256').update(secret).digest('hex'),
    files,
    mounter: new MachineMounter(files),
    cgroups,
    machine: realMachine({ cgroups, sandboxPid: (id) => runtime.sandboxPid(id), ...(resolvConf ? { resolvConf } : {}) }),
    probes: new NetworkProbes(),
  };
}

/** Puts the endpoints of a kubelet on a port. Also for simulated ones. */
export function serveKubelet(kubelet: Kubelet, client: Client, serving: ServingOptions): Promise<Listening> {
  const { env, nodeName } = kubelet.options;
  const { anonymous = false, authorization = 'webhook', address = '0.0.0.0', port, pair, clientCA } = serving;
  const auth = new KubeletAuth({ client, clock: env.clock, nodeName, anonymous, authorization });
  return listen({ server: new KubeletServer(kubelet, auth), address, port, pair, ...(clientCA ? { clientCA } : {}) });
}

export interface RunningKubelet {
  readonly kubelet: Kubelet;
  readonly runtime: ContainerdRuntime;
  readonly port: number;
  /** Containers run on. */
  stop(): Promise<void>;
}

/** Starts the kubelet; resolves when the node is registered and its port answers. */
export async function startRealKubelet(options: RealKubeletOptions): Promise<RunningKubelet> {
  const { socket, rootDir, serving, resolvConf, podLogsDir = '/var/log/pods', containerLogsDir = '/var/log/containers' } = options;
  const runtime = new ContainerdRuntime(socket);
  const folders = { root: rootDir, podLogs: podLogsDir, containerLogs: containerLogsDir };
  const host = await realHost(runtime, folders, resolvConf);
  await host.files.mkdir(rootDir, 0o750);
  await host.mounter.share(rootDir).catch((e: Error) => options.env.log.warn('mounts do not reach containers', { error: e.message }));
  // The port must be known before the node tells it; the endpoints answer 500 until the kubelet has started.
  let listening: Listening | undefined;
  const kubelet = new Kubelet({ enforceNodeAllocatable: true, ...options, runtime, host, folders, port: () => listening?.port ?? 10250 });
  try {
    if (serving) listening = await serveKubelet(kubelet, options.client, serving);
    await kubelet.start();
  } catch (e) {
    await listening?.close();
    await kubelet.stop();
    await runtime.close();
    throw e;
  }
  return {
    kubelet,
    runtime,
    port: listening?.port ?? 0,
    async stop() {
      await listening?.close();
      await kubelet.stop();
      await runtime.close();
    },
  };
}
