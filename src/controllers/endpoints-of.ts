/** Which pods stand behind a Service, and under which ports. Shared by the Endpoints and the EndpointSlice controllers. Pure. */
import type { Pod, Service, ServicePort } from '../api/types/core/v1.js';
import { type Informer, keyOf } from '../client/informer.js';
import { selectorFromMap } from '../meta/labels.js';
import { isReady } from './kit/pod-state.js';
import { compiledMap, indexSelectors, maySelect } from './selecting.js';

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

/** Numbers of a Pod's named ports, by `protocol/name`: the first of each. */
function namedPorts(pod: Pod): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')];
  for (const c of containers) {
    for (const x of c.ports ?? []) {
      const id = `${x.protocol ?? 'TCP'}/${x.name ?? ''}`;
      if (!numbers.has(id)) numbers.set(id, x.containerPort);
    }
  }
  return numbers;
}

/** The number behind a Service's port on one pod; undefined where a named port is not there. */
export function targetPort(p: ServicePort, pod: Pod, named = () => namedPorts(pod)): number | undefined {
  const target = p.targetPort;
  if (target === undefined || target === 0 || target === '') return p.port;
  return typeof target === 'number' ? target : named().get(`${p.protocol ?? 'TCP'}/${target}`);
}

export function portsOf(s: Service, pod: Pod): EndpointPort[] {
  const out: EndpointPort[] = [];
  let numbers: ReadonlyMap<string, number> | undefined;
  const named = () => (numbers ??= namedPorts(pod));
  for (const p of s.spec.ports ?? []) {
    const port = targetPort(p, pod, named);
    if (port !== undefined)
      out.push({ name: p.name ?? '', protocol: p.protocol ?? 'TCP', port, ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}) });
  }
  return out;
}

/** Before the informer starts: what `servicesFor` asks it. */
export const indexServices = (services: Informer<Service>): void =>
  indexSelectors(services, ({ spec: { selector } }) => (selector && Object.keys(selector).length ? { matchLabels: selector } : undefined));

/** Keys of the Services that select one of these Pods. */
export function servicesFor(services: Informer<Service>, ...pods: readonly (Pod | undefined)[]): string[] {
  const keys = new Set<string>();
  for (const p of pods) {
    for (const s of p ? maySelect(services, p.metadata.namespace, p.metadata.labels) : [])
      if (compiledMap(s.spec.selector!).matches(p!.metadata.labels)) keys.add(keyOf(s));
  }
  return [...keys];
}
