/** What the server serves: /api, /apis and their versions, plain and aggregated. Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */

import type { ResourceDefinition } from '../../api/resource.js';
import { notAcceptable } from '../../meta/errors.js';
import { groupVersion } from '../../meta/gvk.js';
import { base64url, hex, utf8 } from '../../util/bytes.js';
import { table } from '../../util/own.js';
import type { Answer } from '../answer.js';
import { objectAnswer } from '../answer.js';
import type { NonResourceHandler } from '../non-resource.js';
import { type ApiRequest, header } from '../request.js';
import type { GroupInfo, ResourceTable } from '../resources.js';

/** Priorities of the built-in groups: higher comes first. Source: the APIServices of a fresh cluster. */
export const GROUP_PRIORITY: Readonly<Record<string, number>> = table({
  '': 18000,
  'apiregistration.k8s.io': 17900,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'resource.k8s.io': 16200,
  'internal.apiserver.k8s.io': 16000,
  'storagemigration.k8s.io': 16800,
});
const CUSTOM_PRIORITY = 1000;

/** The version of the one document of all groups that is asked for. */
function aggregated(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const part of accept.split(',')) {
    if (!part.trimStart().startsWith('application/json;') || !part.includes('g=apidiscovery.k8s.io;')) continue;
    for (const v of ['v2', 'v2beta1'] as const) if (part.includes(`g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`)) return v;
  }
  return undefined;
}

export function discovery(table: ResourceTable, serverAddress: () => string): NonResourceHandler {
  let cached = new Map<string, unknown>();
  table.onChange(() => {
    cached = new Map();
  });
  const keep = <T>(key: string, make: () => T): T => {
    if (!cached.has(key)) cached.set(key, make());
    return cached.get(key) as T;
  };
  return (request) => {
    if (request.method !== 'GET') return undefined;
    const parts = request.path.split('/').filter(Boolean);
    if (parts[0] !== 'api' && parts[0] !== 'apis') return undefined;
    if (parts.length === 1) {
      const version = aggregated(header(request, 'accept') ?? '');
      if (version) return aggregatedAnswer(request, parts[0], version, table, keep);
      if (parts[0] === 'api') {
        return objectAnswer(200, {
          kind: 'APIVersions',
          versions: ['v1'],
          serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: serverAddress() }],
        });
      }
      return objectAnswer(
        200,
        keep('/apis', () => ({
          kind: 'APIGroupList',
          apiVersion: 'v1',
          groups: sorted(table)
            .filter((g) => g.name)
            .map(apiGroup),
        })),
      );
    }
    if (parts[0] === 'api') return parts.length === 2 ? resourceList('', parts[1]!, table, keep) : undefined;
    const group = table.groups().find((g) => g.name === parts[1]);
    if (!group || parts[1] === '') return undefined;
    if (parts.length === 2) return objectAnswer(200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) });
    return parts.length === 3 ? resourceList(parts[1]!, parts[2]!, table, keep) : undefined;
  };
}

const sorted = (table: ResourceTable): GroupInfo[] =>
  table
    .groups()
    .map((g, i) => ({ g, i }))
    .sort(
      (a, b) =>
        priority(b.g.name) - priority(a.g.name) || (GROUP_PRIORITY[a.g.name] === undefined ? a.g.name.localeCompare(b.g.name) : a.i - b.i),
    )
    .map((x) => x.g);

const priority = (group: string): number => GROUP_PRIORITY[group] ?? CUSTOM_PRIORITY;

function apiGroup(g: GroupInfo): object {
  const versions = orderVersions(g.versions).map((version) => ({ groupVersion: groupVersion(g.name, version), version }));
  return { name: g.name, versions, preferredVersion: versions[0] };
}

/** v2, v1, v1beta2, v1beta1, v1alpha1, then the rest by name. */
export function orderVersions(versions: readonly string[]): string[] {
  const rank = (v: string): [number, number, number] => {
    const m = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(v);
    return m ? [m[2] === undefined ? 3 : m[2] === 'beta' ? 2 : 1, Number(m[1]), Number(m[3] ?? 0)] : [0, 0, 0];
  };
  return [...versions].sort((a, b) => {
    const x = rank(a);
    const y = rank(b);
    return y[0] - x[0] || y[1] - x[1] || y[2] - x[2] || a.localeCompare(b);
  });
}

