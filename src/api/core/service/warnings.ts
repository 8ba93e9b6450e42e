/** What a client is told about a Service that is allowed but hardly meant. */

import { canonicalIp, readIp } from '../../../meta/ip.js';
import { addAll } from '../../../util/add-all.js';
import type { Service } from '../../types/core/v1.js';

const ipWarning = (ip: string, path: string): string[] => {
  const canonical = canonicalIp(ip);
  return canonical !== undefined && readIp(ip)?.kind() === 'ipv6' && canonical !== ip
    ? [`${path}: IPv6 address ${JSON.stringify(ip)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`]
    : [];
};

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const out: string[] = [];
  const hints = 'service.kubernetes.io/topology-aware-hints';
  if (metadata.annotations?.[hints] !== undefined)
    out.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  const external = spec.externalIPs ?? [];
  if (headless) {
    if (spec.loadBalancerIP) out.push('spec.loadBalancerIP is ignored for headless services');
    if (external.length) out.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') out.push('spec.SessionAffinity is ignored for headless services');
  } else for (const [i, ip] of (spec.clusterIPs ?? []).entries()) addAll(out, ipWarning(ip, `spec.clusterIPs[${i}]`));
  for (const [i, ip] of external.entries()) addAll(out, ipWarning(ip, `spec.externalIPs[${i}]`));
  if (external.length && !headless && spec.type !== 'ExternalName')
    out.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec.loadBalancerIP) addAll(out, ipWarning(spec.loadBalancerIP, 'spec.loadBalancerIP'));
  if (spec.type === 'ExternalName' && external.length) out.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (spec.type !== 'ExternalName' && spec.externalName) out.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') out.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return out;
}
