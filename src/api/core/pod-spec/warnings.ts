/** What a client is told about a pod or a template that is allowed but hardly meant. */

import { canonicalIp, readIp } from '../../../meta/ip.js';
import { dns1123Label } from '../../../meta/names.js';
import { milliValue } from '../../../meta/quantity.js';
import { addAll } from '../../../util/add-all.js';
import { table } from '../../../util/own.js';
import { trimEnd } from '../../../util/text.js';
import type { Container, ContainerPort, KeyToPath, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume } from '../../types/core/v1.js';
import { placedContainers } from './containers.js';

const DEPRECATED_NODE_LABELS: Readonly<Record<string, string>> = table({
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
});
const DEPRECATED_NODE_LABEL_SINCE: Readonly<Record<string, string>> = table({
  'failure-domain.beta.kubernetes.io/zone': 'v1.17',
  'failure-domain.beta.kubernetes.io/region': 'v1.17',
  'beta.kubernetes.io/os': 'v1.14',
  'beta.kubernetes.io/arch': 'v1.14',
  'beta.kubernetes.io/instance-type': 'v1.17',
});
const OLD_VOLUMES: Readonly<Record<string, string>> = table({
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
});

export function podWarnings(pod: Pod): string[] {
  const wrong = dns1123Label(pod.metadata.name ?? '');
  const name = wrong.length
    ? [
        `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
      ]
    : [];
  return [...name, ...specWarnings(pod.spec, 'spec')];
}

/** No file system takes a longer one. */
const PATH_LIMIT = 4096;

export const templateWarnings = (template: PodTemplateSpec, path: string): string[] => specWarnings(template.spec, `${path}.spec`);

function specWarnings(spec: PodSpec, path: string): string[] {
  const out: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const now = DEPRECATED_NODE_LABELS[key];
    if (now) out.push(`${path}.nodeSelector[${key}]: deprecated since ${DEPRECATED_NODE_LABEL_SINCE[key]}; use "${now}" instead`);
  }
  for (const [i, v] of (spec.volumes ?? []).entries())
    for (const kind of Object.keys(v))
      if (OLD_VOLUMES[kind]) out.push(`${path}.volumes[${i}].${kind === 'storageos' ? 'storageOS' : kind}: ${OLD_VOLUMES[kind]}`);
  addAll(out, overlaps(spec.volumes ?? []));
  addAll(
    out,
    repeated(
      spec.hostAliases,
      (a) => a.ip,
      (i, ip) => `${path}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`,
    ),
  );
  addAll(
    out,
    repeated(
      spec.imagePullSecrets,
      (s) => s.name ?? '',
      (i, n) => `${path}.imagePullSecrets[${i}].name: duplicate name ${JSON.stringify(n)}`,
    ),
  );
  for (const [i, s] of (spec.imagePullSecrets ?? []).entries())
    if (!s.name) out.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  addAll(out, fractional(spec.overhead, `${path}.overhead`));
  const containers = placedContainers(spec, path) as { container: Container; path: string }[];
  for (const { container, path: at } of containers) {
    addAll(
      out,
      fractional(container.resources?.limits, `${at}.resources.limits`),
      fractional(container.resources?.requests, `${at}.resources.requests`),
      hiddenVariables(container, at),
    );
  }
  addAll(out, portWarnings(containers));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    out.push(`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`);
  return [...out, ...selectorWarnings(spec, path), ...addressWarnings(spec, path)];
}

function repeated<T>(list: readonly T[] | undefined, key: (e: T) => string, text: (i: number, key: string) => string): string[] {
  const seen = new Set<string>();
  return (list ?? []).flatMap((e, i) => {
    const k = key(e);
    if (seen.has(k)) return [text(i, k)];
    seen.add(k);
    return [];
  });
}

const fractional = (list: Record<string, string> | undefined, path: string): string[] =>
  ['memory', 'ephemeral-storage']
    .filter((r) => list?.[r] !== undefined && milliValue(list[r]) % 1000 !== 0)
    .map((r) => `${path}[${r}]: fractional byte value "${list![r]}" is invalid, must be an integer`);

function hiddenVariables(c: Container, path: string): string[] {
  const seen = new Set<string>();
  return (c.env ?? []).flatMap((v, i) => {
    const again = seen.has(v.name);
    seen.add(v.name);
    const reference = `$(${v.name})`;
    const extends_ = !v.valueFrom && v.value !== reference && (v.value ?? '').includes(reference);
    return again && !extends_
      ? [`${path}.env[${i}]: hides previous definition of ${JSON.stringify(v.name)}, which may be dropped when using apply`]
      : [];
  });
}

/** Of ports that are alike: what is found among more than these no answer has room for. */
const PAIRS_COMPARED = 10_000;
const PORT_WARNINGS = 1000;

function portWarnings(containers: readonly { container: Container; path: string }[]): string[] {
  const out: string[] = [];
  let compared = 0;
  const all = new Map<string, { at: string; port: ContainerPort }[]>();
  const names = new Map<string, string>();
  const named: string[] = [];
  for (const { container, path } of containers) {
    for (const [i, port] of (container.ports ?? []).entries()) {
      const at = `${path}.ports[${i}]`;
      if (port.hostIP && !port.hostPort)
        out.push(
          `${at}: hostIP set without hostPort: {Name:${port.name ?? ''} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol} HostIP:${port.hostIP}}`,
        );
      const key = `${port.containerPort}/${port.protocol}`;
      const others = all.get(key) ?? [];
      for (const other of others) {
        if (++compared > PAIRS_COMPARED || out.length >= PORT_WARNINGS) break;
        addAll(out, conflict(at, port, other));
      }
      others.push({ at, port });
      all.set(key, others);
      if (!port.name) continue;
      const first = names.get(port.name);
      if (first)
        named.push(
          `${at}: duplicate port name ${JSON.stringify(port.name)} with ${first}, services and probes that select ports by name will use ${first}`,
        );
      else names.set(port.name, at);
    }
  }
  return [...out, ...named];
}

function conflict(at: string, port: ContainerPort, other: { at: string; port: ContainerPort }): string[] {
  const ip = port.hostIP ?? '';
  const otherIp = other.port.hostIP ?? '';
  const host = port.hostPort ?? 0;
  const otherHost = other.port.hostPort ?? 0;
  if (ip === otherIp && host === otherHost) return [`${at}: duplicate port definition with ${other.at}`];
  if (host === 0 || otherHost === 0) return [`${at}: overlapping port definition with ${other.at}`];
  return host === otherHost && (ip === '') !== (otherIp === '') ? [`${at}: dangerously ambiguous port definition with ${other.at}`] : [];
}

function selectorWarnings(spec: PodSpec, path: string): string[] {
  const missing = (t: PodAffinityTerm, at: string) =>
    t.labelSelector ? [] : [`${at}.labelSelector: a null labelSelector results in matching no pod`];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const a = spec.affinity?.[kind];
    const at = `${path}.affinity.${kind}`;
    return [
      ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) =>
        missing(t, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`),
      ),
      ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) =>
        missing(t.podAffinityTerm, `${at}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`),
      ),
    ];
  });
}

