/** NodeUnschedulable: a cordoned node takes only pods that bear its taint. */
import { on } from '../cluster-event.js';
import { definePlugin, unresolvable } from '../framework.js';
import { bears } from '../tolerations.js';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const REFUSED = unresolvable('node(s) were unschedulable');

export const nodeUnschedulable = definePlugin('NodeUnschedulable', () => ({
  events: [
    // The node takes Pods, and did not before.
    on('Node', ['Add', 'UpdateNodeTaint'], (_pod, old, now) =>
      !now?.spec.unschedulable && (!old || old.spec.unschedulable) ? 'queue' : 'skip',
    ),
    on('Pod', ['UpdatePodToleration'], (pod, _old, now) =>
      now?.metadata.uid === pod.metadata.uid && bears(now.spec.tolerations, TAINT) ? 'queue' : 'skip',
    ),
  ],
  filter: (_state, { pod }, { node }) => (node.spec.unschedulable && !bears(pod.spec.tolerations, TAINT) ? REFUSED : undefined),
}));
