/**
 * What of a node is not for its Pods, and how their common cgroup is held to the rest. Pure.
 * Source: https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
 */
import type { Pod } from '../api/types/core/v1.js';
import { amount, milliOf, of } from './amount.js';
import type { CgroupLimits } from './host.js';
import { cpuShares, podRequest, qosClass } from './qos.js';

/** Quantities by name, as `kubeReserved` of the kubelet's configuration has them. */
export type Reserved = Readonly<Partial<Record<(typeof RESERVABLE)[number], string>>>;

const RESERVABLE = ['cpu', 'memory', 'ephemeral-storage', 'pid'] as const;

/** `memory=1Gi,pid=1000`. Throws, saying what is wrong. */
export function parseReserved(text: string): Reserved {
  const out: Record<string, string> = {};
  for (const part of text.split(',').filter(Boolean)) {
    const [name = '', value = ''] = part.split(/=(.*)/s);
    if (!(RESERVABLE as readonly string[]).includes(name))
      throw new Error(`cannot reserve ${JSON.stringify(name)} resource: only ${RESERVABLE.join(', ')}`);
    if (amountOr(value) === undefined)
      throw new Error(`failed to parse quantity ${JSON.stringify(value)} for ${JSON.stringify(name)} resource`);
    if (amount(value) < 0) throw new Error(`resource quantity for ${JSON.stringify(name)} cannot be negative: ${value}`);
    out[name] = value;
  }
  return out;
}

function amountOr(text: string): number | undefined {
  try {
    return amount(text);
  } catch {
    return undefined;
  }
}

/** Why so much cannot be reserved of this capacity; undefined where it can. */
export function overReserved(total: Readonly<Record<string, string>>, reserved: Reserved): string | undefined {
  const over = RESERVABLE.filter((r) => total[r] !== undefined && (of(reserved, r) ?? 0) > amount(total[r]));
  const each = over.map(
    (r) =>
      `Resource ${JSON.stringify(r)} has a reservation of ${reserved[r]} but capacity of ${total[r]}. Expected capacity >= reservation.`,
  );
  return each.length ? `invalid Node Allocatable configuration. ${each.join(' ')}` : undefined;
}

/** Of all Pods together. Evictions would begin below that; the kernel ends at it. */
export function allPodsLimits(total: Readonly<Record<string, string>>, maxProcesses: number, reserved: Reserved): CgroupLimits {
  const left = (all: number, name: keyof Reserved) => Math.max(0, all - (of(reserved, name) ?? 0));
  return {
    cpuShares: cpuShares(Math.max(0, (milliOf(total, 'cpu') ?? 0) - (milliOf(reserved, 'cpu') ?? 0))),
    memoryLimit: Math.floor(left(of(total, 'memory') ?? 0, 'memory')),
    pidsLimit: Math.floor(left(maxProcesses, 'pid')),
  };
}

/** What burstable and best-effort Pods get of the CPU beside guaranteed ones, each as a class. */
export function qosShares(pods: readonly Pod[]): { readonly burstable: number; readonly besteffort: number } {
  const burstable = pods.filter((p) => qosClass(p) === 'Burstable');
  return {
    burstable: cpuShares(burstable.reduce((n, p) => n + podRequest(p, 'cpu'), 0)),
    besteffort: cpuShares(undefined),
  };
}
