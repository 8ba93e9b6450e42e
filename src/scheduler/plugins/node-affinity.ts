/** NodeAffinity: nodeSelector, required terms (filter) and preferred terms (score). */

import { matchesTerm, matchesTerms } from '../../api/core/node-affinity.js';
import { definePlugin, misfit } from '../framework.js';

const REASON = "node(s) didn't match Pod's node affinity/selector";

export const nodeAffinity = definePlugin({
  name: 'NodeAffinity',
  weight: 2,
  helps: ['node-added', 'node-labels'],
  normalize: 'max-is-best',
  filter({ pod: { spec } }, { node }) {
    for (const [k, v] of Object.entries(spec.nodeSelector ?? {})) if (node.metadata.labels?.[k] !== v) return misfit(REASON, true);
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return required && !matchesTerms(required.nodeSelectorTerms, node) ? misfit(REASON, true) : undefined;
  },
  score({ pod: { spec } }, { node }) {
    let sum = 0;
    for (const t of spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      if (t.weight && matchesTerm(t.preference, node)) sum += t.weight;
    return sum;
  },
});
