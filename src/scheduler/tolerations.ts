/** Taints and who bears them. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
import type { Taint, Toleration } from '../api/types/core/v1.js';

export function tolerates(t: Toleration, taint: Taint): boolean {
  if (t.effect && t.effect !== taint.effect) return false;
  if (t.key && t.key !== taint.key) return false;
  switch (t.operator || 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return Boolean(t.key) && (t.value ?? '') === (taint.value ?? '');
    case 'Gt':
      return Number(taint.value) > Number(t.value);
    case 'Lt':
      return Number(taint.value) < Number(t.value);
    default:
      return false;
  }
}

export const firstUntolerated = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined => taints?.find((taint) => effects.includes(taint.effect) && !tolerations?.some((t) => tolerates(t, taint)));

export const countUntolerated = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effect: string,
): number =>
  taints?.filter((taint) => taint.effect === effect && !tolerations?.some((t) => (!t.effect || t.effect === effect) && tolerates(t, taint)))
    .length ?? 0;
