/** `ContainerRuntime` without containers: no root, no processes; pure but for its clock. */

import { sleep } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import { Fifo } from '../../util/fifo.js';
import { uuid } from '../../util/random.js';
import type { FileSystem } from '../host.js';
import { parseImageName } from '../image-name.js';
import { podUidOf } from '../labels.js';
import {
  type Container,
  type ContainerConfig,
  type ContainerRuntime,
  type ContainerStats,
  type ContainerStatus,
  type ExecRequest,
  type ExecResult,
  type FilesystemUsage,
  type Image,
  type PortStream,
  type RegistryAuth,
  type RuntimeCondition,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeFilter,
  type RuntimeVersion,
  type Sandbox,
  type SandboxConfig,
  type SandboxStatus,
  type StdStreams,
} from '../runtime.js';
import { type Behaviour, ImageBehaviours } from './behaviour.js';
import { serveHttp } from './http1.js';
import { AddressPool, SimulatedNetwork } from './network.js';
import { runCommand } from './shell.js';
import { Simulated } from './simulated-container.js';

export interface SimulatedOptions {
  readonly env: Env;
  readonly files: FileSystem;
  readonly behaviours?: ImageBehaviours;
  readonly network?: SimulatedNetwork;
  /** Until the node has a podCIDR. */
  readonly podCIDR?: string;
  /** False: the kubelet looks it over now and then as it does a real one, which a test may break. */
  readonly steady?: boolean;
}

interface SimulatedSandbox {
  readonly id: string;
  readonly config: SandboxConfig;
  readonly createdAt: number;
  state: 'ready' | 'notready';
  ip: string;
}

const DEFAULT_SIZE = 10_000_000;
/** Events that wait for a slow reader; past it the stream ends, and the kubelet looks over everything before it listens again. */
const MAX_EVENTS = 10_000;
const utf8 = new TextEncoder();

/** Images that interpret their command as a shell would. */
const SHELL_IMAGES = /(^|\/)(busybox|alpine|debian|ubuntu)(:|@|$)/;
const shellBehaviour: Behaviour = {
  run: (c) => {
    const argv = [...c.command, ...c.args];
    return runCommand(argv.length ? argv : ['sh', '-c', ''], c, {
      out: (t) => c.log(t),
      err: (t) => c.log(t, 'stderr'),
      stdin: '',
    });
  },
};

/** Images that bring a shell run what they are told; others run for ever. */
export const ordinaryBehaviours = (): ImageBehaviours => new ImageBehaviours().add(SHELL_IMAGES, shellBehaviour);

export class SimulatedRuntime implements ContainerRuntime {
  readonly behaviours: ImageBehaviours;
  readonly network: SimulatedNetwork;
  private readonly sandboxes = new Map<string, SimulatedSandbox>();
  private readonly containers = new Map<string, Simulated>();
  private readonly images = new Map<string, Image>();
  private readonly byUid = new Map<string, { sandboxes: Set<string>; containers: Set<string> }>();
  private readonly listeners = new Set<(e: RuntimeEvent) => void>();
  private readonly pool: AddressPool;

  readonly steady: boolean;

  constructor(private readonly options: SimulatedOptions) {
    this.steady = options.steady ?? true;
    this.behaviours = options.behaviours ?? ordinaryBehaviours();
    this.network = options.network ?? new SimulatedNetwork();
    this.pool = new AddressPool(options.podCIDR ?? '10.244.0.0/24');
  }

  private newId(): string {
    const { random } = this.options.env;
    return (uuid(random) + uuid(random)).replaceAll('-', '');
  }

  private emit(type: RuntimeEvent['type'], id: string): void {
    for (const l of this.listeners) l({ type, id });
  }

  private index(uid: string): { sandboxes: Set<string>; containers: Set<string> } {
    let entry = this.byUid.get(uid);
    if (!entry) this.byUid.set(uid, (entry = { sandboxes: new Set(), containers: new Set() }));
    return entry;
  }

  private sandbox(id: string): SimulatedSandbox {
    const found = this.sandboxes.get(id);
    if (!found)
      throw new RuntimeError('NotFound', `rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found`);
    return found;
  }

