/** The downward API: fields and resources of a pod as text, for environment variables and files. Pure. */

import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from '../api/types/core/v1.js';
import { goQuote } from '../util/go-quote.js';
import { getOwn } from '../util/own.js';
import { amount, milli, of } from './amount.js';
import { findContainer } from './pods.js';

export interface DownwardFacts {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** Stands for limits that a container has not. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** `key="value"`, a line each, in order of the keys: how labels and annotations look in a file. */
const lines = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}=${goQuote(v)}`)
    .join('\n');

export function fieldValue(pod: Pod, ref: ObjectFieldSelector, facts: DownwardFacts): string {
  const path = ref.fieldPath;
  const subscript = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
  if (subscript) return getOwn(pod.metadata[subscript[1] as 'labels' | 'annotations'] ?? {}, subscript[2]!) ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return lines(pod.metadata.labels);
    case 'metadata.annotations':
      return lines(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
  }
  throw new Error(`unsupported fieldPath: ${path}`);
}

export function resourceValue(pod: Pod, ref: ResourceFieldSelector, own: Container | undefined, facts: DownwardFacts): string {
  const container = ref.containerName ? findContainer(pod, ref.containerName) : own;
  if (!container) throw new Error(`container ${ref.containerName} not found`);
  const [list, ...rest] = ref.resource.split('.');
  const name = rest.join('.');
  if ((list !== 'requests' && list !== 'limits') || !/^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)) {
    throw new Error(`unsupported container resource : ${ref.resource}`);
  }
  const fallback = list === 'limits' ? facts.allocatable[name] : undefined;
  const value = container.resources?.[list]?.[name] ?? fallback ?? '0';
  const divisor = ref.divisor && of({ d: ref.divisor }, 'd') ? ref.divisor : '1';
  const quotient = name === 'cpu' ? milli(value) / milli(divisor) : amount(value) / amount(divisor);
  return String(Math.ceil(Number(quotient.toFixed(6))));
}
