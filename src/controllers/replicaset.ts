/** ReplicaSet: as many pods as it says. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
import type { ReplicaSet, ReplicaSetStatus } from '../api/types/apps/v1.js';
import type { Pod } from '../api/types/core/v1.js';
import { keyOf } from '../client/informer.js';
import { PODS, REPLICA_SETS } from '../client/kinds.js';
import { isConflict, isNamespaceTerminating } from '../meta/errors.js';
import { selectorFromMap } from '../meta/labels.js';
import { timestamp } from '../util/clock.js';
import { type ControllerContext, controllerOf, defineController, own, splitKey, watch } from './framework.js';
import { claim } from './kit/claim.js';
import { conditionOf, setCondition, withoutCondition } from './kit/conditions.js';
import { Expectations } from './kit/expectations.js';
import { controlledBy, indexByController } from './kit/owners.js';
import { createPods, deletePods } from './kit/pod-control.js';
import { inDeletionOrder, isActive, isAvailable, isFinished, isReady, nextAvailable } from './kit/pod-state.js';
import { writeStatus } from './kit/status.js';
import { compiledSelector, indexSelectors, maySelect } from './selecting.js';

/** Pods made or removed in one go; the rest follows when these are seen. */
const BURST = 500;
const FAILURE = 'ReplicaFailure';

export type Step = { readonly create: number } | { readonly remove: readonly Pod[] };

/** What to do so that the set has as many pods as it wants; undefined: nothing. Pure. `related`: how many of its kind are on a pod's node. */
export function decide(rs: ReplicaSet, mine: readonly Pod[], related: (p: Pod) => number = () => 0): Step | undefined {
  if (rs.metadata.deletionTimestamp) return undefined;
  const active = mine.filter(isActive);
  const missing = (rs.spec.replicas ?? 1) - active.length;
  if (missing > 0) return { create: Math.min(missing, BURST) };
  if (missing < 0) return { remove: inDeletionOrder(active, related).slice(0, Math.min(-missing, BURST)) };
  return undefined;
}

interface Failure {
  readonly reason: string;
  readonly message: string;
}

export function statusOf(rs: ReplicaSet, mine: readonly Pod[], now: number, failure?: Failure): ReplicaSetStatus {
  const active = mine.filter(isActive);
  const templateLabels = selectorFromMap(rs.spec.template?.metadata?.labels ?? {});
  const count = (test: (p: Pod) => boolean) => active.filter(test).length;
  // While it lasts it stays as it is: its message names another pod at each try, and each write would bring the set back at once.
  const conditions = !failure
    ? withoutCondition(rs.status.conditions, FAILURE)
    : conditionOf(rs.status.conditions, FAILURE)
      ? rs.status.conditions!
      : setCondition(rs.status.conditions, { type: FAILURE, status: 'True', lastTransitionTime: timestamp(now), ...failure });
  return {
    replicas: active.length,
    fullyLabeledReplicas: count((p) => templateLabels.matches(p.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((p) => isAvailable(p, rs.spec.minReadySeconds ?? 0, now)),
    terminatingReplicas: mine.filter((p) => p.metadata.deletionTimestamp && !isFinished(p)).length,
    observedGeneration: rs.metadata.generation,
    ...(conditions.length ? { conditions } : {}),
  };
}

const keyOfOwner = (p: Pod): string | undefined => {
  const ref = controllerOf(p as never);
  return ref?.kind === 'ReplicaSet' ? `${p.metadata.namespace}/${ref.name}` : undefined;
};

export function replicaSetController() {
  const expectations = new Expectations();
  return defineController({
    name: 'replicaset',
    account: 'replicaset-controller',
    watches: [
      own(REPLICA_SETS),
      watch(PODS, (pod, c, old) => {
        const keys = new Set<string>();
        for (const p of [pod, old]) {
          const key = p && keyOfOwner(p);
          if (key) keys.add(key);
        }
        // A pod without a controller may be one that a set is looking for.
        if (!controllerOf(pod as never))
          for (const rs of maySelect(c.informers.for(REPLICA_SETS), pod.metadata.namespace, pod.metadata.labels))
            if (compiledSelector(rs.spec.selector!).matches(pod.metadata.labels)) keys.add(keyOf(rs));
        return [...keys];
      }),
    ],
    setup(c) {
      const sets = c.informers.for(REPLICA_SETS);
      indexSelectors(sets, (rs) => rs.spec.selector);
      indexByController(sets);
      indexByController(c.informers.for(PODS));
      expectations.observe(c.informers.for(PODS), keyOfOwner);
    },
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const rs = c.informers.for(REPLICA_SETS).get(namespace, name);
      if (!rs) return expectations.forget(key);
      const now = c.env.clock.now();
      const settled = expectations.satisfied(key, now);
      const mine = await claim(c, rs, PODS, c.informers.for(PODS), isActive);
      const step = settled ? decide(rs, mine, sameNode(c, rs)) : undefined;
      let failure: Failure | undefined;
      let error: unknown;
      try {
        if (step && 'create' in step) await createPods(c, rs, rs.spec.template!, step.create, key, expectations);
        else if (step) await deletePods(c, rs, step.remove, key, expectations);
      } catch (e) {
        if (isNamespaceTerminating(e)) throw e;
        error = e;
        if (!isConflict(e)) failure = { reason: 'create' in step! ? 'FailedCreate' : 'FailedDelete', message: (e as Error).message };
      }
      await writeStatus(c, REPLICA_SETS, rs, statusOf(rs, mine, now, failure));
      if (error) throw error;
      return nextAvailable(mine, rs.spec.minReadySeconds ?? 0, now);
    },
  });
}

/** How many running pods of the same Deployment share the node. */
function sameNode(c: ControllerContext, rs: ReplicaSet): (p: Pod) => number {
  const owner = controllerOf(rs as never);
  let counts: Map<string, number> | undefined;
  return (p) => {
    if (!counts) {
      counts = new Map();
      const sets = owner ? controlledBy(c.informers.for(REPLICA_SETS), owner.uid) : [rs];
      for (const s of sets)
        for (const x of controlledBy(c.informers.for(PODS), s.metadata.uid))
          if (isActive(x) && x.spec.nodeName) counts.set(x.spec.nodeName, (counts.get(x.spec.nodeName) ?? 0) + 1);
    }
    return counts.get(p.spec.nodeName ?? '') ?? 0;
  };
}