  private container(id: string): Simulated {
    const found = this.containers.get(id);
    if (!found)
      throw new RuntimeError(
        'NotFound',
        `rpc error: code = NotFound desc = an error occurred when try to find container ${JSON.stringify(id)}: not found`,
      );
    return found;
  }

  async version(): Promise<RuntimeVersion> {
    return { name: 'simulated', version: '1.0.0', apiVersion: 'v1' };
  }

  async conditions(): Promise<readonly RuntimeCondition[]> {
    const ok = (type: string) => ({ type, status: true, reason: '', message: '' });
    return [ok('RuntimeReady'), ok('NetworkReady')];
  }

  async updatePodCIDR(podCIDR: string): Promise<void> {
    if (this.sandboxes.size === 0) this.pool.range(podCIDR);
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const uid = config.metadata.uid;
    for (const s of this.sandboxes.values()) {
      if (s.config.metadata.uid === uid && s.config.metadata.attempt === config.metadata.attempt) {
        throw new RuntimeError(
          'Unknown',
          `rpc error: code = Unknown desc = failed to reserve sandbox name: it is reserved for ${JSON.stringify(s.id)}`,
        );
      }
    }
    const id = this.newId();
    const ip = config.security.namespaces.network === 'node' ? '' : this.pool.take();
    this.sandboxes.set(id, { id, config, createdAt: this.options.env.clock.now(), state: 'ready', ip });
    this.index(uid).sandboxes.add(id);
    if (ip) {
      this.network.attach(ip, {
        serve: async (request) =>
          this.inSandbox(id)
            .find((c) => c.listens(request.port))
            ?.http(request),
      });
    }
    return id;
  }

  private inSandbox(id: string): Simulated[] {
    return [...this.containers.values()].filter((c) => c.parts.sandboxId === id);
  }

  async stopSandbox(id: string): Promise<void> {
    const s = this.sandboxes.get(id);
    if (!s || s.state === 'notready') return;
    for (const c of this.inSandbox(id)) await c.stop(0);
    s.state = 'notready';
    if (s.ip) {
      this.network.detach(s.ip);
      this.pool.give(s.ip);
      s.ip = '';
    }
    this.emit('stopped', id);
  }

  async removeSandbox(id: string): Promise<void> {
    const s = this.sandboxes.get(id);
    if (!s) return;
    await this.stopSandbox(id);
    for (const c of this.inSandbox(id)) await this.removeContainer(c.parts.id);
    this.sandboxes.delete(id);
    const entry = this.byUid.get(s.config.metadata.uid);
    entry?.sandboxes.delete(id);
    if (entry && !entry.sandboxes.size && !entry.containers.size) this.byUid.delete(s.config.metadata.uid);
    this.emit('deleted', id);
  }

  private toSandbox(s: SimulatedSandbox): SandboxStatus {
    const { config } = s;
    return {
      id: s.id,
      metadata: config.metadata,
      state: s.state,
      createdAt: s.createdAt,
      labels: config.labels,
      annotations: config.annotations,
      ips: s.ip ? [s.ip] : [],
      network: config.security.namespaces.network,
    };
  }

  async sandboxStatus(id: string): Promise<SandboxStatus> {
    return this.toSandbox(this.sandbox(id));
  }

