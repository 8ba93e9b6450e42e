/** Pod GC: finished pods past a limit, and pods whose node is gone. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection */
import type { Node, Pod } from '../api/types/core/v1.js';
import { NODES, PODS } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { every, timestamp } from '../util/clock.js';
import { type ControllerContext, defineController, splitKey } from './framework.js';

const PERIOD_MS = 20_000;
/** A pod waits this long for a node that has gone: it may come back. */
const QUARANTINE_MS = 40_000;
export const TERMINATED_LIMIT = 12_500;

/** Pods to remove at once. Pure. `missing`: since when each absent node is; `outOfService`: someone says that the node is down for good. */
export function surplus(
  pods: readonly Pod[],
  nodeExists: (name: string) => boolean,
  missing: ReadonlyMap<string, number>,
  now: number,
  limit = TERMINATED_LIMIT,
  outOfService: (name: string) => boolean = () => false,
): Pod[] {
  const finished = pods.filter((p) => (p.status.phase === 'Succeeded' || p.status.phase === 'Failed') && !p.metadata.deletionTimestamp);
  const old = finished
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .slice(0, Math.max(finished.length - limit, 0));
  const orphaned = pods.filter(
    (p) => p.spec.nodeName && !nodeExists(p.spec.nodeName) && now - (missing.get(p.spec.nodeName) ?? now) >= QUARANTINE_MS,
  );
  // Deleted before they were ever bound: no kubelet will end them.
  const unscheduled = pods.filter((p) => !p.spec.nodeName && p.metadata.deletionTimestamp);
  // No kubelet will end these either.
  const stranded = pods.filter((p) => p.metadata.deletionTimestamp && p.spec.nodeName && outOfService(p.spec.nodeName));
  return [...new Set([...old, ...orphaned, ...unscheduled, ...stranded])];
}

/** Not ready, and tainted by hand. Source: https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown */
export const isOutOfService = (n: Node | undefined): boolean =>
  n !== undefined &&
  n.status.conditions?.some((x) => x.type === 'Ready' && x.status === 'True') !== true &&
  n.spec.taints?.some((t) => t.key === 'node.kubernetes.io/out-of-service') === true;

export function podGcController() {
  const missing = new Map<string, number>();
  return defineController({
    name: 'pod-garbage-collector',
    account: 'pod-garbage-collector',
    workers: 1,
    watches: [],
    setup(c) {
      c.informers.for(PODS);
      c.informers.for(NODES);
    },
    started(c, signal) {
      const timer = every(c.env.clock, PERIOD_MS, () => sweep(c, missing));
      signal.addEventListener('abort', () => timer.cancel(), { once: true });
    },
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const pod = c.informers.for(PODS).get(namespace, name);
      if (!pod) return;
      try {
        if (pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed' && pod.spec.nodeName) {
          const lost = !c.informers.for(NODES).get('', pod.spec.nodeName);
          await c.client.patch(
            { ...PODS, namespace, name },
            { status: { phase: 'Failed', ...(lost ? { conditions: [disrupted(c.env.clock.now())] } : {}) } },
            { type: 'application/strategic-merge-patch+json', subresource: 'status' },
          );
        }
        await c.client.delete({ ...PODS, namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
      } catch (e) {
        if (!isNotFound(e)) throw e;
      }
    },
  });
}

const disrupted = (now: number) => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
  lastTransitionTime: timestamp(now),
});

function sweep(c: ControllerContext, missing: Map<string, number>): void {
  const pods = c.informers.for(PODS).list();
  const exists = (name: string) => c.informers.for(NODES).get('', name) !== undefined;
  const now = c.env.clock.now();
  for (const name of missing.keys()) if (exists(name)) missing.delete(name);
  for (const p of pods) if (p.spec.nodeName && !exists(p.spec.nodeName) && !missing.has(p.spec.nodeName)) missing.set(p.spec.nodeName, now);
  const outOfService = (name: string) => isOutOfService(c.informers.for(NODES).get('', name));
  for (const p of surplus(pods, exists, missing, now, TERMINATED_LIMIT, outOfService))
    c.enqueue(`${p.metadata.namespace}/${p.metadata.name}`);
}
