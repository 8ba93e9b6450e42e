/** The phase of a pod from the states of its containers. Pure. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from '../api/types/core/v1.js';
import { named } from '../util/named.js';
import { initContainers, isSidecar, isStatic, shouldRestart } from './pods.js';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** How a container that is over, or about to start again, has ended. */
const ended = (s: ContainerStatus): ContainerStateTerminated | undefined =>
  s.state.terminated ?? (s.state.waiting ? s.lastState?.terminated : undefined);

function initPhase(pod: Pod, statuses: readonly ContainerStatus[]): { pending: number; failed: boolean } {
  let pending = 0;
  let failed = false;
  for (const c of initContainers(pod).filter((i) => !isSidecar(i))) {
    const s = named(statuses, c.name);
    const end = s && ended(s);
    if (!end) pending++;
    else if (end.exitCode !== 0 && !shouldRestart(pod, c, end.exitCode)) failed = true;
  }
  return { pending, failed };
}

interface Counts {
  running: number;
  waiting: number;
  unknown: number;
  stopped: number;
  final: number;
  succeeded: number;
  pendingSidecars: number;
}

function count(counts: Counts, pod: Pod, c: Container, s: ContainerStatus | undefined, sidecar: boolean): void {
  if (!s) {
    counts.unknown++;
  } else if (s.state.running) {
    counts.running++;
    if (sidecar && !s.started) counts.pendingSidecars++;
  } else {
    const end = ended(s);
    if (end && !sidecar) {
      counts.stopped++;
      if (!shouldRestart(pod, c, end.exitCode)) counts.final++;
      if (s.state.terminated && end.exitCode === 0) counts.succeeded++;
    } else if (!end && s.state.waiting) {
      counts.waiting++;
      if (sidecar) counts.pendingSidecars++;
    } else if (!end) {
      counts.unknown++;
    }
  }
}

/** `over`: the pod is terminating and none of its containers will run again. `begun`: some main container has run. */
export function phaseOf(pod: Pod, statuses: readonly ContainerStatus[], over: boolean, begun: boolean): Phase {
  const init = initPhase(pod, statuses);
  const n: Counts = { running: 0, waiting: 0, unknown: 0, stopped: 0, final: 0, succeeded: 0, pendingSidecars: 0 };
  for (const c of initContainers(pod).filter(isSidecar)) count(n, pod, c, named(statuses, c.name), true);
  for (const c of pod.spec.containers) count(n, pod, c, named(statuses, c.name), false);
  if (init.failed) return 'Failed';
  if (init.pending > 0 || (n.pendingSidecars > 0 && !begun) || n.waiting > 0) return 'Pending';
  if (n.unknown > 0) return 'Pending';
  if (n.running > 0) return 'Running';
  if (n.stopped === 0) return 'Pending';
  if (over && !isStatic(pod)) return n.stopped === n.succeeded ? 'Succeeded' : 'Failed';
  if (n.stopped !== n.final) return 'Running';
  return n.stopped === n.succeeded ? 'Succeeded' : 'Failed';
}
