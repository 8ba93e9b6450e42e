/** Which pods stand behind a Service, and under which ports. Shared by the Endpoints and the EndpointSlice controllers. Pure. */
import type { Pod, Service, ServicePort } from '../api/types/core/v1.js';
import { selectorFromMap } from '../meta/labels.js';
import { isReady } from './pods.js';

export interface Member {
  readonly pod: Pod;
  readonly ip: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export interface EndpointPort {
  name: string;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  port: number;
  appProtocol?: string;
}

/** The pods that the Service selects, in whatever state. */
export function selectedBy(s: Service, pods: readonly Pod[]): Pod[] {
  const selector = selectorFromMap(s.spec.selector);
  return pods.filter((p) => selector.matches(p.metadata.labels));
}

/** Pods that the Service selects and that have an address; finished ones are left out. */
export function membersOf(s: Service, pods: readonly Pod[], family: 'IPv4' | 'IPv6'): Member[] {
  const selector = selectorFromMap(s.spec.selector);
  const out: Member[] = [];
  for (const pod of pods) {
    if (!selector.matches(pod.metadata.labels) || pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') continue;
    const ips = pod.status.podIPs?.map((x) => x.ip) ?? (pod.status.podIP ? [pod.status.podIP] : []);
    const ip = ips.find((x) => x.includes(':') === (family === 'IPv6'));
    if (!ip) continue;
    const serving = isReady(pod);
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    out.push({ pod, ip, serving, terminating, ready: s.spec.publishNotReadyAddresses === true || (serving && !terminating) });
  }
  return out;
}

/** The number behind a Service's port on one pod; undefined where a named port is not there. */
export function targetPort(p: ServicePort, pod: Pod): number | undefined {
  const target = p.targetPort;
  if (target === undefined || target === 0 || target === '') return p.port;
  if (typeof target === 'number') return target;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')];
  for (const c of containers)
    for (const x of c.ports ?? []) if (x.name === target && (x.protocol ?? 'TCP') === (p.protocol ?? 'TCP')) return x.containerPort;
  return undefined;
}

export function portsOf(s: Service, pod: Pod): EndpointPort[] {
  const out: EndpointPort[] = [];
  for (const p of s.spec.ports ?? []) {
    const port = targetPort(p, pod);
    if (port !== undefined)
      out.push({ name: p.name ?? '', protocol: p.protocol ?? 'TCP', port, ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}) });
  }
  return out;
}

/** Keys of the Services that select a pod with these labels. */
export const servicesFor = (services: readonly Service[], labels: Readonly<Record<string, string>> | undefined): string[] =>
  services
    .filter((s) => s.spec.selector && Object.keys(s.spec.selector).length > 0 && selectorFromMap(s.spec.selector).matches(labels))
    .map((s) => `${s.metadata.namespace}/${s.metadata.name}`);
