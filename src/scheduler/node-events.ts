/** What of a node's change may make a pod schedulable: heartbeats do not. Pure. */
import type { Node } from '../api/types/core/v1.js';
import type { ClusterEvent } from './framework.js';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export function nodeEvents(old: Node, now: Node): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  if (!same(old.status?.allocatable, now.status?.allocatable)) events.push('node-allocatable');
  if (!same(old.metadata.labels, now.metadata.labels)) events.push('node-labels');
  if (!same(old.spec.taints, now.spec.taints) || !same(old.spec.unschedulable, now.spec.unschedulable)) events.push('node-taints');
  return events;
}
