/** A pod's resolv.conf from its DNS policy. Pure. Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy */
import type { Pod } from '../api/types/core/v1.js';
import { namespaceOf, usesHostNetwork } from './pods.js';
import type { DnsConfig } from './runtime.js';

const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARS = 2048;
const MAX_NAME = 253;

export interface DnsInputs {
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  readonly host: DnsConfig;
}

export interface DnsAnswer {
  readonly dns: DnsConfig;
  /** Reason and text of warnings that belong on the pod. */
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];

export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0]) servers.push(rest[0]);
    if (word === 'search') searches = rest.filter((s) => s !== '.').map((s) => s.replace(/\.$/, ''));
    if (word === 'options') for (const o of rest) options.set(o.split(':')[0]!, o);
  }
  return { servers, searches, options: [...options.values()] };
}

function policy(pod: Pod): 'none' | 'cluster' | 'host' {
  const p = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (p === 'None') return 'none';
  if (p === 'ClusterFirstWithHostNet' || (p === 'ClusterFirst' && !usesHostNetwork(pod))) return 'cluster';
  return 'host';
}

export function podDns(pod: Pod, inputs: DnsInputs, podText: string): DnsAnswer {
  const warnings: { reason: string; message: string }[] = [];
  let { servers, searches, options }: DnsConfig = inputs.host;
  const kind = policy(pod);
  if (kind === 'none') [servers, searches, options] = [[], [], []];
  if (kind === 'cluster' && inputs.clusterDNS.length) {
    const d = inputs.clusterDomain;
    servers = inputs.clusterDNS;
    searches = d ? unique([`${namespaceOf(pod)}.svc.${d}`, `svc.${d}`, d, ...searches]) : searches;
    options = ['ndots:5'];
  } else if (kind === 'cluster') {
    const message =
      'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.';
    warnings.push({ reason: 'MissingClusterDNS', message: `pod: "${podText}". ${message}` });
  }
  const own = pod.spec.dnsConfig;
  if (own) {
    servers = unique([...servers, ...(own.nameservers ?? [])]);
    searches = unique([...searches, ...(own.searches ?? [])]);
    const merged = new Map(options.map((o) => [o.split(':')[0]!, o]));
    for (const o of own.options ?? []) merged.set(o.name ?? '', o.value ? `${o.name}:${o.value}` : (o.name ?? ''));
    options = [...merged.values()];
  }
  return { dns: { servers: fitServers(servers, warnings), searches: fitSearches(searches, warnings), options }, warnings };
}

function fitServers(servers: readonly string[], warnings: { reason: string; message: string }[]): readonly string[] {
  if (servers.length <= MAX_SERVERS) return servers;
  const kept = servers.slice(0, MAX_SERVERS);
  const message = `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${kept.join(' ')}`;
  warnings.push({ reason: 'DNSConfigForming', message });
  return kept;
}

function fitSearches(searches: readonly string[], warnings: { reason: string; message: string }[]): readonly string[] {
  let kept = searches.slice(0, MAX_SEARCHES).filter((s) => s.length <= MAX_NAME);
  while (kept.join(' ').length > MAX_SEARCH_CHARS) kept = kept.slice(0, -1);
  if (kept.length < searches.length) {
    const message = `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${kept.join(' ')}`;
    warnings.push({ reason: 'DNSConfigForming', message });
  }
  return kept;
}
