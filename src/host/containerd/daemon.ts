/**
 * A containerd of our own beside any other on the machine: its config, root, state and socket lie under one folder. It outlives the process
 * that started it, so pods run on while k8ts is away; a later start with the same folder finds it and goes on with it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Logger } from '../../util/logger.js';
import { table } from '../../util/own.js';
import { mayLowerOomScore, NODE_AGENT_OOM, setOomScore } from '../oom-score.js';
import { type ContainerdPaths, containerdConfig, hostsToml } from './config.js';
import { ContainerdRuntime } from './containerd-runtime.js';
import { type ImageRecipe, ociArchive } from './oci-image.js';
import { PAUSE_IMAGE, pauseImage } from './pause-image.js';
import { run } from './run.js';

export interface DaemonOptions {
  /** Everything of this containerd lies here. */
  readonly dir: string;
  readonly cniBin: string;
  readonly cniConf: string;
  /** Registry host to the URL that serves it: `harbor.example.com` -> `http://127.0.0.1:5000`. */
  readonly registryMirrors?: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/** A unix socket's path holds 107 bytes. */
const MAX_SOCKET_PATH = 100;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 10;
const ARCHITECTURES: Readonly<Record<string, string>> = table({ x64: 'amd64', arm64: 'arm64' });

export const goArchitecture = (): string => ARCHITECTURES[os.arch()] ?? os.arch();
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** With as many descriptors as the machine lets it have: all streams of all Pods go through it. */
const RAISED = 'ulimit -n "$(ulimit -Hn)"; exec containerd --config "$1"';

export class ContainerdDaemon {
  readonly paths: ContainerdPaths;
  private readonly pidFile: string;
  private readonly configFile: string;
  private readonly logFile: string;
  /** What this process started itself. */
  private child?: ChildProcess;

  constructor(private readonly options: DaemonOptions) {
    const at = (...parts: string[]) => path.join(options.dir, ...parts);
    this.paths = {
      root: at('root'),
      state: at('state'),
      socket: at('containerd.sock'),
      registries: at('registries'),
      cniBin: options.cniBin,
      cniConf: options.cniConf,
    };
    if (Buffer.byteLength(this.paths.socket) > MAX_SOCKET_PATH) {
      throw new Error(
        `the path ${this.paths.socket} is too long for a unix socket (over ${MAX_SOCKET_PATH} bytes): choose a shorter data folder`,
      );
    }
    this.pidFile = at('containerd.pid');
    this.configFile = at('config.toml');
    this.logFile = at('containerd.log');
  }

  /** Starts containerd, or finds the one that runs; resolves when CRI answers. Says which it was. */
  async start(): Promise<'started' | 'found'> {
    fs.mkdirSync(this.options.dir, { recursive: true, mode: 0o711 });
    fs.mkdirSync(this.paths.cniConf, { recursive: true });
    this.writeRegistries();
    const found = this.pid() !== undefined;
    if (!found) await this.spawn();
    // One that runs already may be of a time when nobody did this. Shims and containers have scores of their own from it.
    setOomScore(this.pid() ?? 0, NODE_AGENT_OOM);
    await this.waitReady();
    await this.importPause();
    return found ? 'found' : 'started';
  }

