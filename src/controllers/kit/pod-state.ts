/** What a Pod's state means to its controller. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
import type { Pod } from '../../api/types/core/v1.js';
import { table } from '../../util/own.js';
import { conditionOf } from './conditions.js';

export const isFinished = (p: Pod): boolean => p.status.phase === 'Succeeded' || p.status.phase === 'Failed';
export const isActive = (p: Pod): boolean => !isFinished(p) && !p.metadata.deletionTimestamp;
export const isReady = (p: Pod): boolean => conditionOf(p.status.conditions, 'Ready')?.status === 'True';

/** Milliseconds until the pod has been ready for `minReadySeconds`; undefined where it is not ready. */
export function availableIn(p: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = conditionOf(p.status.conditions, 'Ready');
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  // Of a time that cannot be read nothing follows.
  const since = Date.parse(ready.lastTransitionTime ?? '');
  return Number.isNaN(since) ? undefined : Math.max(since + minReadySeconds * 1000 - now, 0);
}

/** Ready for at least `minReadySeconds`. */
export const isAvailable = (p: Pod, minReadySeconds: number, now: number): boolean => availableIn(p, minReadySeconds, now) === 0;

/** When to look again: milliseconds until the next active pod becomes available by time alone; undefined where none does. */
export function nextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  let soonest: number | undefined;
  for (const p of pods) {
    const ms = isActive(p) ? availableIn(p, minReadySeconds, now) : undefined;
    if (ms && (soonest === undefined || ms < soonest)) soonest = ms;
  }
  return soonest === undefined ? undefined : soonest + 1;
}

const PHASE_ORDER: Readonly<Record<string, number>> = table({ Pending: 0, Unknown: 1, Running: 2 });

/** What a pod's loss weighs, the weightiest first. Worked out once a pod: sorting asks again and again. */
const loss = (p: Pod, onSameNode: (p: Pod) => number): number[] => [
  p.spec.nodeName ? 1 : 0,
  PHASE_ORDER[p.status.phase ?? 'Pending'] ?? 0,
  isReady(p) ? 1 : 0,
  Number(p.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
  -onSameNode(p),
  // Ready, and created, for a shorter time.
  (isReady(p) ? -1 : 0) * (Date.parse(conditionOf(p.status.conditions, 'Ready')?.lastTransitionTime ?? '') || 0),
  -(p.status.containerStatuses ?? []).reduce((n, c) => Math.max(n, c.restartCount), 0),
  -(Date.parse(p.metadata.creationTimestamp) || 0),
];

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** Which pods go first when there are too many: those that are the lesser loss. */
export function inDeletionOrder(pods: readonly Pod[], onSameNode: (p: Pod) => number = () => 0): Pod[] {
  return pods
    .map((pod) => ({ pod, loss: loss(pod, onSameNode) }))
    .sort((a, b) => compare(a.loss, b.loss))
    .map((x) => x.pod);
}
