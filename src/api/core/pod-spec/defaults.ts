/** Defaults of pods and their templates that depend on other fields. */

import { parseReference } from '../../../meta/image-reference.js';
import { compareQuantities } from '../../../meta/quantity.js';
import { setOwn } from '../../../util/own.js';
import type { Container, Pod, PodSpec, Volume } from '../../types/core/v1.js';
import { placedContainers } from './containers.js';

/** An image without a tag, or with the tag that moves, is pulled each time. */
export function pullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  const found = parseReference(image ?? '');
  if (!found) return 'IfNotPresent';
  return found.tag === 'latest' || (found.tag === undefined && found.digest === undefined) ? 'Always' : 'IfNotPresent';
}

const SOURCE_KEYS = (v: Volume): boolean => Object.keys(v).some((k) => k !== 'name');

/** In a Pod or in a template. Mutates. */
export function defaultPodSpec(spec: PodSpec): void {
  for (const { container } of placedContainers(spec, '')) container.imagePullPolicy ||= pullPolicy(container.image);
  for (const v of spec.volumes ?? []) {
    if (!SOURCE_KEYS(v)) v.emptyDir = {};
    if (v.image) v.image.pullPolicy ||= pullPolicy(v.image.reference);
  }
  // The old name of the field is kept in step.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
}

/** In Pods only. Mutates. */
export function defaultPod({ spec }: Pod): void {
  defaultPodSpec(spec);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  for (const c of containers) requestsFromLimits(c);
  if (spec.resources) podRequests(spec);
  spec.enableServiceLinks ??= true;
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  if (spec.hostNetwork) for (const c of containers) for (const p of c.ports ?? []) p.hostPort ||= p.containerPort;
}

/** Who limits a resource and asks for none of it asks for as much as the limit. */
function requestsFromLimits(c: Container): void {
  const limits = c.resources?.limits;
  if (!limits) return;
  const requests = (c.resources.requests ??= {});
  for (const [name, limit] of Object.entries(limits)) if (!Object.hasOwn(requests, name)) setOwn(requests, name, limit);
}

const POD_LEVEL = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function podRequests(spec: PodSpec): void {
  const { limits } = spec.resources!;
  if (!limits) return;
  const requests = (spec.resources!.requests ??= {});
  for (const [name, limit] of Object.entries(limits)) {
    if (!POD_LEVEL(name) || requests[name] !== undefined) continue;
    const asked = (spec.containers ?? []).map((c) => c.resources?.requests?.[name]).filter((q) => q !== undefined);
    if (asked.every((q) => compareQuantities(q, '0') === 0)) requests[name] = limit;
  }
}
