/** Affinity of a Pod to other Pods, read once. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity */
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../api/types/core/v1.js';
import { type Selector, selectorFromObject } from '../meta/labels.js';

/** Which Pods a term means, and how near. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Selector;
  /** Names of namespaces; the Pod's own where the term names none and selects none. */
  readonly namespaces: readonly string[];
  /** Namespaces by their labels, besides. */
  readonly namespaceSelector: Selector;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

export interface PodAffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly WeightedAffinityTerm[];
  readonly preferredAnti: readonly WeightedAffinityTerm[];
}

/** Undefined: the Pod has none. */
export function affinityTerms({ metadata, spec }: Pod): PodAffinityTerms | undefined {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return undefined;
  const read = (t: PodAffinityTerm): AffinityTerm => ({
    topologyKey: t.topologyKey,
    selector: selectorFromObject(t.labelSelector),
    namespaces: t.namespaces?.length || t.namespaceSelector ? (t.namespaces ?? []) : [metadata.namespace ?? ''],
    namespaceSelector: selectorFromObject(t.namespaceSelector),
  });
  const weighted = (t: WeightedPodAffinityTerm): WeightedAffinityTerm => ({ weight: t.weight, ...read(t.podAffinityTerm) });
  return {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
    requiredAnti: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
    preferred: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted),
    preferredAnti: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted),
  };
}
