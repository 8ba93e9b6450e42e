/** Whether this node can take a pod at all: what the scheduler checks, checked again, for static pods and for races. Pure. */

import { matchesTerms } from '../api/core/node-affinity.js';
import type { Node, Pod } from '../api/types/core/v1.js';
import type { OwnPort } from '../meta/own-ports.js';
import { amount, milliOf, of } from './amount.js';
import { initContainers, isSidecar, isTerminalPhase, uidOf, usesHostNetwork } from './pods.js';
import { podSum } from './qos.js';

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const NODE_CRITICAL = 2_000_000_000;
/** The reason that depends on the node's labels, which others write. */
export const NODE_AFFINITY = 'NodeAffinity';

export function admit(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<Node, 'metadata' | 'status'>,
  own: readonly OwnPort[] = [],
): Rejection | undefined {
  const labels = node.metadata.labels ?? {};
  if (pod.spec.os?.name && pod.spec.os.name !== labels['kubernetes.io/os']) {
    return { reason: 'PodOSNotSupported', message: `Failed to admit pod as the OS field doesn't match node OS` };
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!selected || (required && !matchesTerms(required.nodeSelectorTerms, node)))
    return { reason: NODE_AFFINITY, message: `Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector` };
  const held = ownPort(pod, own);
  if (held)
    return {
      reason: 'NodePorts',
      message: `Predicate NodePorts failed: host port ${held.protocol}/${held.port} is in use by the node's own ${held.holder}`,
    };
  const active = others.filter((p) => uidOf(p) !== uidOf(pod) && !isTerminalPhase(p.status?.phase));
  if (portConflict(pod, active))
    return { reason: 'NodePorts', message: `Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports` };
  return (pod.spec.priority ?? 0) >= NODE_CRITICAL ? undefined : resources(pod, active, node.status?.allocatable ?? {});
}

const ANY = '0.0.0.0';

function hostPorts(pod: Pod): { key: string; ip: string }[] {
  const sidecars = initContainers(pod).filter(isSidecar);
  return [...pod.spec.containers, ...sidecars].flatMap((c) =>
    (c.ports ?? []).flatMap((p) => {
      const port = p.hostPort ?? (usesHostNetwork(pod) ? p.containerPort : 0);
      return port ? [{ key: `${p.protocol ?? 'TCP'}/${port}`, ip: p.hostIP || ANY }] : [];
    }),
  );
}

const ownPort = (pod: Pod, own: readonly OwnPort[]): OwnPort | undefined => {
  const wanted = new Set(hostPorts(pod).map((p) => p.key));
  return own.find((o) => wanted.has(`${o.protocol}/${o.port}`));
};

function portConflict(pod: Pod, others: readonly Pod[]): boolean {
  const taken = new Map<string, Set<string>>();
  for (const { key, ip } of others.flatMap(hostPorts)) taken.set(key, (taken.get(key) ?? new Set()).add(ip));
  return hostPorts(pod).some(({ key, ip }) => {
    const there = taken.get(key);
    return there !== undefined && (ip === ANY || there.has(ip) || there.has(ANY));
  });
}

function resources(pod: Pod, others: readonly Pod[], allocatable: Readonly<Record<string, string>>): Rejection | undefined {
  const room = allocatable.pods === undefined ? Number.POSITIVE_INFINITY : amount(allocatable.pods);
  if (others.length + 1 > room) return short('pods', 1, others.length, room);
  for (const name of ['cpu', 'memory'] as const) {
    if (!Object.hasOwn(allocatable, name)) continue;
    const request = (p: Pod) => podSum(p, (c) => (name === 'cpu' ? milliOf(c.resources?.requests, name) : of(c.resources?.requests, name)));
    const wanted = request(pod);
    const used = others.reduce((n, p) => n + request(p), 0);
    const capacity = name === 'cpu' ? milliOf(allocatable, name)! : of(allocatable, name)!;
    if (wanted > 0 && wanted + used > capacity) return short(name, wanted, used, capacity);
  }
  return undefined;
}

const short = (name: string, requested: number, used: number, capacity: number): Rejection => ({
  reason: `OutOf${name}`,
  message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
});
