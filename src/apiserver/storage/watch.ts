/** One client's view of the changes of one resource, with its own bounded queue. */
import type { Entry } from './entry.js';

export interface EntryEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** For DELETED: the object as it last was, under the revision of its deletion. */
  readonly entry: Entry;
  readonly revision: number;
}

export type WatchItem = EntryEvent | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd?: boolean };

/** How far a slow watcher may fall behind before its watch is closed (it then lists again, as with the original). */
export const WATCH_QUEUE_LIMIT = 10_000;
export const WATCH_QUEUE_BYTES = 32 * 1024 * 1024;

/** Takes one item; false: no more until `resume` is called. */
type Take = (item: WatchItem) => boolean;

export class ResourceWatch {
  private queue: WatchItem[] = [];
  /** How much of the queue was handed over. */
  private taken = 0;
  /** What it begins with is all wanted, however much it is: only what comes after counts as falling behind. */
  private behind = 0;
  private behindBytes = 0;
  private wake?: () => void;
  private closed = false;
  private stalled = false;
  private take?: Take;
  private onEnd?: () => void;
  private readonly closers: (() => void)[] = [];

  constructor(private readonly detach: (watch: ResourceWatch) => void) {}

  /** What the watch begins with, before anyone listens: present objects, or the changes since its start. */
  begin(item: WatchItem): void {
    this.queue.push(item);
  }

  push(item: WatchItem): void {
    if (this.closed) return;
    if (this.take && !this.stalled) {
      this.stalled = !this.take(item);
      return;
    }
    this.queue.push(item);
    this.behindBytes += item.type === 'BOOKMARK' ? 0 : item.entry.size;
    if (++this.behind > WATCH_QUEUE_LIMIT || this.behindBytes > WATCH_QUEUE_BYTES) {
      this.queue = [];
      this.taken = 0;
      return this.close();
    }
    this.wake?.();
  }

  /** Takes the place of iteration: items are handed over as they come. Cheapest for the listener. */
  listen(take: Take, onEnd: () => void): void {
    this.take = take;
    this.onEnd = onEnd;
    this.resume();
    if (this.closed) onEnd();
  }

  /** Who listens can take more. */
  resume(): void {
    if (!this.take || this.closed) return;
    this.stalled = false;
    while (this.taken < this.queue.length && !this.stalled) {
      this.stalled = !this.take(this.queue[this.taken]!);
      this.taken++;
    }
    if (this.taken < this.queue.length) return;
    this.queue = [];
    this.taken = 0;
    this.behind = 0;
    this.behindBytes = 0;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.detach(this);
    this.wake?.();
    this.onEnd?.();
    for (const fn of this.closers) fn();
  }

  /** Runs `fn` once when the watch is over. */
  onClose(fn: () => void): void {
    if (this.closed) fn();
    else this.closers.push(fn);
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Batches of items; ends when the watch is closed and everything queued was taken. */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchItem[]> {
    try {
      for (;;) {
        if (this.queue.length) {
          const batch = this.queue;
          this.queue = [];
          this.behind = 0;
          this.behindBytes = 0;
          yield batch;
        } else if (this.closed) return;
        else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          this.wake = undefined;
        }
      }
    } finally {
      this.close();
    }
  }
}
