/** Between the kubelet's words for a runtime and CRI's messages. Pure. */

import type {
  Container,
  ContainerConfig,
  ContainerSecurity,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  Image,
  LinuxResources,
  Mount,
  NamespaceMode,
  NamespaceOptions,
  RegistryAuth,
  Sandbox,
  SandboxConfig,
  SandboxMetadata,
  SandboxStatus,
  SecurityProfile,
} from '../../kubelet/runtime.js';
import { table } from '../../util/own.js';
import type { Message } from './proto.js';

const MODES: Record<NamespaceMode, string> = table({ pod: 'POD', container: 'CONTAINER', node: 'NODE', target: 'TARGET' });
const MODE_OF = Object.fromEntries(Object.entries(MODES).map(([k, v]) => [v, k])) as Record<string, NamespaceMode>;
const STATES: Record<string, ContainerState> = table({
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
});
const PROPAGATION = table({
  private: 'PROPAGATION_PRIVATE',
  'host-to-container': 'PROPAGATION_HOST_TO_CONTAINER',
  bidirectional: 'PROPAGATION_BIDIRECTIONAL',
});
const NANOS = 1e6;

const int64 = (value: number | undefined): Message | undefined => (value === undefined ? undefined : { value });
const obj = (value: unknown): Message => (value ?? {}) as Message;
const list = (value: unknown): Message[] => (value ?? []) as Message[];
const str = (value: unknown): string => (value as string | undefined) ?? '';
const num = (value: unknown): number => Number(value ?? 0);
const map = (value: unknown): Record<string, string> => ({ ...(value as Record<string, string> | undefined) });

const namespaces = (n: NamespaceOptions): Message => ({
  network: MODES[n.network],
  pid: MODES[n.pid],
  ipc: MODES[n.ipc],
  targetId: n.targetId ?? '',
});
const profile = (p: SecurityProfile | undefined): Message | undefined => p && { profileType: p.type, localhostRef: p.localhostRef ?? '' };

export function sandboxConfig(c: SandboxConfig): Message {
  const s = c.security;
  return {
    metadata: c.metadata,
    hostname: c.hostname,
    logDirectory: c.logDirectory,
    dnsConfig: c.dns,
    portMappings: c.portMappings.map((p) => ({
      protocol: p.protocol,
      containerPort: p.containerPort,
      hostPort: p.hostPort,
      hostIp: p.hostIP,
    })),
    labels: c.labels,
    annotations: c.annotations,
    linux: {
      cgroupParent: c.cgroupParent,
      sysctls: c.sysctls,
      securityContext: {
        namespaceOptions: namespaces(s.namespaces),
        selinuxOptions: s.selinux,
        runAsUser: int64(s.runAsUser),
        runAsGroup: int64(s.runAsGroup),
        supplementalGroups: s.supplementalGroups ?? [],
        privileged: s.privileged ?? false,
        seccomp: profile(s.seccomp),
      },
    },
  };
}

const mountMessage = (m: Mount): Message => ({
  containerPath: m.containerPath,
  hostPath: m.hostPath,
  readonly: m.readonly,
  propagation: PROPAGATION[m.propagation ?? 'private'],
});

export const linuxResources = (r: LinuxResources): Message => ({
  cpuPeriod: r.cpuPeriod ?? 0,
  cpuQuota: r.cpuQuota ?? 0,
  cpuShares: r.cpuShares ?? 0,
  memoryLimitInBytes: r.memoryLimit ?? 0,
  oomScoreAdj: r.oomScoreAdj ?? 0,
  hugepageLimits: r.hugepageLimits ?? [],
  unified: r.unified ?? {},
});

function containerSecurity(s: ContainerSecurity): Message {
  return {
    namespaceOptions: namespaces(s.namespaces),
    capabilities: { addCapabilities: s.addCapabilities ?? [], dropCapabilities: s.dropCapabilities ?? [] },
    privileged: s.privileged ?? false,
    selinuxOptions: s.selinux,
    runAsUser: int64(s.runAsUser),
    runAsUsername: s.runAsUsername ?? '',
    runAsGroup: int64(s.runAsGroup),
    readonlyRootfs: s.readonlyRootfs ?? false,
    supplementalGroups: s.supplementalGroups ?? [],
    supplementalGroupsPolicy: s.supplementalGroupsPolicy ?? 'Merge',
    noNewPrivs: s.noNewPrivileges ?? false,
    maskedPaths: s.maskedPaths ?? [],
    readonlyPaths: s.readonlyPaths ?? [],
    seccomp: profile(s.seccomp),
    apparmor: profile(s.apparmor),
  };
}

