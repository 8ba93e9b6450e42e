/** NodeAffinity: nodeSelector, required terms (filter) and preferred terms (score). */

import { matchesTerm, matchesTerms } from '../../api/core/node-affinity.js';
import type { PodSpec } from '../../api/types/core/v1.js';
import { definePlugin, misfit } from '../framework.js';

/** What a Pod asks of nodes is held against each of them, by the one thread that finds nodes for everybody. */
const MOST_REQUIREMENTS = 1000;

function requirements({ nodeSelector, affinity }: PodSpec): number {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred } =
    affinity?.nodeAffinity ?? {};
  const terms = [...(required?.nodeSelectorTerms ?? []), ...(preferred ?? []).map((p) => p.preference)];
  return terms.reduce(
    (n, t) => n + 1 + (t.matchExpressions?.length ?? 0) + (t.matchFields?.length ?? 0),
    Object.keys(nodeSelector ?? {}).length,
  );
}

const REASON = "node(s) didn't match Pod's node affinity/selector";

export const nodeAffinity = definePlugin({
  name: 'NodeAffinity',
  weight: 2,
  helps: ['node-added', 'node-labels'],
  normalize: 'max-is-best',
  prepare: ({ pod: { spec } }) =>
    requirements(spec) > MOST_REQUIREMENTS
      ? { misfit: misfit(`Pod's node affinity/selector has more than ${MOST_REQUIREMENTS} requirements`, true) }
      : undefined,
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
