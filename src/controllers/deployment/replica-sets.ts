/** A Deployment's ReplicaSets: which one is new, which are old, what they are called, their annotations. */
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { canonical } from '../hash.js';

export const HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
export const MAX = 'deployment.kubernetes.io/max-replicas';

/** Annotations that are the set's own business and not copied from the Deployment. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
]);

/** Numbers or percentages of a total. */
export function resolveCount(v: number | string | undefined, total: number, roundUp: boolean): number {
  if (v === undefined) return 0;
  if (typeof v === 'number') return v;
  const part = (total * Number(v.replace('%', ''))) / 100;
  return roundUp ? Math.ceil(part) : Math.floor(part);
}

export function limits(d: Deployment): { surge: number; unavailable: number } {
  const total = d.spec.replicas ?? 1;
  const r = d.spec.strategy.rollingUpdate;
  if (d.spec.strategy.type !== 'RollingUpdate') return { surge: 0, unavailable: 0 };
  const surge = resolveCount(r?.maxSurge, total, true);
  let unavailable = resolveCount(r?.maxUnavailable, total, false);
  // Both zero would never move.
  if (surge === 0 && unavailable === 0) unavailable = 1;
  return { surge, unavailable: Math.min(unavailable, total) };
}

const withoutHash = (template: ReplicaSet['spec']['template']): unknown => {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
};

export const sameTemplate = (a: ReplicaSet['spec']['template'], b: ReplicaSet['spec']['template']): boolean =>
  canonical(withoutHash(a)) === canonical(withoutHash(b));

const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) || a.metadata.name.localeCompare(b.metadata.name);

export function split(d: Deployment, sets: readonly ReplicaSet[]): { current: ReplicaSet | undefined; old: ReplicaSet[] } {
  const sorted = [...sets].sort(byAge);
  const wanted = canonical(withoutHash(d.spec.template));
  const current = sorted.find((rs) => canonical(withoutHash(rs.spec.template)) === wanted);
  return { current, old: sorted.filter((rs) => rs !== current) };
}

/** A 64-bit number, which need not have begun at 1. 0n: none. */
export function revisionOf(o: { metadata: { annotations?: Record<string, string> } }): bigint {
  const text = o.metadata.annotations?.[REVISION] ?? '';
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}
export const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const maxRevision = (sets: readonly ReplicaSet[]): bigint => sets.reduce((n, rs) => later(n, revisionOf(rs)), 0n);

/**
 * The annotations the new set should have at `revision`. Keeps the numbers it had before, for the history. The sizes are written with the size
 * alone: a resize is shared out by what they were.
 */
export function annotationsFor(d: Deployment, rs: ReplicaSet | undefined, revision: bigint): Record<string, string> {
  const out: Record<string, string> = { ...rs?.metadata.annotations };
  for (const [k, v] of Object.entries(d.metadata.annotations ?? {})) if (!NOT_COPIED.has(k)) out[k] = v;
  const before = rs && revisionOf(rs);
  if (!rs) out[REVISION] = String(revision);
  else if (before! < revision) {
    out[REVISION] = String(revision);
    if (before) {
      const history = (rs.metadata.annotations?.[REVISION_HISTORY] ?? '').split(',').filter(Boolean);
      if (!history.includes(String(before))) history.push(String(before));
      out[REVISION_HISTORY] = history.join(',');
    }
  }
  return rs ? out : { ...out, ...sizeAnnotations(d) };
}

export function sizeAnnotations(d: Deployment): Record<string, string> {
  const replicas = d.spec.replicas ?? 1;
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + limits(d).surge) };
}

export const sizeOf = (rs: ReplicaSet): number => rs.spec.replicas ?? 0;
export const total = (sets: readonly (ReplicaSet | undefined)[]): number => sets.reduce((n, rs) => n + (rs?.spec.replicas ?? 0), 0);
export const sum = (
  sets: readonly (ReplicaSet | undefined)[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number => sets.reduce((n, rs) => n + (rs?.status[field] ?? 0), 0);
