/** NodeAffinity: nodeSelector, required terms (filter) and preferred terms (score). */

import { matchesTerm, matchesTerms } from '../../api/core/node-affinity.js';
import type { Node, NodeSelectorTerm, Pod, PodSpec } from '../../api/types/core/v1.js';
import { getOwn } from '../../util/own.js';
import { on } from '../cluster-event.js';
import { definePlugin, normalizeByMax, SKIP, unresolvable } from '../framework.js';

/** What a Pod asks of nodes is held against each of them, by the one thread that finds nodes for everybody. */
const MOST_REQUIREMENTS = 1000;

const required = ({ affinity }: PodSpec) => affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
const preferred = ({ affinity }: PodSpec) => affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];

function requirements(spec: PodSpec): number {
  const terms = [...(required(spec)?.nodeSelectorTerms ?? []), ...preferred(spec).map((p) => p.preference)];
  return terms.reduce(
    (n, t) => n + 1 + (t.matchExpressions?.length ?? 0) + (t.matchFields?.length ?? 0),
    Object.keys(spec.nodeSelector ?? {}).length,
  );
}

function matches({ spec }: Pod, node: Node): boolean {
  for (const [k, v] of Object.entries(spec.nodeSelector ?? {})) if (getOwn(node.metadata.labels ?? {}, k) !== v) return false;
  const terms = required(spec);
  return !terms || matchesTerms(terms.nodeSelectorTerms, node);
}

/** The nodes that terms name, as DaemonSets do: one of the terms must hold, so that each must name some. Undefined: any node may do. */
function namedNodes(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const all = new Set<string>();
  for (const t of terms) {
    let names: readonly string[] | undefined;
    for (const f of t.matchFields ?? []) {
      if (f.key !== 'metadata.name' || f.operator !== 'In') continue;
      const before: readonly string[] | undefined = names;
      const values = f.values ?? [];
      names = before ? before.filter((n) => values.includes(n)) : values;
    }
    if (!names) return undefined;
    for (const n of names) all.add(n);
  }
  return all;
}

const REFUSED = unresolvable("node(s) didn't match Pod's node affinity/selector");

export const nodeAffinity = definePlugin('NodeAffinity', () => ({
  events: [
    // The node matches, and did not before.
    on('Node', ['Add', 'UpdateNodeLabel'], (pod, old, now) => (now && matches(pod, now) && !(old && matches(pod, old)) ? 'queue' : 'skip')),
  ],
  preFilter(_state, { pod: { spec } }) {
    if (requirements(spec) > MOST_REQUIREMENTS)
      return unresolvable(`Pod's node affinity/selector has more than ${MOST_REQUIREMENTS} requirements`);
    const terms = required(spec)?.nodeSelectorTerms;
    if (!terms) return Object.keys(spec.nodeSelector ?? {}).length ? undefined : SKIP;
    const nodeNames = terms.length ? namedNodes(terms) : undefined;
    if (!nodeNames) return undefined;
    return nodeNames.size ? { nodeNames } : unresolvable('pod affinity terms conflict');
  },
  filter: (_state, { pod }, { node }) => (matches(pod, node) ? undefined : REFUSED),
  preScore: (_state, { pod: { spec } }) => (preferred(spec).length ? undefined : SKIP),
  score(_state, { pod: { spec } }, { node }) {
    let sum = 0;
    for (const t of preferred(spec)) if (t.weight && matchesTerm(t.preference, node)) sum += t.weight;
    return sum;
  },
  normalizeScore: (_state, _pod, scores) => normalizeByMax(scores),
}));
