/**
 * All that a Deployment's controller does in one round, decided before the first write: the set that it makes, what becomes of the others, which go,
 * and the status. Pure. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types/apps/v1.js';
import { REPLICA_SETS } from '../../client/kinds.js';
import type { Draft } from '../../meta/object.js';
import { ownerReference } from '../framework.js';
import { canonical, templateHash } from '../hash.js';
import { conditionOf } from '../kit/conditions.js';
import {
  annotationsFor,
  DESIRED,
  HASH_LABEL,
  later,
  maxRevision,
  REVISION,
  revisionOf,
  sizeAnnotations,
  sizeOf,
  split,
} from './replica-sets.js';
import { newSize, proportional, roll, type Scale, shrinkAll } from './rolling-update.js';
import { complete, deadlineOf, type Progress, statusOf, withCondition } from './status.js';

/** A set as it is and as it is to be. */
export interface SetChange {
  readonly set: ReplicaSet;
  readonly next: ReplicaSet;
  /** What is told when it is written. */
  readonly event?: string;
}

export interface Plan {
  readonly create?: { readonly set: Draft<ReplicaSet>; readonly event?: string };
  readonly changes: readonly SetChange[];
  /** Old revisions that nobody can go back to any more. */
  readonly remove: readonly ReplicaSet[];
  /** For the Deployment's annotation; undefined: it has it. */
  readonly revision?: string;
  readonly status: DeploymentStatus;
  /** Milliseconds until time alone changes something. */
  readonly again?: number;
}

export interface World {
  /** The Deployment's own. */
  readonly sets: readonly ReplicaSet[];
  /** Pods of a set that have not finished. */
  podsLeft(set: ReplicaSet): number;
  readonly now: number;
}

export function plan(deployment: Deployment, { sets, podsLeft, now }: World): Plan {
  const { current, old } = split(deployment, sets);
  if (deployment.metadata.deletionTimestamp) return rest(statusOf(deployment, { current, old, now }));
  const d = withPauseCondition(deployment, now);
  if (d.spec.paused || scaled(d, sets)) return resize(d, current, old, now);
  if (d.spec.strategy.type === 'Recreate') {
    const down = shrinkAll(old);
    if (down.length) return { ...rest(statusOf(d, { current, old, now })), changes: changesOf(d, down) };
    if (old.some((rs) => podsLeft(rs) > 0)) {
      const status = statusOf(d, { current, old, now });
      return { ...rest(status), again: untilDeadline(d, status, now) };
    }
  }
  return current ? rollOut(d, current, old, now) : begin(d, old, now);
}

const rest = (status: DeploymentStatus): Plan => ({ changes: [], remove: [], status });