  /** Of the running daemon. A pid that is now another process's does not count. */
  pid(): number | undefined {
    // While a process changes its program, its command line reads as empty: one's own child is known without.
    const child = this.child?.pid;
    if (child !== undefined && this.child?.exitCode === null && this.child.signalCode === null && !isZombie(child)) return child;
    let pid: number;
    try {
      pid = Number(fs.readFileSync(this.pidFile, 'utf8'));
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return command.includes(this.configFile) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Where the running daemon serves exec, attach and port-forward on loopback: a port that no Pod may have as its own. */
  streamPort(): number {
    return Number(/^ *stream_server_port = "(\d+)"$/m.exec(fs.readFileSync(this.configFile, 'utf8'))?.[1]);
  }

  /** Stops the daemon alone: containers run on under their shims. */
  async stop(): Promise<void> {
    const pid = this.pid();
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      await this.waitGone(pid);
    }
    fs.rmSync(this.pidFile, { force: true });
    fs.rmSync(this.paths.socket, { force: true });
    fs.rmSync(`${this.paths.socket}.ttrpc`, { force: true });
  }

  /** Stops and removes every pod, the daemon, and its folder with images and state. */
  async removeAll(): Promise<void> {
    if (fs.existsSync(this.configFile)) {
      if (this.pid() === undefined) await this.spawn();
      await this.waitReady();
      const runtime = new ContainerdRuntime(this.paths.socket);
      try {
        const sandboxes = await runtime.listSandboxes();
        // One that does not go (its annotations are a Pod's, and may be what CNI does not take) must not keep the rest on the machine.
        const removed = await Promise.allSettled(
          sandboxes.map(async (s) => {
            await runtime.stopSandbox(s.id);
            await runtime.removeSandbox(s.id);
          }),
        );
        for (const [i, r] of removed.entries())
          if (r.status === 'rejected')
            this.options.log.warn('sandbox not removed', { sandbox: sandboxes[i]!.id, error: (r.reason as Error).message });
      } finally {
        await runtime.close();
      }
    }
    await this.stop();
    for (const mount of mountsUnder(this.options.dir)) await run('umount', ['-l', mount]).catch(() => {});
    fs.rmSync(this.options.dir, { recursive: true, force: true });
  }

  /** Puts an image that was made here into the store of CRI. */
  async importImage(recipe: ImageRecipe): Promise<void> {
    const file = path.join(this.options.dir, `import-${process.pid}-${recipe.name.replace(/\W/g, '_')}.tar`);
    fs.writeFileSync(file, ociArchive(recipe));
    try {
      await this.importArchive(file);
    } finally {
      fs.rmSync(file, { force: true });
    }
  }

  /** An OCI or Docker archive, as `skopeo copy … oci-archive:` or `docker save` write it. */
  async importArchive(file: string): Promise<void> {
    await run('ctr', ['--address', this.paths.socket, '--namespace', 'k8s.io', 'images', 'import', file]);
  }

  private async spawn(): Promise<void> {
    const facts = {
      restrictOomScore: !mayLowerOomScore(),
      snapshotter: snapshotter(),
      systemdCgroup: false,
      streamPort: await freePort(),
    } as const;
    fs.writeFileSync(this.configFile, containerdConfig(this.paths, facts));
    const out = fs.openSync(this.logFile, 'a');
    try {
      const child = spawn('sh', ['-c', RAISED, 'sh', this.configFile], { detached: true, stdio: ['ignore', out, out], cwd: '/' });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (e: NodeJS.ErrnoException) =>
          reject(e.code === 'ENOENT' ? new Error('containerd is not installed: apt-get install containerd') : e),
        );
      });
      child.unref();
      this.child = child;
      fs.writeFileSync(this.pidFile, String(child.pid));
    } finally {
      fs.closeSync(out);
    }
  }

  private async waitReady(): Promise<void> {
    const until = Date.now() + START_TIMEOUT_MS;
    // containerd makes the socket late in its start: asking before only adds the client's back-off.
    while (!fs.existsSync(this.paths.socket) && Date.now() < until) {
      if (this.pid() === undefined) throw new Error(`containerd ended at once: ${this.lastError()}`);
      await delay(POLL_MS);
    }
    const runtime = new ContainerdRuntime(this.paths.socket);
    try {
      for (;;) {
        try {
          await runtime.version();
          return;
        } catch (e) {
          if (this.pid() === undefined) throw new Error(`containerd ended: ${this.lastError()}`);
          if (Date.now() > until) throw new Error(`containerd does not answer on ${this.paths.socket}: ${(e as Error).message}`);
          await delay(POLL_MS);
        }
      }
    } finally {
      await runtime.close();
    }
  }

  private async importPause(): Promise<void> {
    const runtime = new ContainerdRuntime(this.paths.socket);
    try {
      if (!(await runtime.imageStatus(PAUSE_IMAGE))) await this.importImage(pauseImage(goArchitecture()));
    } finally {
      await runtime.close();
    }
  }

  private writeRegistries(): void {
    fs.rmSync(this.paths.registries, { recursive: true, force: true });
    fs.mkdirSync(this.paths.registries, { recursive: true });
    for (const [host, mirror] of Object.entries(this.options.registryMirrors ?? {})) {
      const dir = path.join(this.paths.registries, host);
      fs.mkdirSync(dir, { recursive: true });
      fs.writeFileSync(path.join(dir, 'hosts.toml'), hostsToml(mirror));
    }
  }

  private async waitGone(pid: number): Promise<void> {
    const until = Date.now() + STOP_TIMEOUT_MS;
    while (fs.existsSync(`/proc/${pid}`) && !isZombie(pid)) {
      if (Date.now() > until) {
        this.options.log.warn('containerd does not stop: killing it', { pid });
        process.kill(pid, 'SIGKILL');
        return;
      }
      await delay(POLL_MS);
    }
  }

  private lastError(): string {
    try {
      const lines = fs.readFileSync(this.logFile, 'utf8').trim().split('\n');
      return `${lines.findLast((l) => /level=(fatal|error)|^containerd:/.test(l)) ?? lines.at(-1)} (see ${this.logFile})`;
    } catch {
      return `see ${this.logFile}`;
    }
  }
}

const snapshotter = (): 'overlayfs' | 'native' =>
  /\boverlay$/m.test(fs.readFileSync('/proc/filesystems', 'utf8')) ? 'overlayfs' : 'native';

function isZombie(pid: number): boolean {
  try {
    return /^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Mount points below `dir`, the deepest first. */
export function mountsUnder(dir: string): string[] {
  return fs
    .readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((l) => (l.split(' ')[1] ?? '').replace(/\\040/g, ' '))
    .filter((m) => m.startsWith(`${dir}/`))
    .sort((a, b) => b.length - a.length);
}

/** One that nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
