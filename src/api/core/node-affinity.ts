/** Whether a node's labels and fields meet node selector terms. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity */

import { getOwn } from '../../util/own.js';
import type { Node, NodeSelectorRequirement, NodeSelectorTerm } from '../types/core/v1.js';

export const matchesTerms = (terms: readonly NodeSelectorTerm[] | undefined, node: Pick<Node, 'metadata'>): boolean =>
  terms?.some((t) => matchesTerm(t, node)) ?? false;

/** An empty term matches nothing. */
export function matchesTerm(t: NodeSelectorTerm, node: Pick<Node, 'metadata'>): boolean {
  if (!t.matchExpressions?.length && !t.matchFields?.length) return false;
  return (
    (t.matchExpressions ?? []).every((r) => meets(r, getOwn(node.metadata.labels ?? {}, r.key))) &&
    (t.matchFields ?? []).every((r) => meets(r, r.key === 'metadata.name' ? node.metadata.name : undefined))
  );
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();
/** So few are looked through. */
const FEW = 16;

/** A list may name tens of thousands of values, and is held against every node. */
function includes(values: readonly string[] | undefined, value: string): boolean {
  if (!values || values.length <= FEW) return values?.includes(value) ?? false;
  let set = sets.get(values);
  if (!set) sets.set(values, (set = new Set(values)));
  return set.has(value);
}

function meets(r: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (r.operator) {
    case 'In':
      return value !== undefined && includes(r.values, value);
    case 'NotIn':
      return value === undefined || !includes(r.values, value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && Number(value) > Number(r.values?.[0]);
    case 'Lt':
      return isInteger(value) && Number(value) < Number(r.values?.[0]);
    default:
      return false;
  }
}

const isInteger = (v: string | undefined): boolean => v !== undefined && /^-?\d+$/.test(v);
