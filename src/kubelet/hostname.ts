/** A pod's host name, its domain, and the `/etc/hosts` of its containers. Pure. */

import type { HostAlias, Pod } from '../api/types/core/v1.js';
import { trimEnd } from '../util/text.js';
import { nameOf, namespaceOf } from './pods.js';

const MAX_HOSTNAME = 63;
/** The kernel's limit for setHostnameAsFQDN. */
const MAX_FQDN = 64;

export interface HostName {
  readonly hostname: string;
  /** '' without a subdomain. */
  readonly domain: string;
}

export function podHostName(pod: Pod, clusterDomain: string): HostName {
  const cut = (name: string): string => {
    const short = name.length > MAX_HOSTNAME ? trimEnd(name.slice(0, MAX_HOSTNAME), '-.') : name;
    if (!short) throw new Error(`hostname for pod ${JSON.stringify(nameOf(pod))} was invalid: ${JSON.stringify(name)}`);
    return short;
  };
  if (pod.spec.hostnameOverride) return { hostname: cut(pod.spec.hostnameOverride), domain: '' };
  const domain = pod.spec.subdomain ? `${pod.spec.subdomain}.${namespaceOf(pod)}.svc.${clusterDomain}` : '';
  return { hostname: cut(pod.spec.hostname || nameOf(pod)), domain };
}

/** What `uname -n` says inside. */
export function kernelHostName(pod: Pod, { hostname, domain }: HostName): string {
  if (!pod.spec.setHostnameAsFQDN || !domain) return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > MAX_FQDN) {
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${MAX_FQDN} characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return fqdn;
}

function aliases(list: readonly HostAlias[] | undefined): string {
  if (!list?.length) return '';
  return `\n# Entries added by HostAliases.\n${list.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}\n`).join('')}`;
}

export function hostsFile(pod: Pod, ips: readonly string[], { hostname, domain }: HostName): string {
  const own = ips.map((ip) => (domain ? `${ip}\t${hostname}.${domain}\t${hostname}\n` : `${ip}\t${hostname}\n`)).join('');
  return `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
${own}${aliases(pod.spec.hostAliases)}`;
}

export const hostNetworkHostsFile = (pod: Pod, host: string): string =>
  `# Kubernetes-managed hosts file (host network).\n${host}${aliases(pod.spec.hostAliases)}`;
