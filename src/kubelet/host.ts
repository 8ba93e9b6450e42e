/** What the kubelet asks of the machine it runs on. The real machine is `src/host/kubelet`, the simulated one `src/kubelet/simulated`. */
export interface FileInfo {
  readonly type: 'file' | 'directory' | 'symlink' | 'socket' | 'char' | 'block' | 'fifo';
  readonly size: number;
  readonly mode: number;
  readonly inode: number;
  readonly gid: number;
  readonly modifiedAt: number;
}

/** Files by absolute path. Reads of what is not there reject with a `FileNotFound`. Below the kubelet's own folders no link is followed. */
export interface FileSystem {
  /** Makes the folders above, too. One that is there stays as it is. */
  mkdir(path: string, mode?: number): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  /** Up to `length` bytes from `offset`; fewer at the end. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array>;
  write(path: string, data: Uint8Array | string, mode?: number): Promise<void>;
  /** An empty file, where nothing is yet. One that comes meanwhile, or a link, stays as it is: rejects. */
  create(path: string, mode: number): Promise<void>;
  append(path: string, data: Uint8Array | string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Whatever it is, with all below it; nothing if it is not there. Never follows a link, never leaves a mount's inside. */
  remove(path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readlink(path: string): Promise<string>;
  /** Undefined: not there. Follows links; `lstat` does not. */
  stat(path: string): Promise<FileInfo | undefined>;
  lstat(path: string): Promise<FileInfo | undefined>;
  list(path: string): Promise<string[]>;
  chmod(path: string, mode: number): Promise<void>;
  /** -1 keeps. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** A folder and all below it become a group's, which may write; folders hand the group on (setgid). */
  giveToGroup(path: string, gid: number): Promise<void>;
  /** Writes `from` compressed to `to`. */
  gzip(from: string, to: string): Promise<void>;
  /** Resolves at a change of the file or after `ms`, whichever is first. */
  waitChange(path: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Bytes and inodes below a folder, and of the file system it lies on. */
  usage(path: string): Promise<{ usedBytes: number; inodes: number }>;
  capacity(path: string): Promise<{ totalBytes: number; availableBytes: number; totalInodes: number; freeInodes: number }>;
}

export class FileNotFound extends Error {
  constructor(path: string) {
    super(`open ${path}: no such file or directory`);
    this.name = 'FileNotFound';
  }
}

export interface Mounter {
  tmpfs(path: string, options: { readonly sizeBytes?: number; readonly mode?: number }): Promise<void>;
  /**
   * Makes what `subPath` of a volume leads to seen at `target`, which is made as it needs. Folders that are missing in the volume are made. Links
   * are followed inside the volume only, and what is checked is what is mounted, whatever the Pod's processes do meanwhile.
   */
  bindInside(volume: string, subPath: string, target: string): Promise<void>;
  unmount(path: string): Promise<void>;
  /** Mount points at or below the path, the deepest first. */
  mountsUnder(path: string): Promise<string[]>;
}

export interface CgroupLimits {
  readonly cpuShares?: number;
  /** Microseconds a period; -1: none. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** Bytes; -1: none. */
  readonly memoryLimit?: number;
  /** -1: none. */
  readonly pidsLimit?: number;
}

export interface CgroupUsage {
  readonly timestamp: number;
  readonly cpuNanoSeconds: number;
  readonly memoryUsage: number;
  readonly memoryWorkingSet: number;
  readonly memoryRss: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  readonly processes: number;
}

/** Control groups by path below the root: `/kubepods/burstable/pod<uid>`. */
export interface Cgroups {
  ensure(path: string, limits: CgroupLimits): Promise<void>;
  /** Ends the processes that are left in it. */
  remove(path: string): Promise<void>;
  usage(path: string): Promise<CgroupUsage | undefined>;
  /** Names of the groups directly below. */
  children(path: string): Promise<string[]>;
}

export interface MachineFacts {
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: string;
  readonly os: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  /** Whether the kernel confines programs by AppArmor profiles. */
  readonly appArmor: boolean;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly swapBytes: number;
  /** Bytes by page size: `{ "2Mi": 0 }`. */
  readonly hugepages: Readonly<Record<string, number>>;
}

export interface NetworkUsage {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txErrors: number;
}

export interface MachineUsage {
  readonly timestamp: number;
  readonly bootTime: number;
  readonly cpuNanoSeconds: number;
  readonly memoryUsage: number;
  readonly memoryWorkingSet: number;
  readonly memoryAvailable: number;
  readonly memoryRss: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  readonly processes: number;
  readonly maxProcesses: number;
  readonly networks: readonly NetworkUsage[];
}

export interface Machine {
  facts(): Promise<MachineFacts>;
  usage(): Promise<MachineUsage>;
  /** Network counters of a pod, by its sandbox; undefined where they cannot be read. */
  podNetwork(sandboxId: string): Promise<readonly NetworkUsage[] | undefined>;
  /** The host's own `/etc/resolv.conf` and `/etc/hosts`. */
  resolvConf(): Promise<string>;
  hostsFile(): Promise<string>;
}

export interface HttpProbeRequest {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** In order; a name may come more than once. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  /** `kube-probe/1.36`, `kube-lifecycle/1.36`. */
  readonly userAgent: string;
}

export interface HttpProbeAnswer {
  readonly status: number;
  readonly body: string;
}

/** How probes and hooks reach a pod. A failed connection rejects; its message is what the event shows. */
export interface ProbeTransport {
  http(request: HttpProbeRequest): Promise<HttpProbeAnswer>;
  tcp(host: string, port: number, timeoutMs: number): Promise<void>;
  /** Resolves with the serving status of grpc.health.v1, 1 being SERVING. */
  grpc(host: string, port: number, service: string, timeoutMs: number): Promise<number>;
}

export interface Host {
  /** A name for a secret that may lie on the machine's disk: it does not give the secret away. */
  digest(secret: string): string;
  readonly files: FileSystem;
  readonly mounter: Mounter;
  readonly cgroups: Cgroups;
  readonly machine: Machine;
  readonly probes: ProbeTransport;
}