function addressWarnings(spec: PodSpec, path: string): string[] {
  const check = (ip: string, at: string) =>
    readIp(ip)?.kind() === 'ipv6' && canonicalIp(ip) !== ip
      ? [`${at}: IPv6 address ${JSON.stringify(ip)} should be in RFC 5952 canonical format (${JSON.stringify(canonicalIp(ip))})`]
      : [];
  return [
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((s, i) => check(s, `${path}.dnsConfig.nameservers[${i}]`)),
    ...(spec.hostAliases ?? []).flatMap((a, i) => check(a.ip, `${path}.hostAliases[${i}].ip`)),
  ];
}

/** Two keys of one volume at one path: the later one wins. */
function overlaps(volumes: readonly Volume[]): string[] {
  const out: string[] = [];
  for (const v of volumes) {
    const report = (what: string, paths: readonly string[]) => {
      /** Each path, and each folder that one lies in: the first of them. */
      const at = new Map<string, number>();
      const below = new Map<string, number>();
      for (const [i, p] of paths.entries()) {
        if (p.length > PATH_LIMIT) continue;
        let first = Math.min(at.get(p) ?? i, below.get(p) ?? i);
        for (let cut = p.lastIndexOf('/'); cut > 0; cut = p.lastIndexOf('/', cut - 1)) {
          const folder = p.slice(0, cut);
          first = Math.min(first, at.get(folder) ?? i);
          if (!below.has(folder)) below.set(folder, i);
        }
        if (first < i)
          out.push(
            `volume ${JSON.stringify(v.name)} (${what}): overlapping paths: ${JSON.stringify(paths[first])} with ${JSON.stringify(p)}`,
          );
        if (!at.has(p)) at.set(p, i);
      }
    };
    const items = (list: readonly KeyToPath[] | undefined) => (list ?? []).map((k) => trimEnd(k.path, '/'));
    if (v.configMap) report(`ConfigMap ${JSON.stringify(v.configMap.name ?? '')}`, items(v.configMap.items));
    if (v.secret) report(`Secret ${JSON.stringify(v.secret.secretName ?? '')}`, items(v.secret.items));
    if (v.downwardAPI)
      report(
        'DownwardAPI',
        (v.downwardAPI.items ?? []).map((f) => f.path),
      );
  }
  return out;
}
