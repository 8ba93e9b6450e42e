/**
 * What happens in the cluster that may make a refused Pod fit, and the plugins' hints about it.
 * Source: KEP-4247, https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/#queueinghint
 */
import type { Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core/v1.js';
import type { ResourceClaim } from '../api/types/resource/v1.js';
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment } from '../api/types/storage/v1.js';
import type { KindRef } from '../client/client.js';
import { table } from '../util/own.js';
import { podInfo } from './pod-info.js';

/** The objects whose changes plugins may name. */
export interface EventObjects {
  Node: Node;
  Pod: Pod;
  Namespace: Namespace;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  StorageClass: StorageClass;
  CSINode: CSINode;
  CSIDriver: CSIDriver;
  CSIStorageCapacity: CSIStorageCapacity;
  VolumeAttachment: VolumeAttachment;
  ResourceClaim: ResourceClaim;
}
export type Resource = keyof EventObjects;

export type Action =
  | 'Add'
  | 'Delete'
  | 'UpdateNodeAllocatable'
  | 'UpdateNodeLabel'
  /** Its taints, or that it was cordoned or uncordoned. */
  | 'UpdateNodeTaint'
  | 'UpdateNodeCondition'
  | 'UpdateNodeAnnotation'
  | 'UpdatePodLabel'
  /** It asks for less. */
  | 'UpdatePodScaleDown'
  | 'UpdatePodToleration'
  | 'UpdatePodSchedulingGatesEliminated'
  /** Of other kinds, and what of a Pod none of the above is; who registers for it hears of every update. */
  | 'Update';

/** One thing that changed. `old` is absent of what came, `now` of what went. */
export type ClusterEvent = {
  readonly [R in Resource]: {
    readonly resource: R;
    readonly action: Action;
    readonly old?: EventObjects[R];
    readonly now?: EventObjects[R];
  };
}[Resource];

/** Whether a Pod that the plugin refused is to be tried again. */
export type Hint = 'queue' | 'skip';

export interface EventWithHint {
  readonly resource: Resource;
  readonly actions: readonly Action[];
  hint(pod: Pod, event: ClusterEvent): Hint;
}

/** Names events; without a predicate every one of them may help. */
export const on = <R extends Resource>(
  resource: R,
  actions: readonly Action[],
  hint?: (pod: Pod, old: EventObjects[R] | undefined, now: EventObjects[R] | undefined) => Hint,
): EventWithHint => ({
  resource,
  actions,
  hint(pod, event) {
    if (!hint) return 'queue';
    // Of one resource, as `concerns` made sure.
    const { old, now } = event as { old?: EventObjects[R]; now?: EventObjects[R] };
    return hint(pod, old, now);
  },
});

export const concerns = ({ resource, actions }: EventWithHint, event: ClusterEvent): boolean =>
  resource === event.resource && (actions.includes(event.action) || (event.action.startsWith('Update') && actions.includes('Update')));

/** Where resources besides Nodes and Pods are found: watched only if a plugin names them. */
export const WATCHED: Readonly<Record<Exclude<Resource, 'Node' | 'Pod'>, KindRef>> = table({
  Namespace: { apiVersion: 'v1', kind: 'Namespace' },
  PersistentVolume: { apiVersion: 'v1', kind: 'PersistentVolume' },
  PersistentVolumeClaim: { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  StorageClass: { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
  CSINode: { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode' },
  CSIDriver: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver' },
  CSIStorageCapacity: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity' },
  VolumeAttachment: { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment' },
  ResourceClaim: { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim' },
});

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Conditions without the times at which they were last seen: heartbeats are no change. */
const conditions = (n: Node) => n.status?.conditions?.map((c) => [c.type, c.status, c.reason]);

/** What of a node's change may make a Pod schedulable: heartbeats do not. Pure. */
export function nodeEvents(old: Node, now: Node): ClusterEvent[] {
  const actions: Action[] = [];
  if (!same(old.status?.allocatable, now.status?.allocatable)) actions.push('UpdateNodeAllocatable');
  if (!same(old.metadata.labels, now.metadata.labels)) actions.push('UpdateNodeLabel');
  if (!same(old.spec.taints, now.spec.taints) || !same(old.spec.unschedulable, now.spec.unschedulable)) actions.push('UpdateNodeTaint');
  if (!same(conditions(old), conditions(now))) actions.push('UpdateNodeCondition');
  if (!same(old.metadata.annotations, now.metadata.annotations)) actions.push('UpdateNodeAnnotation');
  return actions.map((action) => ({ resource: 'Node', action, old, now }));
}

const asksForLess = (old: Pod, now: Pod): boolean => {
  const [before, after] = [podInfo(old).requests, podInfo(now).requests];
  return Object.keys(before).some((name) => (after[name] ?? 0) < before[name]!);
};

/** What of a Pod's change may make it, or others, schedulable: a report of its status does not. Pure. */
export function podEvents(old: Pod, now: Pod): ClusterEvent[] {
  const actions: Action[] = [];
  if (!same(old.metadata.labels, now.metadata.labels)) actions.push('UpdatePodLabel');
  // A spec that changed is another generation.
  if ((now.metadata.generation === undefined || old.metadata.generation !== now.metadata.generation) && !same(old.spec, now.spec)) {
    if (asksForLess(old, now)) actions.push('UpdatePodScaleDown');
    if (!same(old.spec.tolerations, now.spec.tolerations)) actions.push('UpdatePodToleration');
    if (old.spec.schedulingGates?.length && !now.spec.schedulingGates?.length) actions.push('UpdatePodSchedulingGatesEliminated');
    if (!actions.length) actions.push('Update');
  }
  return actions.map((action) => ({ resource: 'Pod', action, old, now }));
}