export const containerConfig = (c: ContainerConfig): Message => ({
  metadata: { name: c.name, attempt: c.attempt },
  image: { image: c.image, userSpecifiedImage: c.userImage },
  command: c.command,
  args: c.args,
  workingDir: c.workingDir,
  envs: c.env.map((e) => ({ key: e.name, value: Buffer.from(e.value) })),
  mounts: c.mounts.map(mountMessage),
  devices: c.devices,
  labels: c.labels,
  annotations: c.annotations,
  logPath: c.logPath,
  stdin: c.stdin,
  stdinOnce: c.stdinOnce,
  tty: c.tty,
  linux: { resources: linuxResources(c.resources), securityContext: containerSecurity(c.security) },
});

export const authMessage = (a: RegistryAuth | undefined): Message | undefined =>
  a && {
    username: a.username ?? '',
    password: a.password ?? '',
    auth: a.auth ?? '',
    serverAddress: a.serverAddress ?? '',
    identityToken: a.identityToken ?? '',
    registryToken: a.registryToken ?? '',
  };

function metadata(m: Message): SandboxMetadata {
  return { name: str(m.name), uid: str(m.uid), namespace: str(m.namespace), attempt: num(m.attempt) };
}

export const toSandbox = (m: Message): Sandbox => ({
  id: str(m.id),
  metadata: metadata(obj(m.metadata)),
  state: m.state === 'SANDBOX_READY' ? 'ready' : 'notready',
  createdAt: num(m.createdAt) / NANOS,
  labels: map(m.labels),
  annotations: map(m.annotations),
});

export function toSandboxStatus(m: Message): SandboxStatus {
  const network = obj(m.network);
  const options = obj(obj(obj(m.linux).namespaces).options);
  const ips = [str(network.ip), ...list(network.additionalIps).map((a) => str(a.ip))].filter(Boolean);
  return { ...toSandbox(m), ips, network: MODE_OF[str(options.network)] ?? 'pod' };
}

const toMount = (m: Message): Mount => ({ containerPath: str(m.containerPath), hostPath: str(m.hostPath), readonly: m.readonly === true });

export const toContainer = (m: Message): Container => ({
  id: str(m.id),
  sandboxId: str(m.podSandboxId),
  name: str(obj(m.metadata).name),
  attempt: num(obj(m.metadata).attempt),
  image: str(obj(m.image).image),
  imageRef: str(m.imageRef),
  state: STATES[str(m.state)] ?? 'unknown',
  createdAt: num(m.createdAt) / NANOS,
  labels: map(m.labels),
  annotations: map(m.annotations),
});

export function toContainerStatus(m: Message): ContainerStatus {
  const { sandboxId: _, ...base } = toContainer(m);
  const user = m.user ? obj(obj(m.user).linux) : undefined;
  return {
    ...base,
    startedAt: Math.max(0, num(m.startedAt) / NANOS),
    finishedAt: Math.max(0, num(m.finishedAt) / NANOS),
    exitCode: num(m.exitCode),
    reason: str(m.reason),
    message: str(m.message),
    mounts: list(m.mounts).map(toMount),
    logPath: str(m.logPath),
    ...(user ? { user: { uid: num(user.uid), gid: num(user.gid), supplementalGroups: (user.supplementalGroups as number[]) ?? [] } } : {}),
  };
}

export const toImage = (m: Message): Image => ({
  id: str(m.id),
  repoTags: (m.repoTags as string[]) ?? [],
  repoDigests: (m.repoDigests as string[]) ?? [],
  size: num(m.size),
  ...(m.uid ? { uid: num(obj(m.uid).value) } : {}),
  ...(m.username ? { username: str(m.username) } : {}),
  pinned: m.pinned === true,
});

const value = (m: unknown): number | undefined => (m ? num(obj(m).value) : undefined);

export function toContainerStats(m: Message): ContainerStats {
  const attributes = obj(m.attributes);
  const cpu = obj(m.cpu);
  const memory = obj(m.memory);
  const layer = obj(m.writableLayer);
  return {
    id: str(attributes.id),
    name: str(obj(attributes.metadata).name),
    labels: map(attributes.labels),
    timestamp: num(cpu.timestamp) / NANOS,
    cpuNanoSeconds: value(cpu.usageCoreNanoSeconds),
    memoryWorkingSet: value(memory.workingSetBytes),
    memoryUsage: value(memory.usageBytes) ?? value(memory.workingSetBytes),
    memoryRss: value(memory.rssBytes),
    pageFaults: value(memory.pageFaults),
    majorPageFaults: value(memory.majorPageFaults),
    writableLayerBytes: value(layer.usedBytes),
    writableLayerInodes: value(layer.inodesUsed),
  };
}
