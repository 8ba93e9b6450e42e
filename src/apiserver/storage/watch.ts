/** One client's view of the changes of one resource, with its own bounded queue. */
import type { Entry } from './entry.js';

export interface EntryEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** For DELETED: the object as it last was, under the revision of its deletion. */
  readonly entry: Entry;
  readonly revision: number;
}

export type WatchItem = EntryEvent | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd?: boolean };

/** Events a slow watcher may fall behind before its watch is closed (it then lists again, as with the original). */
export const WATCH_QUEUE_LIMIT = 10_000;

export class ResourceWatch {
  private queue: WatchItem[] = [];
  /** What it begins with is all wanted, however much it is: only what comes after counts as falling behind. */
  private begun = 0;
  private wake?: () => void;
  private closed = false;
  private onItems?: (items: WatchItem[]) => void;
  private onEnd?: () => void;
  private readonly closers: (() => void)[] = [];

  constructor(private readonly detach: (watch: ResourceWatch) => void) {}

  /** What the watch begins with, before anyone listens: present objects, or the changes since its start. */
  begin(item: WatchItem): void {
    this.begun = this.queue.push(item);
  }

  push(item: WatchItem): void {
    if (this.closed) return;
    if (this.onItems) return this.onItems([item]);
    this.queue.push(item);
    if (this.queue.length > this.begun + WATCH_QUEUE_LIMIT) return this.close();
    this.wake?.();
  }

  /** Takes the place of iteration: items are handed over as they come. Cheapest for the listener. */
  listen(onItems: (items: WatchItem[]) => void, onEnd: () => void): void {
    this.onItems = onItems;
    this.onEnd = onEnd;
    if (this.queue.length) onItems(this.queue);
    this.queue = [];
    if (this.closed) onEnd();
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
          this.begun = 0;
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