  async listSandboxes(filter: RuntimeFilter = {}): Promise<readonly Sandbox[]> {
    const ids = filter.podUid ? (this.byUid.get(filter.podUid)?.sandboxes ?? []) : this.sandboxes.keys();
    const list = [...ids].map((id) => this.toSandbox(this.sandbox(id)));
    return filter.id ? list.filter((s) => s.id === filter.id) : list;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const s = this.sandbox(sandboxId);
    if (s.state !== 'ready') throw new RuntimeError('Unknown', `rpc error: code = Unknown desc = sandbox ${sandboxId} is not ready`);
    const image = this.findImage(config.image);
    if (!image)
      throw new RuntimeError(
        'NotFound',
        `rpc error: code = NotFound desc = failed to resolve image ${JSON.stringify(config.image)}: not found`,
      );
    const behaviour = this.behaviours.find(config.userImage);
    if (behaviour.createError) throw new RuntimeError('Unknown', behaviour.createError);
    for (const c of this.inSandbox(sandboxId)) {
      if (c.parts.config.name === config.name && c.parts.config.attempt === config.attempt)
        throw new RuntimeError('AlreadyExists', `container ${config.name} attempt ${config.attempt} is there already`);
    }
    const id = this.newId();
    const { env, files } = this.options;
    const container = new Simulated({
      id,
      sandboxId,
      config,
      sandbox,
      behaviour,
      imageRef: image.repoDigests[0] ?? image.id,
      podIP: s.ip,
      clock: env.clock,
      files,
      network: this.network,
      onChange: (type) => this.emit(type, id),
    });
    const path = container.logPath;
    await files.mkdir(path.slice(0, path.lastIndexOf('/')), 0o755);
    await files.append(path, '');
    this.containers.set(id, container);
    this.index(podUidOf(container.status())).containers.add(id);
    this.emit('created', id);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    this.container(id).start();
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.containers.get(id)?.stop(graceSeconds);
  }

  async removeContainer(id: string): Promise<void> {
    const c = this.containers.get(id);
    if (!c) return;
    await c.stop(0);
    this.containers.delete(id);
    this.byUid.get(podUidOf(c.status()))?.containers.delete(id);
    this.emit('deleted', id);
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return this.container(id).status();
  }

  private select(filter: RuntimeFilter): Simulated[] {
    const ids = filter.podUid ? [...(this.byUid.get(filter.podUid)?.containers ?? [])] : [...this.containers.keys()];
    return ids
      .map((id) => this.container(id))
      .filter((c) => (!filter.id || c.parts.id === filter.id) && (!filter.sandboxId || c.parts.sandboxId === filter.sandboxId));
  }

  async listContainers(filter: RuntimeFilter = {}): Promise<readonly Container[]> {
    return this.select(filter).map((c) => ({ ...c.status(), sandboxId: c.parts.sandboxId }));
  }

  async updateResources(id: string): Promise<void> {
    this.container(id);
  }

  async reopenLog(id: string): Promise<void> {
    await this.options.files.append(this.container(id).logPath, '');
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const { clock } = this.options.env;
    const done = new AbortController();
    const timeout = async () => {
      await sleep(clock, timeoutSeconds * 1000, done.signal);
      throw new RuntimeError(
        'DeadlineExceeded',
        `failed to exec in container: timeout ${timeoutSeconds}s exceeded: context deadline exceeded`,
      );
    };
    try {
      const run = this.container(id).exec(command, new Uint8Array(0));
      const r = timeoutSeconds ? await Promise.race([run, timeout()]) : await run;
      return { exitCode: r.exitCode, stdout: utf8.encode(r.stdout ?? ''), stderr: utf8.encode(r.stderr ?? '') };
    } finally {
      done.abort();
    }
  }

  async exec(id: string, request: ExecRequest, streams: StdStreams): Promise<number> {
    const stdin = streams.stdin && needsInput(request.command) ? await collect(streams.stdin) : new Uint8Array(0);
    const r = await this.container(id).exec(request.command, stdin);
    if (r.stdout) await streams.stdout?.(utf8.encode(request.tty ? r.stdout.replace(/\r?\n/g, '\r\n') : r.stdout));
    if (r.stderr) await (request.tty ? streams.stdout : streams.stderr)?.(utf8.encode(r.stderr));
    return r.exitCode;
  }

