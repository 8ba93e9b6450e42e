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

/** Of a Pod's tolerations, what a taint is looked up by: a Pod may have tens of thousands, and is held against every taint of every node. */
class Tolerated {
  /** `effect key`, and with the value where it must be equal. */
  private readonly exists = new Set<string>();
  private readonly equal = new Set<string>();
  /** The taint's value must be above this, below that. */
  private readonly above = new Map<string, number>();
  private readonly below = new Map<string, number>();

  constructor(tolerations: readonly Toleration[]) {
    for (const t of tolerations) {
      const at = place(t.effect, t.key);
      const operator = t.operator || 'Equal';
      if (operator === 'Exists') this.exists.add(at);
      else if (operator === 'Equal' && t.key) this.equal.add(place(at, t.value));
      else if (operator === 'Gt')
        this.above.set(at, Math.min(this.above.get(at) ?? Number.POSITIVE_INFINITY, bound(t.value, Number.POSITIVE_INFINITY)));
      else if (operator === 'Lt')
        this.below.set(at, Math.max(this.below.get(at) ?? Number.NEGATIVE_INFINITY, bound(t.value, Number.NEGATIVE_INFINITY)));
    }
  }

  bears({ effect, key, value }: Taint): boolean {
    for (const at of [place(effect, key), place('', key), place(effect, ''), place('', '')]) {
      if (this.exists.has(at) || this.equal.has(place(at, value))) return true;
      if (Number(value) > this.above.get(at)! || Number(value) < this.below.get(at)!) return true;
    }
    return false;
  }
}

/** What is no number bounds nothing. */
const bound = (value: string | undefined, none: number): number => (Number.isNaN(Number(value)) ? none : Number(value));
const place = (a: string | undefined, b: string | undefined): string => `${a ?? ''}\0${b ?? ''}`;

const compiled = new WeakMap<readonly Toleration[], Tolerated>();
/** So few are looked through. */
const FEW = 8;

/** Whether one of the tolerations is for the taint. */
export function bears(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  if (!tolerations) return false;
  if (tolerations.length <= FEW) return tolerations.some((t) => tolerates(t, taint));
  let found = compiled.get(tolerations);
  if (!found) compiled.set(tolerations, (found = new Tolerated(tolerations)));
  return found.bears(taint);
}

export const firstUntolerated = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined => taints?.find((taint) => effects.includes(taint.effect) && !bears(tolerations, taint));

export const countUntolerated = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effect: string,
): number => taints?.filter((taint) => taint.effect === effect && !bears(tolerations, taint)).length ?? 0;
