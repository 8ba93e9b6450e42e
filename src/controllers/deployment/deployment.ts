/** Deployment: rolls its pods from one template to the next through ReplicaSets. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types/apps/v1.js';
import { keyOf } from '../../client/informer.js';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../client/kinds.js';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../../meta/errors.js';
import { type ControllerContext, controllerOf, defineController, own, owned, ownerReference, splitKey, watch } from '../framework.js';
import { canonical, templateHash } from '../hash.js';
import { claim } from '../kit/claim.js';
import { conditionOf } from '../kit/conditions.js';
import { controlledBy, indexByController } from '../kit/owners.js';
import { isFinished } from '../kit/pod-state.js';
import { writeStatus } from '../kit/status.js';
import { compiledSelector, indexSelectors, maySelect } from '../selecting.js';
import {
  annotationsFor,
  DESIRED,
  HASH_LABEL,
  later,
  maxRevision,
  REVISION,
  revisionOf,
  sameTemplate,
  sizeAnnotations,
  split,
} from './replica-sets.js';
import { newSize, proportional, roll, type Scale, shrinkAll } from './rolling-update.js';
import { complete, deadlineOf, statusOf, withCondition } from './status.js';

export const deploymentController = defineController({
  name: 'deployment',
  account: 'deployment-controller',
  watches: [
    own(DEPLOYMENTS),
    owned(REPLICA_SETS, DEPLOYMENTS),
    // A set without an owner may be one that a Deployment takes in.
    watch(REPLICA_SETS, (rs, c) =>
      controllerOf(rs as never)
        ? []
        : maySelect(c.informers.for(DEPLOYMENTS), rs.metadata.namespace, rs.metadata.labels)
            .filter((d) => compiledSelector(d.spec.selector!).matches(rs.metadata.labels))
            .map(keyOf),
    ),
    // Recreate waits for the last old pod to be gone.
    watch(PODS, (pod, c) => {
      const set = controllerOf(pod as never);
      const rs = set?.kind === 'ReplicaSet' ? c.informers.for(REPLICA_SETS).get(pod.metadata.namespace ?? '', set.name) : undefined;
      const ref = rs && controllerOf(rs as never);
      if (ref?.kind !== 'Deployment') return [];
      const d = c.informers.for(DEPLOYMENTS).get(pod.metadata.namespace ?? '', ref.name);
      return d?.spec.strategy.type === 'Recreate' ? [`${pod.metadata.namespace}/${ref.name}`] : [];
    }),
  ],
  setup(c) {
    indexSelectors(c.informers.for(DEPLOYMENTS), (d) => d.spec.selector);
    indexByController(c.informers.for(PODS));
    indexByController(c.informers.for(REPLICA_SETS));
  },
  async reconcile(key, c) {
    const { namespace, name } = splitKey(key);
    const d = c.informers.for(DEPLOYMENTS).get(namespace, name);
    if (!d) return undefined;
    const sets = await claim(c, d, REPLICA_SETS, c.informers.for(REPLICA_SETS));
    if (d.metadata.deletionTimestamp) return writeStatus(c, DEPLOYMENTS, d, statusOf(d, { ...split(d, sets), now: c.env.clock.now() }));
    if (await pauseCondition(c, d)) return undefined;
    if (d.spec.paused || scaled(d, sets)) return resize(c, d, sets);
    return rollout(c, d, sets);
  },
});

/** Says in the Progressing condition that the rollout was paused or goes on. True when that was written. */
async function pauseCondition(c: ControllerContext, d: Deployment): Promise<boolean> {
  if (deadlineOf(d) === undefined) return false;
  const reason = conditionOf(d.status.conditions, 'Progressing')?.reason;
  const now = c.env.clock.now();
  if (reason === 'ProgressDeadlineExceeded') return false;
  let conditions = d.status.conditions ?? [];
  if (d.spec.paused && reason !== 'DeploymentPaused')
    conditions = withCondition(conditions, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now);
  else if (!d.spec.paused && reason === 'DeploymentPaused')
    conditions = withCondition(conditions, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now);
  else return false;
  await writeStatus(c, DEPLOYMENTS, d, { ...d.status, conditions });
  return true;
}