  async attach(id: string, _tty: boolean, streams: StdStreams): Promise<void> {
    const c = this.container(id);
    const stop = c.listen((line, stream) => {
      const to = stream === 'stdout' ? streams.stdout : streams.stderr;
      to?.(utf8.encode(`${line.replace(/\n$/, '')}\n`)).catch(() => {}); // the client has gone: the abort ends it
    });
    try {
      const gone = new Promise<void>((resolve) => {
        if (streams.signal.aborted) resolve();
        streams.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([c.ended(), gone]);
    } finally {
      stop();
    }
  }

  async portForward(sandboxId: string, port: number, stream: PortStream): Promise<void> {
    const s = this.sandbox(sandboxId);
    const target = this.inSandbox(sandboxId).find((c) => c.listens(port));
    if (!target)
      throw new RuntimeError(
        'Unknown',
        `failed to connect to localhost:${port} inside namespace ${JSON.stringify(s.id.slice(0, 12))}: connection refused`,
      );
    await serveHttp(stream.input, stream.output, port, (r) => target.http(r));
  }

  private findImage(name: string): Image | undefined {
    return (
      this.images.get(name) ??
      [...this.images.values()].find((i) => i.id === name || i.repoTags.includes(name) || i.repoDigests.includes(name))
    );
  }

  async listImages(): Promise<readonly Image[]> {
    return [...this.images.values()];
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    return this.findImage(image);
  }

  async pullImage(image: string, _auth: RegistryAuth | undefined, _sandbox: SandboxConfig): Promise<string> {
    const { pull = {}, user } = this.behaviours.find(image);
    if (pull.takesMs) await sleep(this.options.env.clock, pull.takesMs);
    if (pull.error) throw new RuntimeError('Unknown', pull.error);
    const known = this.images.get(image);
    if (known) return known.id;
    const { repository } = parseImageName(image);
    const digest = fakeDigest(image);
    this.images.set(image, {
      id: `sha256:${digest}`,
      repoTags: image.includes('@') ? [] : [image],
      repoDigests: [`${repository}@sha256:${digest}`],
      size: pull.sizeBytes ?? DEFAULT_SIZE,
      pinned: false,
      ...(typeof user === 'number' ? { uid: user } : typeof user === 'string' ? { username: user } : {}),
    });
    return `sha256:${digest}`;
  }

  async removeImage(image: string): Promise<void> {
    const found = this.findImage(image);
    for (const [name, i] of this.images) if (i === found) this.images.delete(name);
  }

  async imageFilesystem(): Promise<readonly FilesystemUsage[]> {
    const usedBytes = [...this.images.values()].reduce((n, i) => n + i.size, 0);
    return [{ mountpoint: '/var/lib/simulated', usedBytes, inodesUsed: this.images.size }];
  }

  async containerStats(filter: RuntimeFilter = {}): Promise<readonly ContainerStats[]> {
    const now = this.options.env.clock.now();
    return this.select(filter)
      .filter((c) => c.state === 'running')
      .map((c) => {
        const memory = c.parts.behaviour.memoryBytes ?? 1_000_000;
        return {
          id: c.parts.id,
          name: c.parts.config.name,
          labels: c.parts.config.labels,
          timestamp: now,
          cpuNanoSeconds: c.cpuNanoSeconds(),
          memoryUsage: memory,
          memoryWorkingSet: memory,
          memoryRss: memory,
          pageFaults: 0,
          majorPageFaults: 0,
          writableLayerBytes: 0,
          writableLayerInodes: 0,
        };
      });
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const queue = new Fifo<RuntimeEvent>();
    let wake = () => {};
    let missed = false;
    const listener = (e: RuntimeEvent) => {
      if (queue.length < MAX_EVENTS) queue.push(e);
      else missed = true;
      wake();
    };
    const abort = () => wake();
    this.listeners.add(listener);
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (!signal.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else if (missed) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.listeners.delete(listener);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends every container; simulated ones cannot outlive their process. */
  async close(): Promise<void> {
    for (const c of this.containers.values()) c.finish(137, 'Error');
  }
}

/** A shell without a script, or cat without a file, reads its input to the end. */
const needsInput = (command: readonly string[]): boolean => command.length === 1 || command.every((w) => !w.startsWith('-c'));

async function collect(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const c of input) chunks.push(c);
  const out = new Uint8Array(chunks.reduce((n, c) => n + c.length, 0));
  let at = 0;
  for (const c of chunks) {
    out.set(c, at);
    at += c.length;
  }
  return out;
}

/** The same image has the same digest on every node. */
function fakeDigest(image: string): string {
  let out = '';
  for (let round = 0; out.length < 64; round++) {
    let h = 0x811c9dc5 ^ round;
    for (let i = 0; i < image.length; i++) h = Math.imul(h ^ image.charCodeAt(i), 0x01000193) >>> 0;
    out += h.toString(16).padStart(8, '0');
  }
  return out;
}
