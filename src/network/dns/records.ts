/**
 * The names of a cluster, answered from Services, EndpointSlices and Pods. Pure.
 * Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md
 */
import ipaddr from 'ipaddr.js';
import type { Service } from '../../api/types/core/v1.js';
import type { EndpointSlice } from '../../api/types/discovery/v1.js';

/** What the zone is made from. Lookups, so that an answer costs a few of them and not a walk. */
export interface Zone {
  readonly domain: string;
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  hasNamespace(name: string): boolean;
  serviceByIp(ip: string): Service | undefined;
  slicesByIp(ip: string): readonly EndpointSlice[];
}

export type Answer =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly ip: string }
  | { readonly type: 'SRV'; readonly name: string; readonly port: number; readonly target: string; readonly weight: number }
  | { readonly type: 'PTR' | 'CNAME'; readonly name: string; readonly target: string }
  | { readonly type: 'TXT'; readonly name: string; readonly text: string };

export interface Resolution {
  /** Undefined: the name does not exist (NXDOMAIN). Empty: it does, but has no such record. */
  readonly answers: readonly Answer[] | undefined;
  /** Addresses of SRV targets. */
  readonly additional: readonly Answer[];
}

const NOTHING: Resolution = { answers: [], additional: [] };
const UNKNOWN: Resolution = { answers: undefined, additional: [] };

const isV6 = (ip: string): boolean => ip.includes(':');
const fits = (ip: string, type: string): boolean => (type === 'A' ? !isV6(ip) : type === 'AAAA' && isV6(ip));
const addresses = (name: string, ips: readonly string[], type: string): Answer[] =>
  [...new Set(ips)].filter((ip) => fits(ip, type)).map((ip) => ({ type: isV6(ip) ? 'AAAA' : 'A', name, ip }));

/** `name` in lower case without the last dot. Undefined: not a name of this zone. */
export function resolve(zone: Zone, name: string, type: string): Resolution | undefined {
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return reverse(zone, name, type);
  if (name !== zone.domain && !name.endsWith(`.${zone.domain}`)) return undefined;
  const labels = name === zone.domain ? [] : name.slice(0, -zone.domain.length - 1).split('.');
  if (labels.length === 0) return NOTHING;
  if (labels.length === 1 && labels[0] === 'dns-version')
    return type === 'TXT' ? { answers: [{ type: 'TXT', name, text: '1.1.0' }], additional: [] } : NOTHING;
  const kind = labels.pop();
  if (kind === 'pod') return podName(zone, name, labels, type);
  if (kind !== 'svc') return UNKNOWN;
  const namespace = labels.pop();
  if (!namespace) return NOTHING;
  if (!zone.hasNamespace(namespace)) return UNKNOWN;
  const serviceName = labels.pop();
  if (!serviceName) return NOTHING;
  const service = zone.service(namespace, serviceName);
  if (!service) return UNKNOWN;
  const full = `${serviceName}.${namespace}.svc.${zone.domain}`;
  if (service.spec.type === 'ExternalName')
    return labels.length ? UNKNOWN : { answers: [{ type: 'CNAME', name, target: service.spec.externalName ?? '' }], additional: [] };
  if (labels.length === 2) return portRecord(zone, service, full, name, labels as [string, string], type);
  if (labels.length > 2) return UNKNOWN;
  if (service.spec.clusterIP === 'None') return headless(zone, service, full, name, labels[0], type);
  if (labels.length) return endpointOf(zone, service, labels[0]!, name, type);
  if (type === 'SRV') return allPorts(zone, service, full, name);
  return { answers: addresses(name, service.spec.clusterIPs ?? [service.spec.clusterIP ?? ''], type), additional: [] };
}

interface Endpoint {
  readonly ip: string;
  readonly host: string;
}

function endpointsOf(zone: Zone, s: Service): Endpoint[] {
  const all = zone.slices(s.metadata.namespace ?? '', s.metadata.name).flatMap((slice) => readyIn(slice, s));
  return [...new Map(all.map((e) => [e.ip, e])).values()];
}

const readyIn = (slice: EndpointSlice, s: Service): Endpoint[] =>
  (slice.endpoints ?? [])
    .filter((e) => e.conditions?.ready !== false || s.spec.publishNotReadyAddresses)
    .flatMap((e) => e.addresses.map((ip) => ({ ip, host: e.hostname || ip.replace(/[.:]/g, '-') })));

function headless(zone: Zone, s: Service, full: string, name: string, host: string | undefined, type: string): Resolution {
  if (host === undefined) return type === 'SRV' ? allPorts(zone, s, full, name) : addressesOf(endpointsOf(zone, s), name, type);
  return endpointOf(zone, s, host, name, type);
}

function endpointOf(zone: Zone, s: Service, host: string, name: string, type: string): Resolution {
  return addressesOf(
    endpointsOf(zone, s).filter((e) => e.host === host),
    name,
    type,
  );
}

