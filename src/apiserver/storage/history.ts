/**
 * The latest changes of the resources, for watches that start in the past. Bounded in bytes for all resources together: where there is no
 * room, the one that takes most gives up its oldest. What is old goes as well, so that a server that was busy becomes small again.
 */
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
/** A consumed head is cut off when it is this long. */
const TRIM = 1024;

const weight = (c: Change): number => OVERHEAD + c.event.entry.size;

export class History {
  private items: { readonly change: Change; readonly at: number }[] = [];
  private head = 0;
  bytes = 0;

  constructor(
    private readonly budget: HistoryBudget,
    /** Watches may start at this revision or later. */
    public start: number,
  ) {
    budget.add(this);
  }

  get length(): number {
    return this.items.length - this.head;
  }

  push(change: Change): void {
    this.items.push({ change, at: this.budget.now() });
    this.bytes += weight(change);
    this.budget.grown(weight(change));
  }

  /** Changes after a revision. */
  *after(revision: number): Generator<Change> {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.items[mid]!.change.event.revision <= revision) low = mid + 1;
      else high = mid;
    }
    for (; low < this.items.length; low++) yield this.items[low]!.change;
  }

  /** Forgets the oldest change. */
  drop(): void {
    const { change } = this.items[this.head]!;
    this.start = change.event.revision;
    this.bytes -= weight(change);
    this.budget.grown(-weight(change));
    (this.items as unknown[])[this.head] = undefined;
    if (++this.head >= TRIM && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }

  forgetOld(now: number): void {
    while (this.length > FEW && now - this.items[this.head]!.at > AGE_MS) this.drop();
  }

  /** Forgets all: nothing is known of what came before `revision`. */
  clear(revision: number): void {
    while (this.length) this.drop();
    this.items = [];
    this.head = 0;
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