/** The Progressing condition says that the rollout was paused or goes on. */
function withPauseCondition(d: Deployment, now: number): Deployment {
  if (deadlineOf(d) === undefined) return d;
  const reason = conditionOf(d.status.conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded' || Boolean(d.spec.paused) === (reason === 'DeploymentPaused')) return d;
  const [why, message] = d.spec.paused ? ['DeploymentPaused', 'Deployment is paused'] : ['DeploymentResumed', 'Deployment is resumed'];
  const conditions = withCondition(d.status.conditions ?? [], 'Progressing', 'Unknown', why!, message!, now);
  return { ...d, status: { ...d.status, conditions } };
}

/** The Deployment was resized since its sets were last told. */
const scaled = (d: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((rs) => {
    const told = rs.metadata.annotations?.[DESIRED];
    return sizeOf(rs) > 0 && told !== undefined && Number(told) !== (d.spec.replicas ?? 1);
  });

/** A new size, of a Deployment in the middle of a rollout or at rest. */
function resize(d: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[], now: number): Plan {
  const sizes = new Map(proportional(d, current, old).map((s) => [s.set, s.to]));
  // The sets learn the new size even where their own stays.
  for (const set of current ? [...old, current] : old) if (sizeOf(set) > 0 && !sizes.has(set)) sizes.set(set, sizeOf(set));
  const revision = current && newRevision(current, old);
  return {
    changes: changesOf(d, scales(sizes), current, revision),
    remove: d.spec.paused ? outdated(d, old) : [],
    ...revisionFor(d, revision),
    status: statusOf(d, { current, old, now }),
  };
}

/** The first round of a template: its set is made. */
function begin(d: Deployment, old: readonly ReplicaSet[], now: number): Plan {
  const hash = templateHash(d.spec.template, d.status.collisionCount ?? 0);
  const name = `${d.metadata.name}-${hash}`;
  const labels = { ...d.spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const replicas = newSize(d, old, undefined);
  const revision = maxRevision(old) + 1n;
  const set = {
    ...REPLICA_SETS,
    metadata: {
      name,
      namespace: d.metadata.namespace,
      labels,
      annotations: annotationsFor(d, undefined, revision),
      ownerReferences: [ownerReference(d)],
    },
    spec: {
      replicas,
      minReadySeconds: d.spec.minReadySeconds,
      selector: { ...d.spec.selector, matchLabels: { ...d.spec.selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...d.spec.template, metadata: { ...d.spec.template.metadata, labels } },
    },
  } as unknown as Draft<ReplicaSet>;
  const progress = { reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` };
  return {
    create: { set, ...(replicas > 0 ? { event: scaling(name, 0, replicas) } : {}) },
    changes: [],
    remove: [],
    ...revisionFor(d, revision),
    status: statusOf(d, { current: { ...set, status: {} } as ReplicaSet, old, now, progress }),
  };
}

function rollOut(d: Deployment, current: ReplicaSet, old: readonly ReplicaSet[], now: number): Plan {
  const wanted = d.spec.replicas ?? 1;
  const steps: readonly Scale[] =
    d.spec.strategy.type !== 'Recreate' ? roll(d, current, old) : sizeOf(current) === wanted ? [] : [{ set: current, to: wanted }];
  const progress: Progress | undefined = conditionOf(d.status.conditions, 'Progressing')
    ? undefined
    : { reason: 'FoundNewReplicaSet', message: `Found new replica set "${current.metadata.name}"` };
  const status = statusOf(d, { current, old, now, progress });
  const revision = newRevision(current, old);
  return {
    changes: changesOf(d, steps, current, revision),
    remove: !steps.length && complete(d, status) ? outdated(d, old) : [],
    ...revisionFor(d, revision),
    status,
    again: untilDeadline(d, status, now),
  };
}

const scales = (sizes: ReadonlyMap<ReplicaSet, number>): Scale[] => [...sizes].map(([set, to]) => ({ set, to }));
const newRevision = (current: ReplicaSet, old: readonly ReplicaSet[]): bigint => later(maxRevision(old) + 1n, revisionOf(current));
const revisionFor = (d: Deployment, revision: bigint | undefined): { revision?: string } =>
  revision === undefined || d.metadata.annotations?.[REVISION] === String(revision) ? {} : { revision: String(revision) };
const scaling = (name: string, from: number, to: number): string =>
  `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;

/** One change a set. The new set gets the highest revision and the Deployment's annotations, too. */
function changesOf(d: Deployment, steps: readonly Scale[], current?: ReplicaSet, revision?: bigint): SetChange[] {
  const sizes = new Map(steps.map((s) => [s.set, s.to]));
  if (current && !sizes.has(current)) sizes.set(current, sizeOf(current));
  const out: SetChange[] = [];
  for (const [set, to] of sizes) {
    const from = sizeOf(set);
    const mine = set === current && revision !== undefined;
    let annotations: Record<string, string> = mine ? annotationsFor(d, set, revision) : { ...set.metadata.annotations };
    const told = steps.some((s) => s.set === set);
    if (from !== to || (told && annotations[DESIRED] !== sizeAnnotations(d)[DESIRED]))
      annotations = { ...annotations, ...sizeAnnotations(d) };
    const minReadySeconds = mine ? d.spec.minReadySeconds : set.spec.minReadySeconds;
    const same = canonical(annotations) === canonical(set.metadata.annotations ?? {});
    if (from === to && same && (minReadySeconds ?? 0) === (set.spec.minReadySeconds ?? 0)) continue;
    const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: to, minReadySeconds } };
    out.push({ set, next, ...(from === to ? {} : { event: scaling(set.metadata.name, from, to) }) });
  }
  return out;
}

/** Old sets past the history limit, oldest first; those that have pods, or may have them still, stay. */
function outdated(d: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = d.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2147483647) return [];
  const alive = old.filter((rs) => !rs.metadata.deletionTimestamp).sort((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1));
  return alive
    .slice(0, Math.max(alive.length - limit, 0))
    .filter((rs) => !rs.status.replicas && !rs.spec.replicas && (rs.metadata.generation ?? 0) <= (rs.status.observedGeneration ?? 0));
}

/** The deadline passes without anything happening: look again then. */
function untilDeadline(d: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const deadline = deadlineOf(d);
  const progress = conditionOf(status.conditions, 'Progressing');
  if (deadline === undefined || !progress || complete(d, status) || progress.reason === 'ProgressDeadlineExceeded') return undefined;
  return Math.max(Date.parse(progress.lastUpdateTime ?? '') + deadline - now, 0) + 1000;
}
