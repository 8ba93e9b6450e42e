/** ReplicaSet: as many pods as it says. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
import type { ReplicaSet, ReplicaSetStatus } from '../api/types/apps/v1.js';
import type { Pod } from '../api/types/core/v1.js';
import { keyOf } from '../client/informer.js';
import { PODS, REPLICA_SETS } from '../client/kinds.js';
import { isConflict, isNamespaceTerminating, isNotFound } from '../meta/errors.js';
import { selectorFromObject } from '../meta/labels.js';
import { timestamp } from '../util/clock.js';
import { type ControllerContext, controllerOf, defineController, own, ownerReference, splitKey, watch } from './framework.js';
import {
  availableIn,
  createPod,
  deletePod,
  inDeletionOrder,
  indexByController,
  isActive,
  isAvailable,
  isFinished,
  isReady,
  podsOf,
  podsOfNobody,
  slowStart,
} from './pods.js';
import { compiledSelector, indexSelectors, maySelect } from './selecting.js';

/** Pods made or removed in one go; the rest follows when these are seen. */
const BURST = 500;

export type Step = { readonly create: number } | { readonly remove: readonly Pod[] } | { readonly adopt: Pod } | { readonly release: Pod };

/** What to do about the pods of a namespace so that the set has what it wants. Pure. */
export function decide(rs: ReplicaSet, pods: readonly Pod[], related: (p: Pod) => number = () => 0): { steps: Step[]; mine: Pod[] } {
  const selector = selectorFromObject(rs.spec.selector);
  const steps: Step[] = [];
  const mine: Pod[] = [];
  for (const p of pods) {
    const ref = controllerOf(p as never);
    const matches = selector.matches(p.metadata.labels);
    if (ref?.uid === rs.metadata.uid) {
      if (matches) mine.push(p);
      else if (isActive(p) && !rs.metadata.deletionTimestamp) steps.push({ release: p });
    } else if (!ref && matches && isActive(p) && !rs.metadata.deletionTimestamp) {
      steps.push({ adopt: p });
      mine.push(p);
    }
  }
  const active = mine.filter(isActive);
  const wanted = rs.spec.replicas ?? 1;
  if (!rs.metadata.deletionTimestamp) {
    if (active.length < wanted) steps.push({ create: Math.min(wanted - active.length, BURST) });
    else if (active.length > wanted)
      steps.push({ remove: inDeletionOrder(active, related).slice(0, Math.min(active.length - wanted, BURST)) });
  }
  return { steps, mine };
}

export function statusOf(
  rs: ReplicaSet,
  mine: readonly Pod[],
  now: number,
  failure?: { reason: string; message: string },
): ReplicaSetStatus {
  const active = mine.filter(isActive);
  const templateLabels = selectorFromObject({ matchLabels: rs.spec.template?.metadata?.labels ?? {} });
  const count = (test: (p: Pod) => boolean) => active.filter(test).length;
  const conditions = (rs.status.conditions ?? []).filter((c) => c.type !== 'ReplicaFailure');
  const before = rs.status.conditions?.find((c) => c.type === 'ReplicaFailure');
  // While it lasts it stays as it is: its message names another pod at each try, and each write would bring the set back at once.
  if (failure) conditions.push(before ?? { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(now), ...failure });
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

/** Pods that were asked for and have not been seen yet: a set is not counted again before they are, or they would be made twice. */
class Expectations {
  private readonly waiting = new Map<string, { creates: number; deletes: Set<string>; until: number }>();
  set(key: string, creates: number, deletes: readonly string[], until: number): void {
    this.waiting.set(key, { creates, deletes: new Set(deletes), until });
  }
  created(key: string): void {
    const w = this.waiting.get(key);
    if (w) w.creates--;
  }
  deleted(key: string, uid: string): void {
    this.waiting.get(key)?.deletes.delete(uid);
  }
  met(key: string, now: number): boolean {
    const w = this.waiting.get(key);
    if (!w) return true;
    if (w.creates <= 0 && w.deletes.size === 0) {
      this.waiting.delete(key);
      return true;
    }
    return now >= w.until;
  }
  forget(key: string): void {
    this.waiting.delete(key);
  }
}

const EXPECT_MS = 5 * 60_000;

export function replicaSetController() {
  const expected = new Expectations();
  const keyOfOwner = (p: Pod): string | undefined => {
    const ref = controllerOf(p as never);
    return ref?.kind === 'ReplicaSet' ? `${p.metadata.namespace}/${ref.name}` : undefined;
  };

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
      indexSelectors(c.informers.for(REPLICA_SETS), (rs) => rs.spec.selector);
      indexByController(c.informers.for(PODS));
      c.informers.for(PODS).on({
        add: (p) => {
          const key = keyOfOwner(p);
          if (key) expected.created(key);
        },
        update: (p) => {
          const key = keyOfOwner(p);
          if (key && p.metadata.deletionTimestamp) expected.deleted(key, p.metadata.uid);
        },
        delete: (p) => {
          const key = keyOfOwner(p);
          if (key) expected.deleted(key, p.metadata.uid);
        },
      });
    },
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const rs = c.informers.for(REPLICA_SETS).get(namespace, name);
      if (!rs) return expected.forget(key);
      const now = c.env.clock.now();
      const pods = candidates(c, rs);
      const { steps, mine } = decide(rs, pods, sameNode(c, rs));
      let failure: { reason: string; message: string } | undefined;
      let error: unknown;
      if (expected.met(key, now)) {
        try {
          for (const step of steps) await act(c, rs, key, step, expected);
        } catch (e) {
          if (isNamespaceTerminating(e)) throw e;
          error = e;
          if (!isConflict(e))
            failure = { reason: steps.some((s) => 'create' in s) ? 'FailedCreate' : 'FailedDelete', message: (e as Error).message };
        }
      }
      await writeStatus(c, rs, statusOf(rs, mine, now, failure));
      if (error) throw error;
      const min = rs.spec.minReadySeconds ?? 0;
      const soon = min
        ? mine
            .filter(isActive)
            .map((p) => availableIn(p, min, now))
            .filter((ms): ms is number => ms !== undefined && ms > 0)
        : [];
      return soon.length ? soon.reduce((a, b) => Math.min(a, b)) + 1 : undefined;
    },
  });
}

