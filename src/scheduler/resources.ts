/** Amounts of CPU, memory and whatever else nodes offer and pods ask for. */
import type { PodSpec } from '../api/types/core/v1.js';
import { milliValue, quantityValue as value } from '../meta/quantity.js';

/** CPU in thousandths of a core, the rest in whole units (bytes, devices). */
export type Amounts = Record<string, number>;

/** Named by people: there is no prototype to meet. */
const none = (): Amounts => Object.create(null) as Amounts;

const amounts = (list: Readonly<Record<string, string>> | undefined): Amounts => {
  const out = none();
  for (const [name, q] of Object.entries(list ?? {})) out[name] = name === 'cpu' ? milliValue(q) : value(q);
  return out;
};

export { amounts as parseAmounts };

export function add(to: Amounts, more: Amounts, sign: 1 | -1 = 1): void {
  for (const k of Object.keys(more)) to[k] = (to[k] ?? 0) + sign * more[k]!;
}

function atLeast(to: Amounts, floor: Amounts): void {
  for (const k of Object.keys(floor)) to[k] = Math.max(to[k] ?? 0, floor[k]!);
}

/**
 * What a pod needs: the larger of its containers together and of each init container with the sidecars started before it, and its overhead.
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
export function requestsOf(spec: PodSpec): Amounts {
  const total = none();
  for (const c of spec.containers ?? []) add(total, amounts(c.resources?.requests));
  const sidecars = none();
  const peak = none();
  for (const c of spec.initContainers ?? []) {
    const own = amounts(c.resources?.requests);
    if (c.restartPolicy === 'Always') add(sidecars, own);
    // What it does not ask for itself, the sidecars so far do: they only become more, and all of them count in the end.
    else for (const k of Object.keys(own)) peak[k] = Math.max(peak[k] ?? 0, (sidecars[k] ?? 0) + own[k]!);
  }
  atLeast(peak, sidecars);
  add(total, sidecars);
  atLeast(total, peak);
  const podLevel = spec.resources?.requests;
  if (podLevel) Object.assign(total, amounts(podLevel));
  add(total, amounts(spec.overhead));
  return total;
}

/** Pods that ask for nothing still count as this much when nodes are compared. */
const DEFAULT_CPU = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

export function nonZeroRequests(spec: PodSpec, requests: Amounts): { cpu: number; memory: number } {
  const count = spec.containers?.length ?? 0;
  const withCpu = spec.containers?.filter((c) => c.resources?.requests?.cpu !== undefined).length ?? 0;
  const withMemory = spec.containers?.filter((c) => c.resources?.requests?.memory !== undefined).length ?? 0;
  return {
    cpu: (requests.cpu ?? 0) + (count - withCpu) * DEFAULT_CPU,
    memory: (requests.memory ?? 0) + (count - withMemory) * DEFAULT_MEMORY,
  };
}
