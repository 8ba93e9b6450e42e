/** One simulated container: its states, its program, its log. */
import { type Clock, sleep, type Timer } from '../../util/clock.js';
import type { FileSystem } from '../host.js';
import { formatLine } from '../logs/line.js';
import { type ContainerConfig, type ContainerState, type ContainerStatus, RuntimeError, type SandboxConfig } from '../runtime.js';
import type { Behaviour, SimulatedContainer, SimulatedExec, SimulatedRequest, SimulatedResponse } from './behaviour.js';
import type { SimulatedNetwork } from './network.js';
import { runCommand } from './shell.js';

export interface ContainerParts {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly sandbox: SandboxConfig;
  readonly behaviour: Behaviour;
  readonly imageRef: string;
  readonly podIP: string;
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: SimulatedNetwork;
  readonly onChange: (type: 'started' | 'stopped') => void;
}

const KILLED = 137;
const TERMINATED = 143;

/** An init container whose image is not described does its work well. */
const INIT_MS = 100;

export class Simulated {
  state: ContainerState = 'created';
  readonly createdAt: number;
  private startedAt = 0;
  private finishedAt = 0;
  private exitCode = 0;
  private reason = '';
  private readonly stopping = new AbortController();
  private readonly listeners = new Set<(line: string, stream: 'stdout' | 'stderr') => void>();
  private readonly waiters = new Set<() => void>();
  private timers: Timer[] = [];
  private writing: Promise<void> = Promise.resolve();
  /** Files that the program wrote outside of volumes. */
  private readonly scratch = new Map<string, Uint8Array>();
  readonly view: SimulatedContainer;

  constructor(readonly parts: ContainerParts) {
    this.createdAt = parts.clock.now();
    this.view = this.makeView();
  }

  get logPath(): string {
    return `${this.parts.sandbox.logDirectory}/${this.parts.config.logPath}`;
  }

  private makeView(): SimulatedContainer {
    const { config, sandbox, clock, network } = this.parts;
    const env = new Map([
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['HOSTNAME', sandbox.hostname],
      ...config.env.map((e) => [e.name, e.value] as const),
    ]);
    return {
      id: this.parts.id,
      name: config.name,
      podName: sandbox.metadata.name,
      namespace: sandbox.metadata.namespace,
      podIP: this.parts.podIP,
      hostname: sandbox.hostname || 'localhost',
      attempt: config.attempt,
      image: config.userImage,
      command: config.command,
      args: config.args,
      env,
      clock,
      stopped: this.stopping.signal,
      log: (line, stream = 'stdout') => this.log(line, stream),
      readFile: (path) => this.readFile(path),
      writeFile: (path, data) => this.writeFile(path, data),
      sleep: (ms) => sleep(clock, ms, this.stopping.signal),
      fetch: (host, port, request) => network.request(host, port, request),
      terminationMessage: (text) =>
        this.writeFile(config.annotations['io.kubernetes.container.terminationMessagePath'] ?? '/dev/termination-log', text),
    };
  }

  /** Where a path of the container lies on the node: in the mount that is nearest. */
  private hostPath(path: string): string | undefined {
    const mount = [...this.parts.config.mounts]
      .sort((a, b) => b.containerPath.length - a.containerPath.length)
      .find((m) => path === m.containerPath || path.startsWith(`${m.containerPath.replace(/\/$/, '')}/`));
    return mount && `${mount.hostPath}${path.slice(mount.containerPath.replace(/\/$/, '').length)}`;
  }

  private async readFile(path: string): Promise<Uint8Array> {
    const scratch = this.scratch.get(path);
    if (scratch) return scratch;
    const host = this.hostPath(path);
    if (!host) throw new Error(`open ${path}: no such file or directory`);
    return this.parts.files.read(host);
  }

  private async writeFile(path: string, data: string): Promise<void> {
    const host = this.hostPath(path);
    if (!host) this.scratch.set(path, new TextEncoder().encode(data));
    else await this.parts.files.write(host, data);
  }

  start(): void {
    const { behaviour, clock } = this.parts;
    if (this.state !== 'created') throw new RuntimeError('InvalidArgument', `container is in ${this.state} state`);
    if (behaviour.startError) {
      this.finish(128, 'StartError');
      throw new RuntimeError('Unknown', behaviour.startError);
    }
    this.state = 'running';
    this.startedAt = clock.now();
    this.parts.onChange('started');
    for (const line of behaviour.logs ?? []) this.log(line, 'stdout');
    if (behaviour.run) this.runProgram(behaviour.run);
    else if (behaviour.exit) {
      const { afterMs, code, message } = behaviour.exit;
      this.timers.push(clock.after(afterMs, () => this.exit(code, message)));
    } else if (this.parts.config.runsToEnd) this.timers.push(clock.after(INIT_MS, () => this.exit(0, undefined)));
  }

