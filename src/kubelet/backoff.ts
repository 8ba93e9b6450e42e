/** Growing waits by key: for containers that crash and images that cannot be pulled. A key that was quiet for long starts anew. */
import type { Clock } from '../util/clock.js';

export interface BackOffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Quiet for so long: start again from `initialMs`. */
  readonly resetMs: number;
}

/** 10 s, doubled to 5 min, forgotten 10 min after the last failure. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy */
export const CRASH_BACKOFF: BackOffOptions = { initialMs: 10_000, maxMs: 300_000, resetMs: 600_000 };
export const PULL_BACKOFF: BackOffOptions = { initialMs: 10_000, maxMs: 300_000, resetMs: 600_000 };

interface Entry {
  delayMs: number;
  updatedAt: number;
}

export class BackOff {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly clock: Clock,
    private readonly options: BackOffOptions,
  ) {}

  /** The present wait of a key, 0 for none. */
  delay(key: string): number {
    return this.entries.get(key)?.delayMs ?? 0;
  }

  /** How long still to wait, counted from `since` (when the container ended, when the pull failed). 0: go on. */
  remaining(key: string, since: number): number {
    const entry = this.entries.get(key);
    if (!entry || this.quiet(entry, since)) return 0;
    return Math.max(0, since + entry.delayMs - this.clock.now());
  }

  /** Counts another failure that happened at `since`. */
  next(key: string, since: number): void {
    const entry = this.entries.get(key);
    const delayMs = !entry || this.quiet(entry, since) ? this.options.initialMs : Math.min(entry.delayMs * 2, this.options.maxMs);
    this.entries.set(key, { delayMs, updatedAt: this.clock.now() });
  }

  /** When the last failure was counted. */
  updatedAt(key: string): number {
    return this.entries.get(key)?.updatedAt ?? 0;
  }

  /** Drops all keys of a pod (its uid begins them). */
  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.entries.delete(key);
  }

  private quiet(entry: Entry, since: number): boolean {
    return since - entry.updatedAt > this.options.resetMs;
  }
}