function resourceList(group: string, version: string, table: ResourceTable, keep: <T>(k: string, m: () => T) => T): Answer | undefined {
  if (!table.versions(group)?.includes(version)) return undefined;
  const list = keep(`${group}/${version}`, () => ({
    kind: 'APIResourceList',
    ...(group ? { apiVersion: 'v1' } : {}),
    groupVersion: groupVersion(group, version),
    resources: resourcesOf(table, group, version).flatMap(entries),
  }));
  return objectAnswer(200, list);
}

const resourcesOf = (table: ResourceTable, group: string, version: string): ResourceDefinition[] =>
  table
    .all()
    .filter((d) => d.group === group && d.version === version)
    .sort((a, b) => (a.plural < b.plural ? -1 : 1));

const verbsOf = (d: ResourceDefinition): string[] => [...d.verbs].sort();

interface Subresource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly string[];
}

function subresources(d: ResourceDefinition): Subresource[] {
  const out: Subresource[] = [];
  if (d.subresources.status) out.push({ name: 'status', kind: d.kind, verbs: ['get', 'patch', 'update'] });
  if (d.subresources.scale)
    out.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] });
  for (const [name, s] of Object.entries(d.subresources.other ?? {}))
    out.push({ name, kind: s.kind, group: s.group, version: s.version, verbs: s.verbs });
  return out.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One resource and its subresources, as APIResources. */
function entries(d: ResourceDefinition): object[] {
  const own = {
    name: d.plural,
    singularName: d.singular,
    namespaced: d.namespaced,
    kind: d.kind,
    verbs: verbsOf(d),
    ...(d.shortNames.length ? { shortNames: d.shortNames } : {}),
    ...(d.categories.length ? { categories: d.categories } : {}),
    ...(d.storageVersionHash ? { storageVersionHash: d.storageVersionHash } : {}),
  };
  return [
    own,
    ...subresources(d).map((s) => ({
      name: `${d.plural}/${s.name}`,
      singularName: '',
      namespaced: d.namespaced,
      ...(s.group !== undefined || s.version
        ? { ...(s.group ? { group: s.group } : {}), ...(s.version ? { version: s.version } : {}) }
        : {}),
      kind: s.kind,
      verbs: s.verbs,
    })),
  ];
}

function aggregatedAnswer(
  request: ApiRequest,
  root: string,
  version: string,
  table: ResourceTable,
  keep: <T>(k: string, m: () => T) => T,
): Answer {
  if (version !== 'v2' && version !== 'v2beta1') throw notAcceptable('406: Not Acceptable');
  const made = keep(`aggregated ${root} ${version}`, () => {
    const items = sorted(table)
      .filter((g) => (root === 'api') === (g.name === ''))
      .map((g) => ({
        metadata: g.name ? { name: g.name } : {},
        versions: orderVersions(g.versions).map((v) => ({
          version: v,
          resources: resourcesOf(table, g.name, v).map((d) => aggregatedResource(d)),
          freshness: 'Current',
        })),
      }));
    const object = { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
    const json = JSON.stringify(object);
    return { bytes: utf8(`${json}\n`), etag: etag(json) };
  });
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const headers = { ETag: `"${made.etag}"`, Vary: 'Accept' };
  if ((header(request, 'if-none-match') ?? '').replace(/^W\//, '') === `"${made.etag}"`)
    return { is: 'bytes', status: 304, contentType, bytes: new Uint8Array(), headers };
  return { is: 'bytes', status: 200, contentType, bytes: made.bytes, headers };
}

function aggregatedResource(d: ResourceDefinition): object {
  const subs = subresources(d).map((s) => ({
    subresource: s.name,
    responseKind: { group: s.group ?? '', version: s.version ?? '', kind: s.kind },
    verbs: s.verbs,
  }));
  return {
    resource: d.plural,
    // Empty: the group and version it is listed under.
    responseKind: { group: '', version: '', kind: d.kind },
    scope: d.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: d.singular,
    verbs: verbsOf(d),
    ...(d.shortNames.length ? { shortNames: d.shortNames } : {}),
    ...(d.categories.length ? { categories: d.categories } : {}),
    ...(subs.length ? { subresources: subs } : {}),
  };
}

/** A short fingerprint that changes with the text (FNV-1a over 64 bits, in two halves). */
export function etag(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1000193;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 16777619) >>> 0;
    b = Math.imul(b ^ a, 2246822519) >>> 0;
  }
  const out = new Uint8Array(8);
  new DataView(out.buffer).setUint32(0, a);
  new DataView(out.buffer).setUint32(4, b);
  return hex(out).toUpperCase() || base64url(out);
}