  private runProgram(run: NonNullable<Behaviour['run']>): void {
    const program = async () => {
      try {
        this.finish(await run(this.view));
      } catch (e) {
        this.log(String((e as Error).stack ?? e), 'stderr');
        this.finish(1);
      }
    };
    void program();
  }

  private exit(code: number, message: string | undefined): void {
    const words = message === undefined ? Promise.resolve() : this.view.terminationMessage(message);
    words.catch(() => {}).finally(() => this.finish(code));
  }

  finish(code: number, reason = code === 0 ? 'Completed' : 'Error'): void {
    if (this.state === 'exited') return;
    this.state = 'exited';
    this.exitCode = code;
    this.reason = reason;
    this.finishedAt = this.parts.clock.now();
    if (!this.startedAt) this.startedAt = reason === 'StartError' ? 0 : this.finishedAt;
    for (const t of this.timers) t.cancel();
    this.timers = [];
    this.stopping.abort();
    for (const w of this.waiters) w();
    this.waiters.clear();
    this.parts.onChange('stopped');
  }

  /** Resolves when it has exited. */
  ended(): Promise<void> {
    if (this.state === 'exited') return Promise.resolve();
    return new Promise((resolve) => this.waiters.add(resolve));
  }

  async stop(graceSeconds: number): Promise<void> {
    if (this.state === 'created') this.finish(0);
    if (this.state !== 'running') return;
    const { behaviour, clock } = this.parts;
    const kill = () => this.finish(KILLED, 'Error');
    if (graceSeconds <= 0) return kill();
    this.timers.push(clock.after(graceSeconds * 1000, kill));
    if (behaviour.stop !== 'ignore') {
      const { takesMs = 0, code } = behaviour.stop ?? {};
      const done = () => (behaviour.run && code === undefined ? this.stopProgram() : this.finish(code ?? 0));
      if (takesMs) this.timers.push(clock.after(takesMs, done));
      else done();
    }
    await this.ended();
  }

  /** The program sees `stopped` and says with which code it leaves; one that does not care is ended by the signal. */
  private stopProgram(): void {
    this.stopping.abort();
    if (!this.parts.behaviour.stop) this.timers.push(this.parts.clock.after(STOP_PATIENCE_MS, () => this.finish(TERMINATED)));
  }

  log(line: string, stream: 'stdout' | 'stderr'): void {
    for (const l of this.listeners) l(line, stream);
    const text = line
      .replace(/\n$/, '')
      .split('\n')
      .map((l) => formatLine(this.parts.clock.now(), stream, l))
      .join('');
    this.writing = this.writing.then(() => this.parts.files.append(this.logPath, text)).catch(() => {}); // its folder is gone: so is the container
  }

  listen(listener: (line: string, stream: 'stdout' | 'stderr') => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async exec(command: readonly string[], stdin: Uint8Array): Promise<SimulatedExec> {
    if (this.state !== 'running')
      throw new RuntimeError('Unknown', `container is in ${this.state === 'exited' ? 'CONTAINER_EXITED' : 'CONTAINER_CREATED'} state`);
    if (this.parts.behaviour.exec) return this.parts.behaviour.exec(command, this.view, stdin);
    const out: string[] = [];
    const err: string[] = [];
    const exitCode = await runCommand(command, this.view, {
      out: (t) => out.push(t),
      err: (t) => err.push(t),
      stdin: new TextDecoder().decode(stdin),
    });
    return { exitCode, stdout: out.join(''), stderr: err.join('') };
  }

  listens(port: number): boolean {
    return this.state === 'running' && (this.parts.behaviour.ports?.includes(port) ?? true);
  }

  async http(request: SimulatedRequest): Promise<SimulatedResponse> {
    return (await this.parts.behaviour.http?.(request, this.view)) ?? { status: 200, body: '' };
  }

  status(): ContainerStatus {
    const { id, config, imageRef } = this.parts;
    return {
      id,
      name: config.name,
      attempt: config.attempt,
      image: config.userImage,
      imageRef,
      state: this.state,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      exitCode: this.exitCode,
      reason: this.reason,
      message: this.reason === 'StartError' ? (this.parts.behaviour.startError ?? '') : '',
      labels: config.labels,
      annotations: config.annotations,
      mounts: config.mounts,
      logPath: this.logPath,
    };
  }

  /** Millicores are constant, so use grows with time. */
  cpuNanoSeconds(): number {
    const until = this.state === 'running' ? this.parts.clock.now() : this.finishedAt;
    return Math.max(0, until - this.startedAt) * (this.parts.behaviour.cpuMillis ?? 1) * 1000;
  }
}

/** How long a stopped program may take to leave by itself. */
const STOP_PATIENCE_MS = 100;
