/**
 * The container runtime as the kubelet sees it: the shape of the CRI (Kubernetes' Container Runtime Interface, runtime.v1) in our own words,
 * with streams in place of the URLs that CRI hands out. Two implementations: containerd (`src/host/containerd`) and simulated
 * (`src/kubelet/simulated`); both pass `test/compliance/container-runtime.ts`.
 *
 * Contract: every call may reject with a `RuntimeError`; `code` says which kind. Stop and remove calls are idempotent: what is gone already is
 * no error. Times are nanosecond-exact in the runtime, milliseconds here. An aborted `signal` makes a stream end and the call reject.
 */
export type RuntimeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'InvalidArgument'
  | 'Unavailable'
  | 'Unimplemented'
  | 'DeadlineExceeded'
  | 'Unknown';

/** A failure that the runtime reports; `message` is in its own words (the registry's, runc's). */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string) {
    super(message);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

export const isRuntimeNotFound = (e: unknown): boolean => e instanceof RuntimeError && e.code === 'NotFound';

export type NamespaceMode = 'pod' | 'container' | 'node' | 'target';

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  /** Container whose PID namespace is entered, with pid 'target'. */
  readonly targetId?: string;
}

export interface SecurityProfile {
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostRef?: string;
}

export interface SELinuxOptions {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}

export interface SandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

export interface SandboxSecurity {
  readonly namespaces: NamespaceOptions;
  readonly selinux?: SELinuxOptions;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly privileged?: boolean;
  readonly seccomp?: SecurityProfile;
}

export interface SandboxConfig {
  readonly metadata: SandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns?: DnsConfig;
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly security: SandboxSecurity;
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation?: 'private' | 'host-to-container' | 'bidirectional';
}

export interface Device {
  readonly containerPath: string;
  readonly hostPath: string;
  /** Of `rwm`. */
  readonly permissions: string;
}

export interface LinuxResources {
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly memoryLimit?: number;
  readonly oomScoreAdj?: number;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  /** cgroup v2 keys. */
  readonly unified?: Readonly<Record<string, string>>;
}

export interface ContainerSecurity {
  readonly namespaces: NamespaceOptions;
  readonly addCapabilities?: readonly string[];
  readonly dropCapabilities?: readonly string[];
  readonly privileged?: boolean;
  readonly selinux?: SELinuxOptions;
  readonly runAsUser?: number;
  readonly runAsUsername?: string;
  readonly runAsGroup?: number;
  readonly readonlyRootfs?: boolean;
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict';
  readonly noNewPrivileges?: boolean;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly seccomp?: SecurityProfile;
  readonly apparmor?: SecurityProfile;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  /** What the runtime resolves: an image id or a reference. */
  readonly image: string;
  /** An init container that others wait for: what simulates it is to end. */
  readonly runsToEnd?: boolean;
  /** As the user wrote it. */
  readonly userImage: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: LinuxResources;
  readonly security: ContainerSecurity;
}

export interface Sandbox {
  readonly id: string;
  readonly metadata: SandboxMetadata;
  readonly state: 'ready' | 'notready';
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SandboxStatus extends Sandbox {
  readonly ips: readonly string[];
  readonly network: NamespaceMode;
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerStatus extends Omit<Container, 'sandboxId'> {
  /** 0 while it did not happen. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly mounts: readonly Mount[];
  /** Absolute. */
  readonly logPath: string;
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
  readonly uid?: number;
  readonly username?: string;
  readonly pinned: boolean;
}

export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly serverAddress?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

export interface UsageSample {
  readonly timestamp: number;
  readonly cpuNanoSeconds?: number;
  readonly memoryWorkingSet?: number;
  readonly memoryUsage?: number;
  readonly memoryRss?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
}

export interface ContainerStats extends UsageSample {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly writableLayerBytes?: number;
  readonly writableLayerInodes?: number;
}

export interface FilesystemUsage {
  readonly mountpoint: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

export interface RuntimeCondition {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface RuntimeVersion {
  /** `containerd`: the scheme of container ids in pod status. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
}

/** Something happened to a container or sandbox; which pod it belongs to is looked up by id. */
export interface RuntimeEvent {
  readonly type: 'created' | 'started' | 'stopped' | 'deleted' | 'oom';
  /** Of a container or a sandbox. */
  readonly id: string;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The ends of a container's standard streams. `stdin` ends when the client is done writing. Writers resolve when more may come (back pressure).
 * An absent end is not attached.
 */
export interface StdStreams {
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly stdout?: (chunk: Uint8Array) => Promise<void>;
  readonly stderr?: (chunk: Uint8Array) => Promise<void>;
  readonly resize?: AsyncIterable<TerminalSize>;
  readonly signal: AbortSignal;
}

/** One forwarded connection. `input` ends when the client has half-closed; the call resolves when both ways are done. */
export interface PortStream {
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: (chunk: Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface RuntimeFilter {
  readonly id?: string;
  readonly podUid?: string;
  readonly sandboxId?: string;
}

export interface ContainerRuntime {
  /** Part of this process: always ready, and its events tell everything or end. So nobody need look it over now and then. */
  readonly steady?: boolean;
  version(): Promise<RuntimeVersion>;
  conditions(): Promise<readonly RuntimeCondition[]>;
  /** The node's pod range, where the runtime hands out addresses itself. */
  updatePodCIDR(podCIDR: string): Promise<void>;

  runSandbox(config: SandboxConfig, runtimeHandler: string): Promise<string>;
  /** Ends every container in it and gives its network back. */
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<SandboxStatus>;
  listSandboxes(filter?: RuntimeFilter): Promise<readonly Sandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** The stop signal, and after `graceSeconds` SIGKILL. Resolves when it has exited. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): Promise<ContainerStatus>;
  listContainers(filter?: RuntimeFilter): Promise<readonly Container[]>;
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  /** The log file was moved: open it anew. */
  reopenLog(id: string): Promise<void>;

  /** Runs a command to its end; rejects with DeadlineExceeded after `timeoutSeconds` (0: no limit). Output past 16 MiB is cut. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** Resolves with the exit code. */
  exec(id: string, request: ExecRequest, streams: StdStreams): Promise<number>;
  attach(id: string, tty: boolean, streams: StdStreams): Promise<void>;
  portForward(sandboxId: string, port: number, stream: PortStream): Promise<void>;

  listImages(): Promise<readonly Image[]>;
  imageStatus(image: string): Promise<Image | undefined>;
  /** Resolves with what containers refer to. Rejects in the registry's words. */
  pullImage(image: string, auth: RegistryAuth | undefined, sandbox: SandboxConfig): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFilesystem(): Promise<readonly FilesystemUsage[]>;

  containerStats(filter?: RuntimeFilter): Promise<readonly ContainerStats[]>;
  /** Yields what happens from now on. Throws Unimplemented where the runtime has no events; ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  close(): Promise<void>;
}
