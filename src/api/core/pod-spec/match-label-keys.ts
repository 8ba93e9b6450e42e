/** Keys whose values a pod brings itself (`matchLabelKeys`) are written into the selectors when the pod is made. */

import type { LabelSelector } from '../../../meta/types/v1.js';
import { getOwn } from '../../../util/own.js';
import type { Pod, PodAffinityTerm } from '../../types/core/v1.js';

interface Keyed {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: string[];
  readonly mismatchLabelKeys?: string[];
}

/** Mutates. */
export function mergeMatchLabelKeys(pod: Pod): void {
  const labels = pod.metadata.labels ?? {};
  const { affinity, topologySpreadConstraints } = pod.spec;
  for (const a of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    const terms: PodAffinityTerm[] = [
      ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
    ];
    for (const t of terms) merge(t, labels);
  }
  for (const c of topologySpreadConstraints ?? []) merge(c, labels);
}

function merge({ labelSelector, matchLabelKeys, mismatchLabelKeys }: Keyed, labels: Readonly<Record<string, string>>): void {
  if (!labelSelector) return;
  const add = (keys: readonly string[] | undefined, operator: string) => {
    for (const key of keys ?? []) {
      const value = getOwn(labels, key);
      if (value !== undefined) (labelSelector.matchExpressions ??= []).push({ key, operator, values: [value] });
    }
  };
  add(matchLabelKeys, 'In');
  add(mismatchLabelKeys, 'NotIn');
}
