/** What a Node says of its machine. Pure. Source: https://kubernetes.io/docs/reference/node/node-status/ */
import type { Node, NodeCondition, NodeStatus } from '../api/types/core/v1.js';
import { OWN_PORTS, type OwnPort, ownPortsText } from '../meta/own-ports.js';
import { canonicalQuantity } from '../meta/quantity.js';
import { timestamp } from '../util/clock.js';
import { amount, milliOf, of } from './amount.js';
import type { MachineFacts } from './host.js';
import type { Reserved } from './reserved.js';
import type { Image, RuntimeVersion } from './runtime.js';
import { equal } from './status.js';

export const KUBELET_VERSION = 'v1.36.2+k8ts';
/** Images that a node names at most, the largest first. */
const MAX_IMAGES = 50;
const MAX_NAMES = 5;
/** Below these the node is under pressure. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/ */
const MIN_MEMORY = 100 * 2 ** 20;
const MIN_DISK = 0.1;
const MIN_INODES = 0.05;
const MIN_PIDS = 0.02;

export interface NodeReadings {
  readonly facts: MachineFacts;
  readonly memoryAvailable: number;
  readonly disk: {
    readonly totalBytes: number;
    readonly availableBytes: number;
    readonly totalInodes: number;
    readonly freeInodes: number;
  };
  readonly processes: number;
  readonly maxProcesses: number;
  readonly runtime: RuntimeVersion;
  readonly images: readonly Image[];
  /** Why the node cannot run pods, each in the words of the Ready condition. */
  readonly problems: readonly string[];
  readonly now: number;
}

export interface NodeConfig {
  readonly nodeName: string;
  readonly maxPods: number;
  readonly port: number;
  readonly kubeReserved?: Reserved;
  readonly ownPorts?: () => readonly OwnPort[];
  readonly addresses?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: NonNullable<Node['spec']>['taints'];
  /** The range of its pods, where it is known before the node is. */
  readonly podCIDR?: string;
}

/** As it is stored: else it would look changed with every look. */
const kib = (bytes: number): string => canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`);

export function capacity(readings: Pick<NodeReadings, 'facts' | 'disk'>, maxPods: number): Record<string, string> {
  const { facts, disk } = readings;
  return {
    cpu: String(facts.cpus),
    'ephemeral-storage': kib(disk.totalBytes),
    ...Object.fromEntries(Object.entries(facts.hugepages).map(([size, bytes]) => [`hugepages-${size}`, String(bytes)])),
    memory: kib(facts.memoryBytes),
    pods: String(maxPods),
  };
}

/** Less what is reserved, and what eviction keeps free. */
export function allocatable(total: Readonly<Record<string, string>>, reserved: Reserved = {}): Record<string, string> {
  const left = (name: keyof Reserved, free: (all: number) => number) => {
    const all = amount(total[name] ?? '0');
    return Math.max(0, all - (of(reserved, name) ?? 0) - free(all));
  };
  const cpu = Math.max(0, (milliOf(total, 'cpu') ?? 0) - (milliOf(reserved, 'cpu') ?? 0));
  return {
    ...total,
    cpu: cpu % 1000 ? `${cpu}m` : String(cpu / 1000),
    memory: kib(left('memory', () => MIN_MEMORY)),
    'ephemeral-storage': canonicalQuantity(String(Math.floor(left('ephemeral-storage', (all) => all * MIN_DISK)))),
  };
}

interface Pressure {
  readonly type: string;
  readonly yes: readonly [reason: string, message: string];
  readonly no: readonly [reason: string, message: string];
  readonly under: (r: NodeReadings) => boolean;
}

const PRESSURES: readonly Pressure[] = [
  {
    type: 'MemoryPressure',
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    under: (r) => r.memoryAvailable < MIN_MEMORY,
  },
  {
    type: 'DiskPressure',
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    under: ({ disk }) => disk.availableBytes < disk.totalBytes * MIN_DISK || disk.freeInodes < disk.totalInodes * MIN_INODES,
  },
  {
    type: 'PIDPressure',
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    under: (r) => r.maxProcesses - r.processes < r.maxProcesses * MIN_PIDS,
  },
];

export function nodeConditions(r: NodeReadings, old: readonly NodeCondition[]): NodeCondition[] {
  const now = timestamp(r.now);
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string): NodeCondition => {
    const before = old.find((c) => c.type === type);
    const lastTransitionTime = before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  };
  const pressures = PRESSURES.map((p) => (p.under(r) ? condition(p.type, 'True', ...p.yes) : condition(p.type, 'False', ...p.no)));
  const problem = r.problems.length > 1 ? `[${r.problems.join(', ')}]` : r.problems[0];
  const ready = problem
    ? condition('Ready', 'False', 'KubeletNotReady', problem)
    : condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status');
  return [...pressures, ready];
}

/** Reasons that changed, as the events of the node tell them. */
export function conditionEvents(before: readonly NodeCondition[], after: readonly NodeCondition[]): string[] {
  return after
    .filter((c) => before.find((b) => b.type === c.type)?.status !== c.status)
    .map((c) => (c.type === 'Ready' ? (c.status === 'True' ? 'NodeReady' : 'NodeNotReady') : (c.reason ?? '').replace(/^Kubelet/, 'Node')));
}

export function nodeStatus(r: NodeReadings, config: NodeConfig, old: NodeStatus | undefined): NodeStatus {
  const total = capacity(r, config.maxPods);
  const { facts } = r;
  const addresses = config.addresses?.length ? config.addresses : facts.addresses;
  return {
    capacity: total,
    allocatable: allocatable(total, config.kubeReserved),
    conditions: nodeConditions(r, old?.conditions ?? []),
    addresses: [...addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: config.nodeName }],
    daemonEndpoints: { kubeletEndpoint: { Port: config.port } },
    nodeInfo: {
      machineID: facts.machineID,
      systemUUID: facts.systemUUID,
      bootID: facts.bootID,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: `${r.runtime.name}://${r.runtime.version}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: facts.os,
      architecture: facts.architecture,
      ...(facts.swapBytes ? { swap: { capacity: facts.swapBytes } } : {}),
    },
    images: [...r.images]
      .sort((a, b) => b.size - a.size)
      .slice(0, MAX_IMAGES)
      .map((i) => ({ names: [...i.repoDigests, ...i.repoTags].slice(0, MAX_NAMES), sizeBytes: i.size }))
      .filter((i) => i.names.length),
    runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
    features: { supplementalGroupsPolicy: false },
  };
}

