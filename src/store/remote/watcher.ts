/** One watch of a remote store: what it has seen, who waits for it. Knows nothing of connections. */
import { addAll } from '../../util/add-all.js';
import type { Message } from '../proto/message.js';
import type { StoreEvent, WatchRequest, WatchSink } from '../store.js';
import { covers } from './changes.js';
import { toEvent } from './convert.js';

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

export class Watcher {
  /** The first revision that it has not seen. */
  next: number;
  over = false;
  /** The server refused it with the token of the stream; it is tried once more with a new one. */
  refused = false;
  /** A progress call is owed once it has seen this revision. */
  owed: number | undefined;
  /** The last of its events that a trace has seen: progress beyond it waits until it came here. */
  private traced = 0;
  private begun = false;
  private parts: Message<'Event'>[] = [];
  private waiters: Waiter[] = [];

  constructor(
    public id: number,
    readonly request: WatchRequest,
    private readonly sink: WatchSink,
    next: number,
    private readonly onError: (error: unknown) => void,
  ) {
    this.next = next;
  }

  /** It was to begin after what the store knew, and has seen nothing yet. */
  get fromNow(): boolean {
    return !this.request.startRevision && !this.begun;
  }

  beginAfter(id: number, revision: number): void {
    this.id = id;
    this.next = revision + 1;
  }

  /** A connection was lost: parts of a revision that came on it come again as a whole. */
  restart(): void {
    this.parts = [];
  }

  /** One answer of the stream. A revision that came in fragments is handed on when its last one is here. */
  take(events: readonly Message<'Event'>[], fragment: boolean): void {
    if (fragment || this.parts.length > 0) addAll(this.parts, events);
    if (fragment) return;
    const all = this.parts.length > 0 ? this.parts : events;
    this.parts = [];
    // After a reconnect a server may begin earlier than asked: nothing is told twice.
    const fresh: StoreEvent[] = [];
    for (const e of all) if (e.kv!.modRevision >= this.next) fresh.push(toEvent(e));
    const last = fresh[fresh.length - 1];
    if (!last) return;
    const revision = last.kv.modRevision;
    this.next = revision + 1;
    this.begun = true;
    this.guard(() => this.sink.events(fresh, revision));
    this.settle();
  }

  /** The server says that nothing up to `revision` is missing. */
  upTo(revision: number): void {
    if (revision < this.next) return;
    this.next = revision + 1;
    this.begun = true;
    this.settle();
  }

  /** What a trace of the whole store saw up to `revision`. */
  trace(events: readonly StoreEvent[], revision: number): void {
    for (const { type, kv } of events)
      if (kv.modRevision >= this.next && covers(this.request, { type, key: kv.key })) this.traced = kv.modRevision;
    if (this.owed !== undefined && revision >= this.owed && this.traced < this.next) this.upTo(revision);
    else if (this.owed !== undefined) this.owed = Math.max(this.owed, this.traced);
  }

  /** Resolves when it has seen `revision`, or is over. */
  seen(revision: number): Promise<void> | undefined {
    if (this.over || this.next > revision) return undefined;
    return new Promise((resolve) => this.waiters.push({ revision, resolve }));
  }

  askProgress(revision: number): void {
    this.owed = Math.max(this.owed ?? 0, revision);
    this.settle();
  }

  end(error?: Error): void {
    if (this.over) return;
    this.over = true;
    for (const w of this.waiters.splice(0)) w.resolve();
    this.guard(() => this.sink.end(error));
  }

  private settle(): void {
    if (this.owed !== undefined && this.next > this.owed) {
      this.owed = undefined;
      const seen = this.next - 1;
      this.guard(() => this.sink.progress?.(seen));
    }
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((w) => w.revision < this.next);
    this.waiters = this.waiters.filter((w) => w.revision >= this.next);
    for (const w of ready) w.resolve();
  }

  private guard(fn: () => void): void {
    try {
      fn();
    } catch (e) {
      this.onError(e);
    }
  }
}
