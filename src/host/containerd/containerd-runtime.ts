/** `ContainerRuntime` on a real containerd: CRI v1 over its unix socket. */
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
  isRuntimeNotFound,
  type LinuxResources,
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
} from '../../kubelet/runtime.js';
import { containerdEvents } from './containerd-events.js';
import * as convert from './convert.js';
import { CRI_SCHEMA } from './cri.schema.js';
import { GrpcConnection } from './grpc.js';
import { type Message, protoCodec } from './proto.js';
import { forwardPort, remoteCommand } from './streaming.js';

const codec = protoCodec(CRI_SCHEMA);
const POD_UID = 'io.kubernetes.pod.uid';
/** A pull has no deadline here: the kubelet shows its progress by events, and containerd gives up on a registry that stalls. */
const NO_DEADLINE = 0;
const SETTLE_TRIES = 100;
const SETTLE_MS = 5;
/** Beside the time that a call itself allows (grace period, exec time-out). */
const SLACK_MS = 120_000;

const filterMessage = (f: RuntimeFilter | undefined): Message => ({
  filter: {
    id: f?.id ?? '',
    ...(f?.sandboxId ? { podSandboxId: f.sandboxId } : {}),
    labelSelector: f?.podUid ? { [POD_UID]: f.podUid } : {},
  },
});

/** Of one probe or hook, in bytes. One that writes more has failed. */
const MAX_COMMAND_OUTPUT = 2 * 1024 * 1024;

export class ContainerdRuntime implements ContainerRuntime {
  private readonly connection: GrpcConnection;
  /** For commands whose output comes in one answer: what runs in a container decides how large that is. */
  private readonly commands: GrpcConnection;

  constructor(socket: string) {
    this.connection = new GrpcConnection(socket);
    this.commands = new GrpcConnection(socket, MAX_COMMAND_OUTPUT);
  }

  private call(
    service: 'RuntimeService' | 'ImageService',
    method: string,
    message: Message,
    deadlineMs?: number,
    request = method,
    response = method,
  ): Promise<Message> {
    const path = `/runtime.v1.${service}/${method}`;
    return this.connection.unary(
      codec,
      path,
      `${request}Request`,
      `${response}Response`,
      message,
      deadlineMs === undefined ? {} : { deadlineMs },
    );
  }
  private runtime(method: string, message: Message, deadlineMs?: number): Promise<Message> {
    return this.call('RuntimeService', method, message, deadlineMs);
  }
  private images(method: string, message: Message, deadlineMs?: number): Promise<Message> {
    return this.call('ImageService', method, message, deadlineMs);
  }

  async version(): Promise<RuntimeVersion> {
    const v = await this.runtime('Version', {}, 5000);
    return { name: v.runtimeName as string, version: v.runtimeVersion as string, apiVersion: v.runtimeApiVersion as string };
  }

  async conditions(): Promise<readonly RuntimeCondition[]> {
    const answer = await this.runtime('Status', {}, 10_000);
    const conditions = ((answer.status as Message | undefined)?.conditions ?? []) as Message[];
    return conditions.map((c) => ({
      type: String(c.type),
      status: c.status === true,
      reason: String(c.reason),
      message: String(c.message),
    }));
  }

  async updatePodCIDR(podCidr: string): Promise<void> {
    await this.runtime('UpdateRuntimeConfig', { runtimeConfig: { networkConfig: { podCidr } } });
  }

  async runSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string> {
    const answer = await this.runtime('RunPodSandbox', { config: convert.sandboxConfig(config), runtimeHandler }, SLACK_MS * 2);
    return answer.podSandboxId as string;
  }

  async stopSandbox(id: string): Promise<void> {
    await ignoreGone(this.runtime('StopPodSandbox', { podSandboxId: id }));
  }

  async removeSandbox(id: string): Promise<void> {
    await ignoreGone(this.runtime('RemovePodSandbox', { podSandboxId: id }));
  }

  async sandboxStatus(id: string): Promise<SandboxStatus> {
    const answer = await this.runtime('PodSandboxStatus', { podSandboxId: id });
    return convert.toSandboxStatus(answer.status as Message);
  }

  /** Of the sandbox's own process, through which its network can be seen. Undefined: it does not run. */
  async sandboxPid(id: string): Promise<number | undefined> {
    try {
      const answer = await this.runtime('PodSandboxStatus', { podSandboxId: id, verbose: true });
      const info = JSON.parse((answer.info as Record<string, string>).info ?? '{}') as { pid?: number };
      return info.pid || undefined;
    } catch (e) {
      if (isRuntimeNotFound(e)) return undefined;
      throw e;
    }
  }

  async listSandboxes(filter?: RuntimeFilter): Promise<readonly Sandbox[]> {
    return ((await this.runtime('ListPodSandbox', filterMessage(filter))).items as Message[]).map(convert.toSandbox);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const message = { podSandboxId: sandboxId, config: convert.containerConfig(config), sandboxConfig: convert.sandboxConfig(sandbox) };
    return (await this.runtime('CreateContainer', message)).containerId as string;
  }

