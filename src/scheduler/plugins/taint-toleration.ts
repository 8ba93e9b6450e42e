/** TaintToleration: no pod on a node with a taint that it does not bear; few that it would rather not. */
import { definePlugin, misfit } from '../framework.js';
import { countUntolerated, firstUntolerated } from '../tolerations.js';

export const taintToleration = definePlugin({
  name: 'TaintToleration',
  weight: 3,
  helps: ['node-added', 'node-taints'],
  normalize: 'min-is-best',
  filter({ pod }, { node }) {
    const taint = firstUntolerated(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
    return taint && misfit(`node(s) had untolerated taint(s)`, true);
  },
  score: ({ pod }, { node }) => countUntolerated(node.spec.taints, pod.spec.tolerations, 'PreferNoSchedule'),
});
