/** Quality of service: the class of a pod, its cgroup, and the numbers that requests and limits become in the kernel. Pure. */
import type { Container, Pod } from '../api/types/core/v1.js';
import { amount, milliOf, of } from './amount.js';
import type { CgroupLimits } from './host.js';
import { initContainers, isSidecar, uidOf } from './pods.js';
import type { LinuxResources } from './runtime.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const MIN_QUOTA = 1000;
const PERIOD = 100_000;
const NODE_CRITICAL = 2_000_001_000;
const GUARANTEED_OOM = -997;
const BEST_EFFORT_OOM = 1000;
const RESOURCES = ['cpu', 'memory'] as const;

export function qosClass(pod: Pod): QosClass {
  if (pod.status?.qosClass) return pod.status.qosClass as QosClass;
  const pods = pod.spec.resources;
  const parts =
    pods && (Object.keys(pods.requests ?? {}).length || Object.keys(pods.limits ?? {}).length)
      ? [{ resources: pods }]
      : [...pod.spec.containers, ...initContainers(pod)];
  const named = (list: 'requests' | 'limits') => parts.some((c) => RESOURCES.some((r) => (of(c.resources?.[list], r) ?? 0) > 0));
  if (!named('requests') && !named('limits')) return 'BestEffort';
  const guaranteed = parts.every((c) =>
    RESOURCES.every((r) => {
      const limit = of(c.resources?.limits, r) ?? 0;
      return limit > 0 && (of(c.resources?.requests, r) ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

export function cpuShares(milliCpu: number | undefined): number {
  if (!milliCpu) return MIN_SHARES;
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milliCpu * 1024) / 1000)));
}

const cpuQuota = (milliCpu: number | undefined): number => (milliCpu ? Math.max(MIN_QUOTA, Math.floor((milliCpu * PERIOD) / 1000)) : 0);

/** Where a pod's group may lie below the root of all pods: guaranteed, burstable, best effort. */
export const QOS_GROUPS = ['', '/burstable', '/besteffort'] as const;
/** The root of all pods' groups. */
export const POD_CGROUP_ROOT = '/kubepods';

export function podCgroup(root: string, pod: Pod): string {
  const qos = qosClass(pod);
  return `${root}${qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`}/pod${uidOf(pod)}`;
}

/** Sum over what runs at one time: containers and sidecars together, or the largest init container with the sidecars before it. */
export function podSum(pod: Pod, read: (c: Container) => number | undefined): number {
  let sidecars = 0;
  let largestInit = 0;
  for (const c of initContainers(pod)) {
    if (isSidecar(c)) sidecars += read(c) ?? 0;
    largestInit = Math.max(largestInit, sidecars + (isSidecar(c) ? 0 : (read(c) ?? 0)));
  }
  return Math.max(largestInit, sidecars + pod.spec.containers.reduce((n, c) => n + (read(c) ?? 0), 0));
}

/** What it asks for: thousandths of a CPU, bytes. */
export function podRequest(pod: Pod, resource: 'cpu' | 'memory'): number {
  const read = resource === 'cpu' ? milliOf : of;
  return read(pod.spec.resources?.requests, resource) ?? podSum(pod, (c) => read(c.resources?.requests, resource));
}

export function podLimits(pod: Pod, pidsLimit?: number): CgroupLimits {
  const level = pod.spec.resources;
  const parts = [...pod.spec.containers, ...initContainers(pod)];
  const all = (r: string) => parts.every((c) => of(c.resources?.limits, r));
  const cpu = milliOf(level?.limits, 'cpu') ?? (all('cpu') ? podSum(pod, (c) => milliOf(c.resources?.limits, 'cpu')) : undefined);
  const memory = of(level?.limits, 'memory') ?? (all('memory') ? podSum(pod, (c) => of(c.resources?.limits, 'memory')) : undefined);
  return {
    cpuShares: cpuShares(podRequest(pod, 'cpu')),
    ...(cpu ? { cpuQuota: cpuQuota(cpu), cpuPeriod: PERIOD } : {}),
    ...(memory ? { memoryLimit: Math.ceil(memory) } : {}),
    ...(pidsLimit !== undefined && pidsLimit > 0 ? { pidsLimit } : {}),
  };
}

export function oomScore(pod: Pod, container: Container, memoryCapacity: number): number {
  if ((pod.spec.priority ?? 0) >= NODE_CRITICAL) return GUARANTEED_OOM;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return GUARANTEED_OOM;
  if (qos === 'BestEffort') return BEST_EFFORT_OOM;
  const score = (bytes: number) => 1000 - Math.floor((1000 * bytes) / memoryCapacity);
  const request = (c: Container) => of(c.resources?.requests, 'memory') ?? 0;
  let adjust = score(request(container));
  if (isSidecar(container)) adjust = Math.min(adjust, score(Math.min(...pod.spec.containers.map(request))));
  if (adjust < 1000 + GUARANTEED_OOM) return 1000 + GUARANTEED_OOM;
  return adjust === BEST_EFFORT_OOM ? BEST_EFFORT_OOM - 1 : adjust;
}

export function containerResources(pod: Pod, c: Container, memoryCapacity: number): LinuxResources {
  const limits = { ...pod.spec.resources?.limits, ...c.resources?.limits };
  const cpuLimit = milliOf(limits, 'cpu');
  const memoryLimit = of(limits, 'memory');
  const hugepages = Object.entries(c.resources?.limits ?? {}).filter(([name]) => name.startsWith('hugepages-'));
  return {
    cpuShares: cpuShares(milliOf(c.resources?.requests, 'cpu') ?? cpuLimit),
    cpuPeriod: PERIOD,
    cpuQuota: cpuQuota(cpuLimit),
    ...(memoryLimit ? { memoryLimit: Math.ceil(memoryLimit) } : {}),
    oomScoreAdj: oomScore(pod, c, memoryCapacity),
    ...(hugepages.length
      ? {
          hugepageLimits: hugepages.map(([name, v]) => ({
            pageSize: `${name.slice('hugepages-'.length)}B`.replace('iB', 'B'),
            limit: amount(v),
          })),
        }
      : {}),
  };
}
