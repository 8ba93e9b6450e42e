/** TaintToleration: no pod on a node with a taint that it does not bear; few that it would rather not. */
import type { Node, Pod } from '../../api/types/core/v1.js';
import { on } from '../cluster-event.js';
import { definePlugin, normalizeByMax, unresolvable } from '../framework.js';
import { countUntolerated, firstUntolerated } from '../tolerations.js';

const REFUSED = unresolvable('node(s) had untolerated taint(s)');

const bearsAll = (pod: Pod, node: Node): boolean => !firstUntolerated(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);

export const taintToleration = definePlugin('TaintToleration', () => ({
  events: [
    on('Node', ['Add', 'UpdateNodeTaint'], (pod, old, now) =>
      now && bearsAll(pod, now) && !(old && bearsAll(pod, old)) ? 'queue' : 'skip',
    ),
    on('Pod', ['UpdatePodToleration'], (pod, _old, now) => (now?.metadata.uid === pod.metadata.uid ? 'queue' : 'skip')),
  ],
  filter: (_state, { pod }, { node }) => (bearsAll(pod, node) ? undefined : REFUSED),
  score: (_state, { pod }, { node }) => countUntolerated(node.spec.taints, pod.spec.tolerations, 'PreferNoSchedule'),
  normalizeScore: (_state, _pod, scores) => normalizeByMax(scores, true),
}));