function addressesOf(endpoints: readonly { readonly ip: string }[], name: string, type: string): Resolution {
  const ips = endpoints.map((e) => e.ip);
  return ips.length ? { answers: addresses(name, ips, type), additional: [] } : UNKNOWN;
}

/** `_port._protocol.service`: SRV records of one port. */
function portRecord(zone: Zone, s: Service, full: string, name: string, [port, protocol]: [string, string], type: string): Resolution {
  if (!port.startsWith('_') || !protocol.startsWith('_')) return UNKNOWN;
  const wanted = s.spec.ports?.filter((p) => p.name === port.slice(1) && (p.protocol ?? 'TCP').toLowerCase() === protocol.slice(1)) ?? [];
  if (!wanted.length) return UNKNOWN;
  if (type !== 'SRV') return NOTHING;
  return services(
    zone,
    s,
    full,
    name,
    wanted.map((p) => p.name ?? ''),
  );
}

const allPorts = (zone: Zone, s: Service, full: string, name: string): Resolution =>
  services(
    zone,
    s,
    full,
    name,
    (s.spec.ports ?? []).map((p) => p.name ?? ''),
  );

function services(zone: Zone, s: Service, full: string, name: string, portNames: readonly string[]): Resolution {
  const wanted = new Set(portNames);
  const found: { port: number; target: string }[] = [];
  const additional: Answer[] = [];
  if (s.spec.clusterIP !== 'None') {
    for (const p of s.spec.ports ?? []) if (wanted.has(p.name ?? '')) found.push({ port: p.port, target: full });
    for (const ip of s.spec.clusterIPs ?? []) additional.push({ type: isV6(ip) ? 'AAAA' : 'A', name: full, ip });
  } else {
    const told = new Set<string>();
    for (const slice of zone.slices(s.metadata.namespace ?? '', s.metadata.name)) {
      const ports = (slice.ports ?? []).filter((p) => wanted.has(p.name ?? '') && p.port);
      for (const e of readyIn(slice, s)) {
        const target = `${e.host}.${full}`;
        for (const p of ports) found.push({ port: p.port!, target });
        if (!told.has(e.ip)) additional.push({ type: isV6(e.ip) ? 'AAAA' : 'A', name: target, ip: e.ip });
        told.add(e.ip);
      }
    }
  }
  const distinct = [...new Map(found.map((f) => [`${f.port} ${f.target}`, f])).values()];
  // All alike: they share a hundred among them.
  const weight = Math.max(1, Math.floor(100 / distinct.length));
  return { answers: distinct.map((f) => ({ type: 'SRV', name, ...f, weight })), additional };
}

/** `10-1-2-3.namespace.pod`: the address in the name itself. */
function podName(zone: Zone, name: string, labels: string[], type: string): Resolution {
  const namespace = labels.pop();
  if (!namespace || !zone.hasNamespace(namespace)) return UNKNOWN;
  const [text, ...more] = labels;
  if (!text) return NOTHING;
  if (more.length) return UNKNOWN;
  const v4 = text.replace(/-/g, '.');
  if (/^\d+\.\d+\.\d+\.\d+$/.test(v4) && v4.split('.').every((n) => Number(n) < 256))
    return { answers: addresses(name, [v4], type), additional: [] };
  const v6 = text.replace(/-/g, ':');
  if (v6.includes(':') && ipaddr.IPv6.isValid(v6)) return { answers: addresses(name, [v6], type), additional: [] };
  return UNKNOWN;
}

function reverse(zone: Zone, name: string, type: string): Resolution | undefined {
  const ip = reversed(name);
  if (!ip) return undefined;
  const service = zone.serviceByIp(ip);
  const names: string[] = [];
  if (service) names.push(`${service.metadata.name}.${service.metadata.namespace}.svc.${zone.domain}`);
  for (const slice of zone.slicesByIp(ip)) {
    const owner = slice.metadata.labels?.['kubernetes.io/service-name'];
    const e = slice.endpoints?.find((x) => x.addresses.includes(ip));
    if (owner && e) names.push(`${e.hostname || ip.replace(/[.:]/g, '-')}.${owner}.${slice.metadata.namespace}.svc.${zone.domain}`);
  }
  if (!names.length) return undefined;
  return { answers: type === 'PTR' ? [...new Set(names)].map((target) => ({ type: 'PTR', name, target })) : [], additional: [] };
}

function reversed(name: string): string | undefined {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (v4) return `${v4[4]}.${v4[3]}.${v4[2]}.${v4[1]}`;
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (!v6) return undefined;
  const digits = v6.split('.').reverse().join('');
  return ipaddr.IPv6.parse(digits.replace(/(.{4})(?=.)/g, '$1:')).toString();
}
