/**
 * When the change happened that a write of Endpoints or an EndpointSlice answers, as its annotation tells: the time from a Pod's readiness to
 * its address in every node's rules can be measured by it. The earliest of the changes since the last look counts.
 * Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#endpoints-kubernetes-io-last-change-trigger-time
 */
import type { Pod, Service } from '../api/types/core/v1.js';

export const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time';

type Times = ReadonlyMap<string, string>;

export class TriggerTimes {
  /** By Service: when each of its Pods last became ready or unready, as seen at the last look. */
  private readonly seen = new Map<string, Times>();

  /** To be called at every look, also where nothing is written then. `pods`: those that the Service selects. Undefined: nothing new. */
  look(key: string, s: Service, pods: readonly Pod[]): string | undefined {
    const before = this.seen.get(key);
    const now = new Map<string, string>();
    let first: string | undefined;
    for (const p of pods) {
      const at = p.status.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime;
      if (!at) continue;
      now.set(p.metadata.name, at);
      if (at > (before?.get(p.metadata.name) ?? '') && (first === undefined || at < first)) first = at;
    }
    this.seen.set(key, now);
    return before ? first : s.metadata.creationTimestamp;
  }

  forget(key: string): void {
    this.seen.delete(key);
  }
}

/** The annotations with the time, or without one where nothing triggered the write. Undefined: none are left. */
export function withTrigger(
  annotations: Readonly<Record<string, string>> | undefined,
  at: string | undefined,
): Record<string, string> | undefined {
  const { [LAST_CHANGE]: _, ...rest } = annotations ?? {};
  const out = at ? { ...rest, [LAST_CHANGE]: at } : rest;
  return Object.keys(out).length ? out : undefined;
}