export function newNode(
  config: NodeConfig,
  facts: MachineFacts,
  status: NodeStatus,
): Omit<Node, 'metadata'> & { metadata: Record<string, unknown> } {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: config.nodeName,
      labels: nodeLabels(config, facts),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...ownPortsAnnotation(config) },
    },
    spec: {
      ...(config.taints?.length ? { taints: config.taints } : {}),
      ...(config.podCIDR ? { podCIDR: config.podCIDR, podCIDRs: [config.podCIDR] } : {}),
    },
    status,
  };
}

export const ownPortsAnnotation = ({ ownPorts }: NodeConfig): Record<string, string> =>
  ownPorts ? { [OWN_PORTS]: ownPortsText(ownPorts()) } : {};

export const nodeLabels = (config: NodeConfig, facts: MachineFacts): Record<string, string> => ({
  'beta.kubernetes.io/arch': facts.architecture,
  'beta.kubernetes.io/os': facts.os,
  'kubernetes.io/arch': facts.architecture,
  'kubernetes.io/hostname': config.nodeName,
  'kubernetes.io/os': facts.os,
  ...config.labels,
});

/** A strategic merge patch of what the kubelet owns. `force`: only the heartbeat is new, and it is time. Undefined: nothing to say. */
export function nodeStatusPatch(old: NodeStatus | undefined, next: NodeStatus, force: boolean): object | undefined {
  const calm = (c: readonly NodeCondition[] | undefined, of: readonly NodeCondition[]) =>
    (c ?? [])
      .filter((x) => of.some((o) => o.type === x.type))
      .map(({ lastHeartbeatTime: _, ...rest }) => rest)
      .sort((a, b) => (a.type < b.type ? -1 : 1));
  const mine = next.conditions ?? [];
  const changed: Record<string, unknown> = {};
  for (const field of [
    'capacity',
    'allocatable',
    'addresses',
    'daemonEndpoints',
    'nodeInfo',
    'images',
    'runtimeHandlers',
    'features',
  ] as const) {
    // An empty list is not stored.
    const was = old?.[field] ?? (Array.isArray(next[field]) ? [] : undefined);
    if (equal(was, next[field])) continue;
    changed[field] = field === 'addresses' ? [...(next.addresses ?? []), { $patch: 'replace' }] : next[field];
  }
  const conditions = !equal(calm(old?.conditions, mine), calm(mine, mine));
  if (!force && !conditions && !Object.keys(changed).length) return undefined;
  // NodeReady stands last: readers of old versions rely on it.
  return { status: { ...changed, conditions: mine } };
}
