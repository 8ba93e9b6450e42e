/** SchedulingGates: a pod waits until its gates are taken off. Source: KEP-3521 */
import { on } from '../cluster-event.js';
import { definePlugin, unresolvable } from '../framework.js';

export const schedulingGates = definePlugin('SchedulingGates', () => ({
  events: [
    on('Pod', ['UpdatePodSchedulingGatesEliminated'], (pod, _old, now) => (now?.metadata.uid === pod.metadata.uid ? 'queue' : 'skip')),
  ],
  preEnqueue: (pod) =>
    pod.spec.schedulingGates?.length ? unresolvable('Scheduling is blocked due to non-empty scheduling gates') : undefined,
}));