/** Its own pods, and those without a controller. */
function candidates(c: ControllerContext, rs: ReplicaSet): Pod[] {
  const pods = c.informers.for(PODS);
  const mine = podsOf(pods, rs.metadata.uid);
  const selector = selectorFromObject(rs.spec.selector);
  const free = podsOfNobody(pods, rs.metadata.namespace).filter((p) => selector.matches(p.metadata.labels));
  return [...mine, ...free];
}

/** How many running pods of the same Deployment share the node. */
function sameNode(c: ControllerContext, rs: ReplicaSet): (p: Pod) => number {
  const owner = controllerOf(rs as never);
  let counts: Map<string, number> | undefined;
  return (p) => {
    if (!counts) {
      counts = new Map();
      const sets = owner
        ? c.informers
            .for(REPLICA_SETS)
            .list(rs.metadata.namespace)
            .filter((s) => controllerOf(s as never)?.uid === owner.uid)
        : [rs];
      for (const s of sets)
        for (const x of podsOf(c.informers.for(PODS), s.metadata.uid))
          if (isActive(x) && x.spec.nodeName) counts.set(x.spec.nodeName, (counts.get(x.spec.nodeName) ?? 0) + 1);
    }
    return counts.get(p.spec.nodeName ?? '') ?? 0;
  };
}

async function act(c: ControllerContext, rs: ReplicaSet, key: string, step: Step, expected: Expectations): Promise<void> {
  const until = c.env.clock.now() + EXPECT_MS;
  if ('create' in step) {
    expected.set(key, step.create, [], until);
    try {
      await slowStart(step.create, () => createPod(c, rs as never, rs.spec.template));
    } catch (e) {
      const missing = step.create - ((e as { done?: number }).done ?? 0);
      for (let i = 0; i < missing; i++) expected.created(key);
      throw e;
    }
  } else if ('remove' in step) {
    expected.set(
      key,
      0,
      step.remove.map((p) => p.metadata.uid),
      until,
    );
    const results = await Promise.allSettled(step.remove.map((p) => deletePod(c, rs as never, p)));
    for (const [i, r] of results.entries()) if (r.status === 'rejected') expected.deleted(key, step.remove[i]!.metadata.uid);
    const failed = results.find((r) => r.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  } else if ('adopt' in step) {
    // Only while the set itself is not going: asked anew, since adopting cannot be taken back.
    const fresh = await c.client.get({ ...REPLICA_SETS, namespace: rs.metadata.namespace, name: rs.metadata.name });
    if (fresh.metadata.uid !== rs.metadata.uid || fresh.metadata.deletionTimestamp) return;
    const { name, namespace, uid } = step.adopt.metadata;
    await c.client.patch(
      { ...PODS, namespace, name },
      { metadata: { uid, ownerReferences: [ownerReference(rs as never)] } },
      { type: 'application/strategic-merge-patch+json' },
    );
  } else {
    const { name, namespace, uid } = step.release.metadata;
    await c.client
      .patch(
        { ...PODS, namespace, name },
        { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: rs.metadata.uid }] } },
        { type: 'application/strategic-merge-patch+json' },
      )
      .catch((e) => {
        if (!isNotFound(e)) throw e;
      });
  }
}

async function writeStatus(c: ControllerContext, rs: ReplicaSet, status: ReplicaSetStatus): Promise<void> {
  const strip = (s: ReplicaSetStatus) =>
    JSON.stringify(
      Object.entries(s)
        .filter(([, v]) => v !== undefined && v !== 0)
        .sort(),
    );
  if (strip(rs.status) === strip(status)) return;
  await c.client.update({ ...rs, status } as never, { subresource: 'status' }).catch((e) => {
    if (!isNotFound(e)) throw e;
  });
}
