/** A Deployment's status: its numbers, and whether it gets on. Pure. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps/v1.js';
import { timestamp } from '../../util/clock.js';
import { conditionOf, setCondition, withoutCondition } from '../kit/conditions.js';
import { limits, sum } from './replica-sets.js';

export interface Facts {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly now: number;
  /** A new set was made, or an existing one was taken again, in this round. */
  readonly progress?: Progress;
}

export interface Progress {
  readonly reason: string;
  readonly message: string;
  readonly failed?: boolean;
}

/** Of now, in place of the one of its type. */
export function withCondition(
  list: readonly DeploymentCondition[],
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentCondition[] {
  const time = timestamp(now);
  return setCondition<DeploymentCondition>(list, { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message });
}

/** Milliseconds of the progress deadline; undefined where there is none. */
export function deadlineOf(d: Deployment): number | undefined {
  const s = d.spec.progressDeadlineSeconds;
  return s === undefined || s === 2147483647 ? undefined : s * 1000;
}

export function complete(d: Deployment, s: DeploymentStatus): boolean {
  const wanted = d.spec.replicas ?? 1;
  return (
    (s.updatedReplicas ?? 0) === wanted &&
    (s.replicas ?? 0) === wanted &&
    (s.availableReplicas ?? 0) === wanted &&
    (s.observedGeneration ?? 0) >= (d.metadata.generation ?? 0)
  );
}

/** More pods are new, fewer old, or more ready or available than was last written. */
function progressed(s: DeploymentStatus, before: DeploymentStatus): boolean {
  const old = (x: DeploymentStatus) => (x.replicas ?? 0) - (x.updatedReplicas ?? 0);
  return (
    (s.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(s) < old(before) ||
    (s.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (s.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

export function timedOut(d: Deployment, conditions: readonly DeploymentCondition[], now: number): boolean {
  const deadline = deadlineOf(d);
  const c = conditionOf(conditions, 'Progressing');
  if (deadline === undefined || !c) return false;
  if (c.reason === 'NewReplicaSetAvailable') return false;
  if (c.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(c.lastUpdateTime ?? '') + deadline < now;
}

export function statusOf(d: Deployment, f: Facts): DeploymentStatus {
  const all = [...f.old, f.current];
  const available = sum(all, 'availableReplicas');
  const wanted = d.spec.replicas ?? 1;
  const counts: DeploymentStatus = {
    observedGeneration: d.metadata.generation,
    replicas: sum(all, 'replicas'),
    updatedReplicas: f.current?.status.replicas ?? 0,
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(all.reduce((n, rs) => n + (rs?.spec.replicas ?? 0), 0) - available, 0),
    terminatingReplicas: sum(all, 'terminatingReplicas'),
    collisionCount: d.status.collisionCount,
  };
  let conditions = [...(d.status.conditions ?? [])];
  const watched = deadlineOf(d) !== undefined;
  if (!watched) conditions = withoutCondition(conditions, 'Progressing');
  else if (f.progress)
    conditions = withCondition(
      conditions,
      'Progressing',
      f.progress.failed ? 'False' : 'True',
      f.progress.reason,
      f.progress.message,
      f.now,
    );
  conditions =
    available >= wanted - limits(d).unavailable
      ? withCondition(conditions, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', f.now)
      : withCondition(
          conditions,
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          f.now,
        );
  if (!d.spec.paused && watched && !f.progress?.failed) conditions = withProgress(d, counts, conditions, f);
  const failing = [f.current, ...f.old]
    .flatMap((rs) => rs?.status.conditions ?? [])
    .find((c) => c.type === 'ReplicaFailure' && c.status === 'True');
  conditions = failing
    ? withCondition(conditions, 'ReplicaFailure', 'True', failing.reason ?? '', failing.message ?? '', f.now)
    : withoutCondition(conditions, 'ReplicaFailure');
  return { ...counts, ...(conditions.length ? { conditions } : {}) };
}

function withProgress(d: Deployment, s: DeploymentStatus, conditions: DeploymentCondition[], f: Facts): DeploymentCondition[] {
  const name = f.current ? `ReplicaSet "${f.current.metadata.name}"` : `Deployment "${d.metadata.name}"`;
  const before = conditionOf(conditions, 'Progressing');
  const settled = s.replicas === s.updatedReplicas && before?.reason === 'NewReplicaSetAvailable';
  if (settled && !f.progress) return conditions;
  if (complete(d, s))
    return withCondition(conditions, 'Progressing', 'True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`, f.now);
  if (progressed(s, d.status)) {
    const message = `${name} is progressing.`;
    if (before?.status === 'True' && before.reason !== 'NewReplicaSetAvailable') {
      const time = timestamp(f.now);
      return [...conditions.filter((c) => c !== before), { ...before, reason: 'ReplicaSetUpdated', message, lastUpdateTime: time }];
    }
    return withCondition(conditions, 'Progressing', 'True', 'ReplicaSetUpdated', message, f.now);
  }
  if (timedOut(d, conditions, f.now))
    return withCondition(conditions, 'Progressing', 'False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`, f.now);
  return conditions;
}
