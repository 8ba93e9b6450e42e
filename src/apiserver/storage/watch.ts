/** One client's view of the changes of one resource, with its own bounded queue. */
import { Fifo } from '../../util/fifo.js';
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

const sizeOf = (item: WatchItem): number => (item.type === 'BOOKMARK' ? 0 : item.entry.size);

export class ResourceWatch {
  private readonly queue = new Fifo<WatchItem>();
  /** What it begins with is all wanted, however much it is: only what comes after counts as falling behind. */
  private beginning = 0;
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
    this.beginning++;
  }

  push(item: WatchItem): void {
    if (this.closed) return;
    if (this.take && !this.stalled) {
      this.stalled = !this.take(item);
      return;
    }
    this.queue.push(item);
    this.behindBytes += sizeOf(item);
    if (this.queue.length - this.beginning > WATCH_QUEUE_LIMIT || this.behindBytes > WATCH_QUEUE_BYTES) {
      this.drain();
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
    while (this.queue.length && !this.stalled) {
      const item = this.queue.shift()!;
      if (this.beginning) this.beginning--;
      else this.behindBytes -= sizeOf(item);
      this.stalled = !this.take(item);
    }
  }

  private drain(): WatchItem[] {
    this.beginning = 0;
    this.behindBytes = 0;
    return this.queue.drain();
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
          yield this.drain();
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
