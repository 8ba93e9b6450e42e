/** The environment of a container. Pure: what ConfigMaps and Secrets hold is handed in. */

import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '../api/types/core/v1.js';
import { getOwn } from '../util/own.js';
import { type DownwardFacts, fieldValue, resourceValue } from './downward.js';
import { Expansion } from './expansion.js';
import { namespaceOf } from './pods.js';

export interface EnvSources extends DownwardFacts {
  /** Throws a NotFound StatusError when it is not there. */
  readonly configMap: (name: string) => ConfigMap;
  readonly secret: (name: string) => Secret;
  /** Of the pod's namespace and `default/kubernetes`. */
  readonly services: readonly Service[];
}

/** Names of the objects that a container's environment needs. */
export function envReferences(c: Container): { configMaps: string[]; secrets: string[] } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const f of c.envFrom ?? []) {
    if (f.configMapRef?.name) configMaps.add(f.configMapRef.name);
    if (f.secretRef?.name) secrets.add(f.secretRef.name);
  }
  for (const e of c.env ?? []) {
    if (e.valueFrom?.configMapKeyRef?.name) configMaps.add(e.valueFrom.configMapKeyRef.name);
    if (e.valueFrom?.secretKeyRef?.name) secrets.add(e.valueFrom.secretKeyRef.name);
  }
  return { configMaps: [...configMaps], secrets: [...secrets] };
}

export const decodeBase64 = (text: string): string => new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

/** Undefined: an optional object or key that is not there. */
function valueFrom(e: EnvVar, pod: Pod, container: Container, sources: EnvSources): string | undefined {
  const from = e.valueFrom!;
  if (from.fieldRef) return fieldValue(pod, from.fieldRef, sources);
  if (from.resourceFieldRef) return resourceValue(pod, from.resourceFieldRef, container, sources);
  const ref = from.configMapKeyRef ?? from.secretKeyRef;
  if (!ref) throw new Error(`environment variable ${e.name} has a source that this kubelet does not know`);
  const kind = from.configMapKeyRef ? 'ConfigMap' : 'Secret';
  const object = optionally(ref.optional, () =>
    kind === 'ConfigMap' ? sources.configMap(ref.name ?? '') : sources.secret(ref.name ?? ''),
  );
  const value = object?.data && getOwn(object.data, ref.key);
  if (value !== undefined) return kind === 'Secret' ? decodeBase64(value) : value;
  if (ref.optional) return undefined;
  throw new Error(`couldn't find key ${ref.key} in ${kind} ${namespaceOf(pod)}/${ref.name}`);
}

function optionally<T>(optional: boolean | undefined, get: () => T): T | undefined {
  try {
    return get();
  } catch (e) {
    if (optional) return undefined;
    throw e;
  }
}

export function environment(pod: Pod, container: Container, sources: EnvSources): { name: string; value: string }[] {
  const services = serviceVariables(pod, sources.services);
  const env = new Map<string, string>();
  // Whatever its source, one text may be named many times.
  const expansion = new Expansion();
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    const object = optionally(ref?.optional, () =>
      from.configMapRef ? sources.configMap(ref?.name ?? '') : sources.secret(ref?.name ?? ''),
    );
    for (const [k, v] of Object.entries(object?.data ?? {})) {
      const name = expansion.take(`${from.prefix ?? ''}${k}`, 'environment');
      env.set(name, expansion.take(from.configMapRef ? v : decodeBase64(v), `environment variable ${JSON.stringify(name)}`));
    }
  }
  const lookup = (name: string) => env.get(name) ?? services.get(name);
  for (const e of container.env ?? []) {
    const what = `environment variable ${JSON.stringify(e.name)}`;
    const value = e.value ? expansion.expand(e.value, lookup, what) : e.valueFrom ? valueFrom(e, pod, container, sources) : '';
    if (value === undefined) continue;
    env.set(e.name, e.value ? value : expansion.take(value, what));
  }
  for (const [k, v] of services) if (!env.has(k)) env.set(k, v);
  return [...env].map(([name, value]) => ({ name, value }));
}

const variable = (name: string): string => name.replaceAll('-', '_').toUpperCase();
const hasClusterIP = (s: Service): boolean => !!s.spec.clusterIP && s.spec.clusterIP !== 'None';

/** `<NAME>_SERVICE_HOST` and the older `<NAME>_PORT_…`; of the cluster's own API always, of the namespace's services if the pod wants links. */
export function serviceVariables(pod: Pod, services: readonly Service[]): Map<string, string> {
  const links = pod.spec.enableServiceLinks !== false;
  const seen = new Map<string, Service>();
  for (const s of services) {
    const master = s.metadata.namespace === 'default' && s.metadata.name === 'kubernetes';
    if (!hasClusterIP(s) || !s.spec.ports?.length) continue;
    const own = s.metadata.namespace === namespaceOf(pod);
    if (own && links) seen.set(s.metadata.name ?? '', s);
    else if (master && !seen.has('kubernetes')) seen.set('kubernetes', s);
  }
  const out = new Map<string, string>();
  for (const s of [...seen.values()].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))) addService(out, s);
  return out;
}

function addService(out: Map<string, string>, s: Service): void {
  const prefix = variable(s.metadata.name ?? '');
  const ip = s.spec.clusterIP ?? '';
  const host = ip.includes(':') ? `[${ip}]` : ip;
  out.set(`${prefix}_SERVICE_HOST`, ip);
  out.set(`${prefix}_SERVICE_PORT`, String(s.spec.ports![0]!.port));
  for (const p of s.spec.ports!) if (p.name) out.set(`${prefix}_SERVICE_PORT_${variable(p.name)}`, String(p.port));
  for (const [i, p] of s.spec.ports!.entries()) {
    const protocol = p.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${host}:${p.port}`;
    if (i === 0) out.set(`${prefix}_PORT`, url);
    const port = `${prefix}_PORT_${p.port}_${protocol.toUpperCase()}`;
    out.set(port, url);
    out.set(`${port}_PROTO`, protocol.toLowerCase());
    out.set(`${port}_PORT`, String(p.port));
    out.set(`${port}_ADDR`, ip);
  }
}
