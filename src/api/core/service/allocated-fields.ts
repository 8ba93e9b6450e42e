/**
 * Fields of a Service that hang together, or that the server gives out: filled in for clients that know only some of them, kept over updates,
 * and dropped when the service's type has no more use for them. All of it mutates.
 */
import { familyOf } from '../../../meta/ip.js';
import type { Service } from '../../types/core/v1.js';

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';
const needsNodePort = ({ spec }: Service): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';
export const needsHealthPort = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
/** Reached from outside: node ports, load balancers, and cluster IPs with external addresses. */
export const reachedFromOutside = (s: Service): boolean =>
  needsNodePort(s) || (s.spec.type === 'ClusterIP' && (s.spec.externalIPs?.length ?? 0) > 0);
const sameList = (a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean =>
  (a ?? []).length === (b ?? []).length && (a ?? []).every((x, i) => x === b![i]);
const nodePorts = ({ spec }: Service): Set<number> => new Set((spec.ports ?? []).map((p) => p.nodePort ?? 0).filter(Boolean));

/** clusterIP and clusterIPs say the same, whichever of them a client speaks. */
export function normalizeClusterIps({ spec }: Service, old: Service | undefined): void {
  const list = spec.clusterIPs ?? [];
  if (!old) {
    if (spec.clusterIP && !list.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old.spec;
  if (before.clusterIPs?.length && !list.length && before.clusterIP === spec.clusterIP) spec.clusterIPs = before.clusterIPs;
  if (before.clusterIP === spec.clusterIP || !sameList(before.clusterIPs, spec.clusterIPs)) return;
  if (before.clusterIP && !spec.clusterIP) delete spec.clusterIPs;
  else spec.clusterIPs = spec.clusterIP ? [spec.clusterIP] : [];
}

/** Values given out before that the client does not repeat. */
export function keepAllocated(service: Service, old: Service): void {
  const { spec } = service;
  if (needsClusterIp(old) && needsClusterIp(service)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP && old.spec.clusterIPs)
      spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (needsNodePort(old) && needsNodePort(service)) {
    const asked = nodePorts(service);
    const used = new Set([...nodePorts(old)].filter((p) => asked.has(p)));
    const byName = new Map((old.spec.ports ?? []).map((p) => [p.name ?? '', p.nodePort ?? 0]));
    for (const p of spec.ports ?? []) {
      const before = byName.get(p.name ?? '');
      if (p.nodePort || !before || used.has(before)) continue;
      p.nodePort = before;
      used.add(before);
    }
  }
  if (needsHealthPort(old) && needsHealthPort(service) && old.spec.healthCheckNodePort)
    spec.healthCheckNodePort ||= old.spec.healthCheckNodePort;
}

/** The policy, and families as far as the addresses tell them. The first of the cluster's families is the default. */
export function initFamilies(service: Service, old: Service | undefined, clusterFamilies: readonly ('IPv4' | 'IPv6')[] = ['IPv4']): void {
  const { spec } = service;
  if (!needsClusterIp(service)) return;
  const free = spec.clusterIP === 'None' && !Object.keys(spec.selector ?? {}).length;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (free ? 'RequireDualStack' : 'SingleStack');
  if (old && spec.ipFamilyPolicy === 'SingleStack') {
    if (sameList(old.spec.clusterIPs, spec.clusterIPs) && (spec.clusterIPs?.length ?? 0) > 1)
      spec.clusterIPs = spec.clusterIPs!.slice(0, 1);
    if (sameList(old.spec.ipFamilies, spec.ipFamilies) && (spec.ipFamilies?.length ?? 0) > 1)
      spec.ipFamilies = spec.ipFamilies!.slice(0, 1);
  }
  const families = [...(spec.ipFamilies ?? [])];
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    const family = familyOf(ip);
    if (ip === 'None' || !family) break;
    if (i >= families.length) families.push(family);
  }
  if (!families.length) families.push(clusterFamilies[0] ?? 'IPv4');
  const wantsTwo = spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1 && (free || clusterFamilies.length === 2);
  if (wantsTwo) families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
  spec.ipFamilies = families;
}

/** On a change of type: what the new type does not use goes, unless the client changed it, too. */
export function dropForType(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (before.clusterIP === spec.clusterIP && sameList(before.clusterIPs, spec.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameList(before.ipFamilies, spec.ipFamilies)) delete spec.ipFamilies;
    if (before.ipFamilyPolicy === spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePort(old) && !needsNodePort(service)) {
    const known = nodePorts(old);
    if ([...nodePorts(service)].every((p) => known.has(p))) for (const p of spec.ports ?? []) delete p.nodePort;
  }
  if (needsHealthPort(old) && !needsHealthPort(service) && before.healthCheckNodePort === spec.healthCheckNodePort)
    delete spec.healthCheckNodePort;
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (before.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (before.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (reachedFromOutside(old) && !reachedFromOutside(service) && before.externalTrafficPolicy === spec.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
  if (spec.type !== 'LoadBalancer') service.status.loadBalancer = {};
}