/** The Deployment was resized since its sets were last told. */
const scaled = (d: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some(
    (rs) =>
      (rs.spec.replicas ?? 0) > 0 &&
      rs.metadata.annotations?.[DESIRED] !== undefined &&
      Number(rs.metadata.annotations[DESIRED]) !== (d.spec.replicas ?? 1),
  );

async function resize(c: ControllerContext, d: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
  const { current, old } = split(d, sets);
  const all = current ? [...old, current] : old;
  if (current && (await annotate(c, d, current, old))) return;
  const steps = proportional(d, current, old);
  const moved = new Set(steps.map((s) => s.set));
  for (const s of steps) await scale(c, d, s);
  // The sets learn the new size even where their own stays.
  for (const set of all) if ((set.spec.replicas ?? 0) > 0 && !moved.has(set)) await scale(c, d, { set, to: set.spec.replicas ?? 0 });
  if (d.spec.paused) await cleanUp(c, d, old);
  await writeStatus(c, DEPLOYMENTS, d, statusOf(d, { current, old, now: c.env.clock.now() }));
}

async function rollout(c: ControllerContext, d: Deployment, sets: readonly ReplicaSet[]): Promise<number | void> {
  const now = c.env.clock.now();
  const { current, old } = split(d, sets);
  if (d.spec.strategy.type === 'Recreate') {
    const down = shrinkAll(old);
    if (down.length) {
      for (const s of down) await scale(c, d, s);
      return writeStatus(c, DEPLOYMENTS, d, statusOf(d, { current, old, now }));
    }
    if (oldPodsLeft(c, old)) {
      const status = statusOf(d, { current, old, now });
      await writeStatus(c, DEPLOYMENTS, d, status);
      return untilDeadline(d, status, now);
    }
  }
  if (!current) {
    const made = await createSet(c, d, old);
    if (!made) return undefined;
    const progress = { reason: 'NewReplicaSetCreated', message: `Created new replica set "${made.set.metadata.name}"` };
    // Of the Deployment as it is since it has the set's revision.
    return writeStatus(c, DEPLOYMENTS, made.owner, statusOf(made.owner, { current: made.set, old, now, progress }));
  }
  if (await annotate(c, d, current, old)) return undefined;
  const found = d.status.conditions?.some((x) => x.type === 'Progressing')
    ? undefined
    : { reason: 'FoundNewReplicaSet', message: `Found new replica set "${current.metadata.name}"` };
  const steps: Scale[] =
    d.spec.strategy.type === 'Recreate'
      ? (current.spec.replicas ?? 0) === (d.spec.replicas ?? 1)
        ? []
        : [{ set: current, to: d.spec.replicas ?? 1 }]
      : roll(d, current, old);
  for (const s of steps) await scale(c, d, s);
  const status = statusOf(d, { current, old, now, progress: found });
  if (!steps.length && complete(d, status)) await cleanUp(c, d, old);
  await writeStatus(c, DEPLOYMENTS, d, status);
  return untilDeadline(d, status, now);
}

/** The deadline passes without anything happening: look again then. */
function untilDeadline(d: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const deadline = deadlineOf(d);
  const progress = conditionOf(status.conditions, 'Progressing');
  if (deadline === undefined || !progress || complete(d, status) || progress.reason === 'ProgressDeadlineExceeded') return undefined;
  return Math.max(Date.parse(progress.lastUpdateTime ?? '') + deadline - now, 0) + 1000;
}

function oldPodsLeft(c: ControllerContext, old: readonly ReplicaSet[]): boolean {
  return old.some((rs) => controlledBy(c.informers.for(PODS), rs.metadata.uid).some((p) => !isFinished(p)));
}

async function createSet(
  c: ControllerContext,
  d: Deployment,
  old: readonly ReplicaSet[],
): Promise<{ set: ReplicaSet; owner: Deployment } | undefined> {
  const hash = templateHash(d.spec.template, d.status.collisionCount ?? 0);
  const template = structuredClone(d.spec.template);
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH_LABEL]: hash } } as typeof template.metadata;
  const revision = maxRevision(old) + 1n;
  const name = `${d.metadata.name}-${hash}`;
  const draft = {
    ...REPLICA_SETS,
    metadata: {
      name,
      namespace: d.metadata.namespace,
      labels: template.metadata.labels,
      annotations: annotationsFor(d, undefined, revision),
      ownerReferences: [ownerReference(d as never)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: d.spec.minReadySeconds,
      selector: { ...d.spec.selector, matchLabels: { ...d.spec.selector?.matchLabels, [HASH_LABEL]: hash } },
      template,
    },
  };
  draft.spec.replicas = newSize(d, old, undefined);
  let made: ReplicaSet;
  try {
    made = (await c.client.create(draft as never)) as ReplicaSet;
    if (draft.spec.replicas > 0)
      c.events.normal(d as never, 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${draft.spec.replicas}`);
  } catch (e) {
    if (isNamespaceTerminating(e)) throw e;
    if (!isAlreadyExists(e)) {
      const message = `Failed to create new replica set "${name}": ${(e as Error).message}`;
      const progress = { reason: 'ReplicaSetCreateError', message, failed: true };
      await writeStatus(c, DEPLOYMENTS, d, statusOf(d, { current: undefined, old, now: c.env.clock.now(), progress }));
      c.events.warning(d as never, 'ReplicaSetCreateError', message);
      throw e;
    }
    const present = (await c.client.get({ ...REPLICA_SETS, namespace: d.metadata.namespace, name })) as ReplicaSet;
    if (controllerOf(present as never)?.uid === d.metadata.uid && sameTemplate(present.spec.template, d.spec.template)) made = present;
    else {
      // Another template has this hash: the next round takes another name.
      await writeStatus(c, DEPLOYMENTS, d, { ...d.status, collisionCount: (d.status.collisionCount ?? 0) + 1 });
      return undefined;
    }
  }
  return { set: made, owner: (await setRevision(c, d, revisionOf(made) || revision)) ?? d };
}

/** The new set gets the highest revision, and the Deployment's annotations. True when something was written. */
async function annotate(c: ControllerContext, d: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Promise<boolean> {
  const revision = later(maxRevision(old) + 1n, revisionOf(current));
  const annotations = annotationsFor(d, current, revision);
  const changed = canonical(annotations) !== canonical(current.metadata.annotations ?? {});
  const minReady = (current.spec.minReadySeconds ?? 0) !== (d.spec.minReadySeconds ?? 0);
  if (changed || minReady) {
    await c.client.update({
      ...current,
      metadata: { ...current.metadata, annotations },
      spec: { ...current.spec, minReadySeconds: d.spec.minReadySeconds },
    } as never);
    return true;
  }
  return (await setRevision(c, d, revisionOf(current))) !== undefined;
}

/** The Deployment as it is then; undefined where it has that revision already. */
async function setRevision(c: ControllerContext, d: Deployment, revision: bigint): Promise<Deployment | undefined> {
  if (d.metadata.annotations?.[REVISION] === String(revision)) return undefined;
  // Through status: it is no change of what is wanted, and raises no generation.
  return c.client.update(
    { ...d, metadata: { ...d.metadata, annotations: { ...d.metadata.annotations, [REVISION]: String(revision) } } },
    { subresource: 'status' },
  );
}

async function scale(c: ControllerContext, d: Deployment, { set, to }: Scale): Promise<void> {
  const from = set.spec.replicas ?? 0;
  const annotations = { ...set.metadata.annotations, ...sizeAnnotations(d) };
  if (from === to && set.metadata.annotations?.[DESIRED] === annotations[DESIRED]) return;
  await c.client.update({ ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: to } } as never);
  if (from !== to)
    c.events.normal(
      d as never,
      'ScalingReplicaSet',
      `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`,
    );
}

/** Old sets past the history limit go, oldest first. */
async function cleanUp(c: ControllerContext, d: Deployment, old: readonly ReplicaSet[]): Promise<void> {
  const limit = d.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2147483647) return;
  const alive = old.filter((rs) => !rs.metadata.deletionTimestamp).sort((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1));
  for (const rs of alive.slice(0, Math.max(alive.length - limit, 0))) {
    const settled = (rs.metadata.generation ?? 0) <= (rs.status.observedGeneration ?? 0);
    if (rs.status.replicas || rs.spec.replicas || !settled) continue;
    await c.client
      .delete({ ...REPLICA_SETS, namespace: rs.metadata.namespace, name: rs.metadata.name }, { propagationPolicy: 'Background' })
      .catch((e) => {
        if (!isNotFound(e)) throw e;
      });
  }
}