  async startContainer(id: string): Promise<void> {
    await this.runtime('StartContainer', { containerId: id });
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await ignoreGone(this.runtime('StopContainer', { containerId: id, timeout: graceSeconds }, graceSeconds * 1000 + SLACK_MS));
  }

  async removeContainer(id: string): Promise<void> {
    await ignoreGone(this.runtime('RemoveContainer', { containerId: id }));
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return convert.toContainerStatus((await this.runtime('ContainerStatus', { containerId: id })).status as Message);
  }

  async listContainers(filter?: RuntimeFilter): Promise<readonly Container[]> {
    return ((await this.runtime('ListContainers', filterMessage(filter))).containers as Message[]).map(convert.toContainer);
  }

  async updateResources(id: string, resources: LinuxResources): Promise<void> {
    await this.runtime('UpdateContainerResources', { containerId: id, linux: convert.linuxResources(resources) });
  }

  async reopenLog(id: string): Promise<void> {
    await this.runtime('ReopenContainerLog', { containerId: id });
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const deadline = timeoutSeconds ? timeoutSeconds * 1000 + SLACK_MS : NO_DEADLINE;
    const message = { containerId: id, cmd: command, timeout: timeoutSeconds };
    const answer = await this.commands.unary(codec, '/runtime.v1.RuntimeService/ExecSync', 'ExecSyncRequest', 'ExecSyncResponse', message, {
      deadlineMs: deadline,
    });
    return { exitCode: Number(answer.exitCode), stdout: answer.stdout as Uint8Array, stderr: answer.stderr as Uint8Array };
  }

  async exec(id: string, request: ExecRequest, streams: StdStreams): Promise<number> {
    const answer = await this.runtime('Exec', {
      containerId: id,
      cmd: request.command,
      tty: request.tty,
      stdin: !!streams.stdin,
      stdout: !!streams.stdout,
      stderr: !!streams.stderr && !request.tty,
    });
    return remoteCommand(answer.url as string, request.tty, streams);
  }

  async attach(id: string, tty: boolean, streams: StdStreams): Promise<void> {
    const answer = await this.runtime('Attach', {
      containerId: id,
      tty,
      stdin: !!streams.stdin,
      stdout: !!streams.stdout,
      stderr: !!streams.stderr && !tty,
    });
    await remoteCommand(answer.url as string, tty, streams);
  }

  async portForward(sandboxId: string, port: number, stream: PortStream): Promise<void> {
    const answer = await this.runtime('PortForward', { podSandboxId: sandboxId, port: [port] });
    await forwardPort(answer.url as string, port, stream);
  }

  async listImages(): Promise<readonly Image[]> {
    return ((await this.images('ListImages', {})).images as Message[]).map(convert.toImage);
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    const answer = await this.images('ImageStatus', { image: { image } });
    return answer.image ? convert.toImage(answer.image as Message) : undefined;
  }

  async pullImage(image: string, auth: RegistryAuth | undefined, sandbox: SandboxConfig): Promise<string> {
    const message = { image: { image }, auth: convert.authMessage(auth), sandboxConfig: convert.sandboxConfig(sandbox) };
    return (await this.images('PullImage', message, NO_DEADLINE)).imageRef as string;
  }

  async removeImage(image: string): Promise<void> {
    await ignoreGone(this.images('RemoveImage', { image: { image } }));
  }

  async imageFilesystem(): Promise<readonly FilesystemUsage[]> {
    const answer = await this.images('ImageFsInfo', {});
    return ((answer.imageFilesystems ?? []) as Message[]).map((f) => ({
      mountpoint: String((f.fsId as Message | undefined)?.mountpoint ?? ''),
      usedBytes: Number((f.usedBytes as Message | undefined)?.value ?? 0),
      inodesUsed: Number((f.inodesUsed as Message | undefined)?.value ?? 0),
    }));
  }

  async containerStats(filter?: RuntimeFilter): Promise<readonly ContainerStats[]> {
    return ((await this.runtime('ListContainerStats', filterMessage(filter))).stats as Message[]).map(convert.toContainerStats);
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    for await (const event of containerdEvents(this.connection, signal)) {
      if (event.type === 'stopped') await this.settled(event.id);
      yield event;
    }
  }

  /** Waits for CRI to know what containerd has just told: who hears of an exit shall also see it. */
  private async settled(id: string): Promise<void> {
    for (let i = 0; i < SETTLE_TRIES; i++) {
      const status = await this.containerStatus(id).catch(() => undefined);
      if (status?.state !== 'running') return;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
  }

  async close(): Promise<void> {
    this.connection.close();
    this.commands.close();
  }
}

/** What is gone is what was wanted. */
async function ignoreGone(call: Promise<Message>): Promise<void> {
  try {
    await call;
  } catch (e) {
    if (isRuntimeNotFound(e)) return;
    if (e instanceof RuntimeError && e.code === 'Unknown' && /not found/.test(e.message)) return;
    throw e;
  }
}
