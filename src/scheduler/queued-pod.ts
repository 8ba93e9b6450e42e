/** A Pod without a node, as the queue keeps it. */
import type { Pod } from '../api/types/core/v1.js';
import type { Timer } from '../util/clock.js';
import type { QueuedPod } from './framework.js';

/** Where it is: ready, backing off, refused and waiting for an event, held by preEnqueue, being scheduled or bound, or not here any more. */
export type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'inFlight' | 'gone';

export const FIRST_BACKOFF_MS = 1_000;
export const LAST_BACKOFF_MS = 10_000;

export class Entry implements QueuedPod {
  place: Place = 'gone';
  attempts = 0;
  /** Refusals so far, and errors since the last of them: each grows the back-off. */
  private refusals = 0;
  errors = 0;
  /** Plugins that refused it, and those of them that only wait for something outside. */
  refusedBy: ReadonlySet<string> = new Set();
  pendingOn: ReadonlySet<string> = new Set();
  backoffEnd = 0;
  timer?: Timer;

  constructor(
    readonly key: string,
    public pod: Pod,
    public timestamp: number,
    public order: number,
  ) {}

  /** A try is over. Without plugins that refused it, it was an error. */
  tried(now: number, order: number, refusedBy: ReadonlySet<string>, pendingOn: ReadonlySet<string>): void {
    this.timestamp = now;
    this.order = order;
    this.refusedBy = refusedBy;
    this.pendingOn = pendingOn;
    if (refusedBy.size) {
      this.refusals++;
      this.errors = 0;
    } else this.errors++;
    const times = this.errors || this.refusals;
    this.backoffEnd = now + Math.min(FIRST_BACKOFF_MS * 2 ** (times - 1), LAST_BACKOFF_MS);
  }
}
