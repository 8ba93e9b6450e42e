/**
 * Taint eviction: pods leave a node with a NoExecute taint that they do not tolerate, or when their time of tolerating it is over.
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
 */
import type { Node, Pod, Taint, Toleration } from '../api/types/core/v1.js';
import { keyOf } from '../client/informer.js';
import { NODES, PODS } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { timestamp } from '../util/clock.js';
import { type ControllerContext, defineController, splitKey, watch } from './framework.js';

const places = new WeakMap<readonly Toleration[], ReadonlyMap<string, number>>();
const place = (key: string | undefined, value?: string): string => `${key ?? ''}\0${value === undefined ? 'any' : `=${value}`}`;

/** Where the first toleration of NoExecute for each key, and value, stands: there may be tens of thousands, and as many taints. */
function placesOf(tolerations: readonly Toleration[]): ReadonlyMap<string, number> {
  let found = places.get(tolerations) as Map<string, number> | undefined;
  if (found) return found;
  places.set(tolerations, (found = new Map()));
  for (const [i, t] of tolerations.entries()) {
    if (t.effect && t.effect !== 'NoExecute') continue;
    const at = t.operator === 'Exists' ? place(t.key) : place(t.key, t.value ?? '');
    if (!found.has(at)) found.set(at, i);
  }
  return found;
}

function firstBearing(tolerations: readonly Toleration[], { key, value = '' }: Taint): Toleration | undefined {
  const found = placesOf(tolerations);
  const first = [place(key), place(''), place(key, value), place('', value)].reduce(
    (n, at) => Math.min(n, found.get(at) ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );
  return tolerations[first];
}

/** How long a pod stays with these NoExecute taints: undefined for ever, 0 at once. Of its tolerations for a taint the first counts. Pure. */
export function staysFor(pod: Pod, taints: readonly Taint[]): number | undefined {
  let least: number | undefined;
  for (const taint of taints) {
    const bearing = firstBearing(pod.spec.tolerations ?? [], taint);
    if (!bearing) return 0;
    const seconds = bearing.tolerationSeconds;
    if (seconds !== undefined) least = Math.min(least ?? Number.POSITIVE_INFINITY, Math.max(seconds, 0) * 1000);
  }
  return least;
}

/** When a pod's time on a tainted node began: with the taints (`tainted`), or with the pod if that came later. Pure. */
export function stayBegan(pod: Pod, tainted: number): number {
  return Math.max(tainted, Date.parse(pod.status.startTime ?? pod.metadata.creationTimestamp) || 0);
}

/** When a pod has to leave a node with these NoExecute taints; undefined: never. Each taint counts from its own time. Pure. */
export function leavesAt(pod: Pod, taints: readonly Taint[], since: (t: Taint) => number): number | undefined {
  let first: number | undefined;
  for (const t of taints) {
    const stays = staysFor(pod, [t]);
    if (stays !== undefined) first = Math.min(first ?? Number.POSITIVE_INFINITY, stayBegan(pod, since(t)) + stays);
  }
  return first;
}

const textOf = (t: Taint): string => `${t.key}=${t.value ?? ''}:${t.effect}`;
const noExecute = (n: Node | undefined): Taint[] => (n?.spec.taints ?? []).filter((t) => t.effect === 'NoExecute');
const textsOf = (n: Node | undefined): string => noExecute(n).map(textOf).sort().join();

/** Longest time that is waited for at once: a later end is looked at again. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000;

export function taintEvictionController() {
  /** By node: since when it has each of its NoExecute taints, for those that do not say so themselves. */
  const tainted = new Map<string, ReadonlyMap<string, number>>();
  /** Pods whose time to go is set. */
  const set = new Set<string>();
  /** Pods that were sent away, by uid: once is enough. */
  const sent = new Set<string>();

  const since = (c: ControllerContext, node: string, taints: readonly Taint[]): ((t: Taint) => number) => {
    const before = tainted.get(node);
    const now = c.env.clock.now();
    const times = new Map(taints.map((t) => [textOf(t), before?.get(textOf(t)) ?? now]));
    if (times.size) tainted.set(node, times);
    else tainted.delete(node);
    return (t) => Date.parse(t.timeAdded ?? '') || times.get(textOf(t))!;
  };
  const calledOff = (c: ControllerContext, key: string): void => {
    if (set.delete(key)) c.events.normal(reference(key), 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
  };

  return defineController({
    name: 'taint-eviction',
    account: 'node-controller',
    component: 'taint-eviction-controller',
    watches: [
      watch(NODES, (n, c, old) =>
        (old ? textsOf(n) !== textsOf(old) : noExecute(n).length > 0)
          ? c.informers
              .for(PODS)
              .byIndex('node', n.metadata.name)
              .map((p) => keyOf(p))
          : [],
      ),
      // A pod that lands on a tainted node has its own time to go.
      watch(PODS, (p, c) =>
        set.has(keyOf(p)) || (p.spec.nodeName && noExecute(c.informers.for(NODES).get('', p.spec.nodeName)).length) ? [keyOf(p)] : [],
      ),
    ],
    setup(c) {
      c.informers.for(PODS).index('node', (p) => (p.spec.nodeName ? [p.spec.nodeName] : []));
      c.informers.for(NODES).on({ delete: (n) => void tainted.delete(n.metadata.name) });
      c.informers.for(PODS).on({ delete: (p) => void sent.delete(p.metadata.uid) });
    },
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const pod = c.informers.for(PODS).get(namespace, name);
      const taints = noExecute(pod?.spec.nodeName ? c.informers.for(NODES).get('', pod.spec.nodeName) : undefined);
      const at = pod && leavesAt(pod, taints, since(c, pod.spec.nodeName ?? '', taints));
      if (!pod || at === undefined) return calledOff(c, key);
      const left = at - c.env.clock.now();
      if (left > 0) {
        set.add(key);
        return Math.min(left, LONGEST_WAIT_MS);
      }
      // Its time was set, and now it goes before that: the original says so.
      if (taints.some((t) => staysFor(pod, [t]) === 0)) calledOff(c, key);
      set.delete(key);
      if (!sent.has(pod.metadata.uid)) await sendAway(c, key, pod);
      sent.add(pod.metadata.uid);
      return undefined;
    },
  });
}

/** As the original's events name the pod. */
const reference = (key: string) => ({ ...PODS, ...splitKey(key) });

async function sendAway(c: ControllerContext, key: string, pod: Pod): Promise<void> {
  const { name, namespace, uid, generation } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestamp(c.env.clock.now()),
    observedGeneration: generation,
  };
  c.events.normal(reference(key), 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
  try {
    await c.client.patch(
      { ...PODS, namespace, name },
      { metadata: { uid }, status: { conditions: [condition] } },
      { type: 'application/strategic-merge-patch+json', subresource: 'status' },
    );
    await c.client.delete({ ...PODS, namespace, name }, { preconditions: { uid } });
  } catch (e) {
    if (!isNotFound(e)) throw e;
  }
}
