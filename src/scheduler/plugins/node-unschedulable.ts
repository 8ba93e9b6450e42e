/** NodeUnschedulable: a cordoned node takes only pods that bear its taint. */
import { definePlugin, misfit } from '../framework.js';
import { bears } from '../tolerations.js';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

export const nodeUnschedulable = definePlugin({
  name: 'NodeUnschedulable',
  helps: ['node-added', 'node-taints'],
  filter: ({ pod }, { node }) =>
    node.spec.unschedulable && !bears(pod.spec.tolerations, TAINT) ? misfit('node(s) were unschedulable', true) : undefined,
});
