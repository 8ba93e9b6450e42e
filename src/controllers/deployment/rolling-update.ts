/** How a rollout moves pods from the old ReplicaSets to the new one, a step at a time. Pure. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment */
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { DESIRED, limits, MAX, sizeOf, total } from './replica-sets.js';

export interface Scale {
  readonly set: ReplicaSet;
  readonly to: number;
}

/** How large the new set may be now. */
export function newSize(d: Deployment, all: readonly ReplicaSet[], current: ReplicaSet | undefined): number {
  const wanted = d.spec.replicas ?? 1;
  if (d.spec.strategy.type !== 'RollingUpdate') return wanted;
  const have = current?.spec.replicas ?? 0;
  const room = wanted + limits(d).surge - total(all);
  if (room <= 0) return have;
  return have + Math.min(room, wanted - have);
}

/** One step of a rolling update: the new set up, or else the old ones down. */
export function roll(d: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scale[] {
  const all = [...old, current];
  const wanted = d.spec.replicas ?? 1;
  const have = sizeOf(current);
  if (have > wanted) return [{ set: current, to: wanted }];
  const up = newSize(d, all, current);
  if (up > have) return [{ set: current, to: up }];
  return shrinkOld(d, current, old);
}

/** No more than its size: pods that a set was told to give up are no longer counted on, though its status still has them. */
const availableOf = (rs: ReplicaSet): number => Math.min(rs.status.availableReplicas ?? 0, sizeOf(rs));

function shrinkOld(d: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scale[] {
  const all = [...old, current];
  const oldTotal = total(old);
  if (oldTotal === 0) return [];
  const wanted = d.spec.replicas ?? 1;
  const atLeast = wanted - limits(d).unavailable;
  const newUnavailable = sizeOf(current) - availableOf(current);
  let mayGo = total(all) - atLeast - newUnavailable;
  if (mayGo <= 0) return [];
  const sizes = new Map(old.map((rs) => [rs, sizeOf(rs)]));
  // Pods that do not serve anyway go first.
  for (const rs of old) {
    const broken = Math.min(sizes.get(rs)! - availableOf(rs), mayGo);
    if (broken > 0) {
      sizes.set(rs, sizes.get(rs)! - broken);
      mayGo -= broken;
    }
  }
  let spare = all.reduce((n, rs) => n + availableOf(rs), 0) - atLeast;
  for (const rs of old) {
    if (spare <= 0) break;
    const gone = Math.min(sizes.get(rs)!, spare);
    sizes.set(rs, sizes.get(rs)! - gone);
    spare -= gone;
  }
  return [...sizes].filter(([rs, to]) => to !== sizeOf(rs)).map(([set, to]) => ({ set, to }));
}

/** A resize in the middle of a rollout is shared among the sets by their size. */
export function proportional(d: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Scale[] {
  const all = current ? [...old, current] : old;
  const active = all.filter((rs) => sizeOf(rs) > 0);
  const wanted = d.spec.replicas ?? 1;
  if (active.length <= 1) {
    const [one] = active.length ? active : all.slice(-1);
    return one && sizeOf(one) !== wanted ? [{ set: one, to: wanted }] : [];
  }
  if (current && saturated(current, wanted)) return shrinkAll(old);
  if (d.spec.strategy.type !== 'RollingUpdate') return [];
  const size = total(active);
  const allowed = wanted > 0 ? wanted + limits(d).surge : 0;
  const change = allowed - size;
  if (change === 0) return [];
  // Growing: the largest and newest first; shrinking: the largest and oldest.
  const order = [...active].sort(
    (a, b) => sizeOf(b) - sizeOf(a) || (change > 0 ? -1 : 1) * a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
  );
  const sizes = new Map<ReplicaSet, number>();
  let left = change;
  for (const rs of order) {
    const have = sizeOf(rs);
    const before = Number(rs.metadata.annotations?.[MAX]) || d.status.replicas || 0;
    const fraction = wanted === 0 ? -have : before ? Math.round((have * (wanted + limits(d).surge)) / before) - have : 0;
    const share = left === 0 ? 0 : change > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
    sizes.set(rs, have + share);
    left -= share;
  }
  const first = order[0]!;
  if (left !== 0) sizes.set(first, Math.max(sizes.get(first)! + left, 0));
  return [...sizes].filter(([rs, to]) => to !== sizeOf(rs)).map(([set, to]) => ({ set, to }));
}

/** The new set has all the pods that are wanted, available: the old ones are of no more use. */
const saturated = (rs: ReplicaSet, wanted: number): boolean =>
  sizeOf(rs) === wanted && Number(rs.metadata.annotations?.[DESIRED]) === wanted && (rs.status.availableReplicas ?? 0) === wanted;

/** Recreate: all old pods down before the first new one. */
export const shrinkAll = (old: readonly ReplicaSet[]): Scale[] => old.filter((rs) => sizeOf(rs) > 0).map((set) => ({ set, to: 0 }));
