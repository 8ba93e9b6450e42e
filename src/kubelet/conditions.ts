/** The conditions of a pod that the kubelet owns. Pure. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions */
import type { ContainerStatus, Pod, PodCondition } from '../api/types/core/v1.js';
import { named } from '../util/named.js';
import type { Phase } from './phase.js';
import { initContainers, isSidecar } from './pods.js';

export const KUBELET_CONDITIONS: ReadonlySet<string> = new Set([
  'PodScheduled',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]);

const yes = (type: string, reason?: string): PodCondition => ({ type, status: 'True', ...(reason ? { reason } : {}) });
const no = (type: string, reason: string, message?: string): PodCondition => ({
  type,
  status: 'False',
  reason,
  ...(message ? { message } : {}),
});
/** The first of each type. Others may add as many as they like. */
export const byType = (list: readonly PodCondition[]): ReadonlyMap<string, PodCondition> =>
  new Map(list.toReversed().map((c) => [c.type, c]));
/** As Go prints a list of strings. */
const names = (list: readonly string[]): string => `[${list.join(' ')}]`;

function describe(unknown: readonly string[], others: readonly string[], word: string): string {
  return [
    ...(unknown.length ? [`containers with unknown status: ${names(unknown)}`] : []),
    ...(others.length ? [`containers with ${word} status: ${names(others)}`] : []),
  ].join(', ');
}

export function containersReady(pod: Pod, statuses: readonly ContainerStatus[], phase: Phase): PodCondition {
  const type = 'ContainersReady';
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const c of [...initContainers(pod).filter(isSidecar), ...pod.spec.containers]) {
    const s = named(statuses, c.name);
    if (!s) unknown.push(c.name);
    else if (!s.ready) unready.push(c.name);
  }
  if (phase === 'Succeeded' && !unknown.length) return no(type, 'PodCompleted');
  if (phase === 'Failed') return no(type, 'PodFailed');
  const message = describe(unknown, unready, 'unready');
  return message ? no(type, 'ContainersNotReady', message) : yes(type);
}

export function ready(pod: Pod, statuses: readonly ContainerStatus[], phase: Phase, others: readonly PodCondition[]): PodCondition {
  const containers = containersReady(pod, statuses, phase);
  if (containers.status !== 'True') return { ...containers, type: 'Ready' };
  const missing: string[] = [];
  const known = byType(others);
  for (const gate of pod.spec.readinessGates ?? []) {
    const c = known.get(gate.conditionType);
    if (!c) missing.push(`corresponding condition of pod readiness gate ${JSON.stringify(gate.conditionType)} does not exist.`);
    else if (c.status !== 'True')
      missing.push(`the status of pod readiness gate ${JSON.stringify(gate.conditionType)} is not "True", but ${c.status}`);
  }
  return missing.length ? no('Ready', 'ReadinessGatesNotReady', missing.join(', ')) : yes('Ready');
}

export function initialized(pod: Pod, statuses: readonly ContainerStatus[], phase: Phase): PodCondition {
  const type = 'Initialized';
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const c of initContainers(pod)) {
    const s = named(statuses, c.name);
    if (!s) unknown.push(c.name);
    else if (isSidecar(c) ? !s.started : !s.ready) incomplete.push(c.name);
  }
  if (phase === 'Succeeded' && !unknown.length) return yes(type, 'PodCompleted');
  const begun = pod.spec.containers.some((c) => {
    const s = named(statuses, c.name);
    return s?.state.running || s?.state.terminated || s?.started;
  });
  if (begun) return yes(type);
  const message = describe(unknown, incomplete, 'incomplete');
  return message ? no(type, 'ContainersNotInitialized', message) : yes(type);
}

/** Same status as before: same transition time. */
export function keepTimes(conditions: readonly PodCondition[], old: readonly PodCondition[], now: string): PodCondition[] {
  const known = byType(old);
  return conditions.map((c) => {
    const before = known.get(c.type);
    return {
      ...c,
      lastTransitionTime:
        before?.status === c.status && before.lastTransitionTime ? before.lastTransitionTime : (c.lastTransitionTime ?? now),
    };
  });
}
