/**
 * The latest changes of the resources, for watches that start in the past. Bounded in bytes for all resources together: where there is no
 * room, the one that takes most gives up its oldest. What is old goes as well, so that a server that was busy becomes small again.
 */
import { Fifo } from '../../util/fifo.js';
import type { Entry } from './entry.js';
import type { EntryEvent } from './watch.js';

export interface Change {
  readonly event: EntryEvent;
  readonly previous?: Entry;
  /** For those whose selector the object has left: as it last matched, under the revision of the change. Made once for all of them. */
  gone?: EntryEvent;
}

/** All histories together. */
export const HISTORY_BYTES = 48 * 1024 * 1024;
/** A change may be forgotten after so long (the original keeps 75 s at least), but the newest few of each resource stay. */
const AGE_MS = 300_000;
const FEW = 100;
/** What a change takes beside its object's bytes. */
const OVERHEAD = 512;

const weight = (c: Change): number => OVERHEAD + c.event.entry.size;

export class History {
  private readonly items = new Fifo<{ readonly change: Change; readonly at: number }>();
  bytes = 0;

  constructor(
    private readonly budget: HistoryBudget,
    /** Watches may start at this revision or later. */
    public start: number,
  ) {
    budget.add(this);
  }

  get length(): number {
    return this.items.length;
  }

  push(change: Change): void {
    this.items.push({ change, at: this.budget.now() });
    this.bytes += weight(change);
    this.budget.grown(weight(change));
  }

  /** Changes after a revision. */
  *after(revision: number): Generator<Change> {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.items.at(mid)!.change.event.revision <= revision) low = mid + 1;
      else high = mid;
    }
    for (; low < this.items.length; low++) yield this.items.at(low)!.change;
  }

  /** Forgets the oldest change. */
  drop(): void {
    const { change } = this.items.shift()!;
    this.start = change.event.revision;
    this.bytes -= weight(change);
    this.budget.grown(-weight(change));
  }

  forgetOld(now: number): void {
    while (this.length > FEW && now - this.items.at(0)!.at > AGE_MS) this.drop();
  }

  /** Forgets all: nothing is known of what came before `revision`. */
  clear(revision: number): void {
    while (this.length) this.drop();
    this.start = revision;
  }
}

export class HistoryBudget {
  private readonly all: History[] = [];
  bytes = 0;

  constructor(
    readonly now: () => number,
    private readonly limit = HISTORY_BYTES,
  ) {}

  add(history: History): void {
    this.all.push(history);
  }

  grown(bytes: number): void {
    this.bytes += bytes;
    if (bytes < 0 || this.bytes <= this.limit) return;
    // Some more than must be, so that the largest is not looked for with every change.
    const goal = this.limit - this.limit / 16;
    while (this.bytes > goal) {
      const largest = this.all.reduce((a, b) => (b.bytes > a.bytes ? b : a));
      if (largest.length <= 1) return;
      const share = Math.max(this.bytes - goal, 0);
      for (const until = largest.bytes - share; largest.bytes > until && largest.length > 1; ) largest.drop();
    }
  }

  forgetOld(): void {
    const now = this.now();
    for (const history of this.all) history.forgetOld(now);
  }
}
