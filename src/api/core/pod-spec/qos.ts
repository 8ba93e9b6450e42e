/** How surely a pod gets what it asks for. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
import { addQuantities, compareQuantities, type Quantity, quantityOf } from '../../../meta/quantity.js';
import type { PodSpec, ResourceRequirements } from '../../types/core/v1.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

export function qosClass(spec: PodSpec): QosClass {
  if (spec.resources && (spec.resources.requests || spec.resources.limits)) return classOf([spec.resources]);
  return classOf([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.resources ?? {}));
}

function classOf(all: readonly ResourceRequirements[]): QosClass {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let limited = true;
  for (const r of all) {
    for (const name of COMPUTE) {
      add(requests, name, r.requests?.[name]);
      if (!add(limits, name, r.limits?.[name])) limited = false;
    }
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal =
    requests.size === limits.size && [...requests].every(([name, q]) => limits.has(name) && compareQuantities(q, limits.get(name)) === 0);
  return limited && equal ? 'Guaranteed' : 'Burstable';
}

/** Zero counts as nothing. */
function add(sums: Map<string, Quantity>, name: string, value: string | undefined): boolean {
  if (value === undefined || compareQuantities(value, '0') <= 0) return false;
  sums.set(name, addQuantities(sums.get(name), quantityOf(value)));
  return true;
}
