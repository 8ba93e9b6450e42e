/** What the API server tells: kept in the cache, put into the queue, told to the Pods that wait for it. */
import type { Node, Pod } from '../api/types/core/v1.js';
import type { Informers } from '../client/informer.js';
import { NODES, PODS } from '../client/kinds.js';
import type { SchedulerCache } from './cache.js';
import { type ClusterEvent, nodeEvents, podEvents, WATCHED } from './cluster-event.js';
import { podKey } from './pod-info.js';
import type { SchedulingQueue } from './queue.js';
import type { Framework } from './runtime.js';
import type { WaitingPods } from './waiting-pods.js';

export interface Receivers {
  readonly informers: Informers;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly waitingPods: WaitingPods;
  readonly frameworks: readonly Framework[];
  /** Whether one of the profiles schedules the Pod. */
  isOurs(pod: Pod): boolean;
}

const finished = (p: Pod): boolean => p.status.phase === 'Succeeded' || p.status.phase === 'Failed';

/** Before the informers start. */
export function watchCluster(r: Receivers): void {
  const { informers, cache, queue } = r;
  const nodeSeen = (now: Node, old?: Node) => {
    cache.putNode(now);
    for (const event of old ? nodeEvents(old, now) : [{ resource: 'Node', action: 'Add', now } as const]) queue.event(event);
  };
  informers.for(NODES).on({
    add: (n) => nodeSeen(n),
    update: nodeSeen,
    delete(old) {
      cache.removeNode(old.metadata.name);
      queue.event({ resource: 'Node', action: 'Delete', old });
    },
  });
  informers.for(PODS).on({ add: (p) => podSeen(r, p), update: (p, old) => podSeen(r, p, old), delete: (p) => podGone(r, p) });
  for (const resource of namedResources(r.frameworks)) {
    if (resource === 'Node' || resource === 'Pod') continue;
    const tell = (event: object) => queue.event({ resource, ...event } as ClusterEvent);
    informers.for(WATCHED[resource]).on({
      add: (now) => tell({ action: 'Add', now }),
      update: (now, old) => tell({ action: 'Update', now, old }),
      delete: (old) => tell({ action: 'Delete', old }),
    });
  }
}

const namedResources = (frameworks: readonly Framework[]) =>
  new Set(frameworks.flatMap((f) => [...f.events.values()].flatMap((events) => events.map((e) => e.resource))));

function podSeen({ cache, queue, isOurs }: Receivers, p: Pod, old?: Pod): void {
  const key = podKey(p);
  if (!p.spec.nodeName) {
    if (cache.isAssumed(p)) return;
    if (!isOurs(p) || p.metadata.deletionTimestamp || finished(p)) return queue.remove(key);
    return queue.put(p);
  }
  queue.remove(key);
  if (finished(p)) {
    cache.removePod(key);
    // It holds nothing any more.
    if (old && !finished(old)) queue.event({ resource: 'Pod', action: 'Delete', old: p });
    return;
  }
  cache.putPod(p, p.spec.nodeName);
  if (!old?.spec.nodeName) queue.event({ resource: 'Pod', action: 'Add', now: p });
  else for (const event of podEvents(old, p)) queue.event(event);
}

function podGone({ cache, queue, waitingPods }: Receivers, p: Pod): void {
  const key = podKey(p);
  cache.removePod(key);
  queue.remove(key);
  waitingPods.get(p.metadata.uid)?.reject('', 'the Pod was deleted');
  if (p.spec.nodeName) queue.event({ resource: 'Pod', action: 'Delete', old: p });
}
