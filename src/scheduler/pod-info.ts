/** What of a Pod plugins ask for at each node, worked out once. */
import type { Pod } from '../api/types/core/v1.js';
import type { HostPort } from './host-ports.js';
import { affinityTerms, type PodAffinityTerms } from './pod-affinity-terms.js';
import { type Amounts, nonZeroRequests, requestsOf } from './resources.js';

export interface PodInfo {
  readonly pod: Pod;
  readonly key: string;
  readonly requests: Amounts;
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  /** What of `requests` is more than nothing. */
  readonly wanted: readonly (readonly [name: string, amount: number])[];
  readonly ports: readonly HostPort[];
  readonly priority: number;
  /** Undefined: it does not care which Pods are near. */
  readonly affinity: PodAffinityTerms | undefined;
}

export const podKey = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

export function podInfo(pod: Pod): PodInfo {
  const requests = requestsOf(pod.spec);
  const ports: HostPort[] = [];
  for (const c of [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((i) => i.restartPolicy === 'Always')]) {
    for (const p of c.ports ?? [])
      if (p.hostPort) ports.push({ ip: p.hostIP || '0.0.0.0', protocol: p.protocol ?? 'TCP', port: p.hostPort });
  }
  return {
    pod,
    key: podKey(pod),
    requests,
    nonZero: nonZeroRequests(pod.spec, requests),
    wanted: Object.entries(requests).filter(([, amount]) => amount > 0),
    ports,
    priority: pod.spec.priority ?? 0,
    affinity: affinityTerms(pod),
  };
}
