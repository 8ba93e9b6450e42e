/**
 * All watches of a remote store, on one stream. When the stream breaks, every watch goes on at another member from the first revision
 * that it has not seen.
 *
 * Progress: until 3.4.25 and 3.5.8 etcd answers a progress request with a revision that events may still be missing of
 * (https://github.com/etcd-io/etcd/issues/15220), and cannot be asked for one otherwise. So a watch that is asked and does not get there by
 * its own events is compared with a trace: a short watch of the whole store, which has an event at every revision.
 */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { sleep, type Timer } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import type { Draft, Message } from '../proto/message.js';
import { CompactedError, type WatchRequest, type WatchSink } from '../store.js';
import { type Change, covers } from './changes.js';
import { RemoteStoreError, watchRefused } from './errors.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import { Watcher } from './watcher.js';

type Stream = ClientDuplexStream<Draft<'WatchRequest'>, Message<'WatchResponse'>>;

const NO_PUT = 0;
const NO_DELETE = 1;
const EVERYTHING = { key: '\0', end: '\0' } as const;
/** A watch that is asked for progress is given this long to get there by its own events. */
const TRACE_AFTER_MS = 30;
/** Pauses between attempts to open the stream. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;
const CONNECT_MS = 5000;
const UNKNOWN = 2;

export class Watches {
  private readonly watchers = new Map<number, Watcher>();
  private nextId = 1;
  private stream: Stream | undefined;
  /** Watches that the server was asked for and did not confirm yet: it answers in order. */
  private creating: number[] = [];
  private running = false;
  private traceTimer: Timer | undefined;
  private tracing = false;

  constructor(
    private readonly members: Members,
    private readonly env: Env,
    /** Told of every revision that is seen. */
    private readonly observe: (revision: number) => void,
  ) {}

  watch(request: WatchRequest, sink: WatchSink, next: number): Watcher {
    const watcher = new Watcher(this.nextId++, request, sink, next, (e) => this.env.log.error('a watch sink failed', { error: String(e) }));
    if (request.end !== undefined && request.end !== '\0' && request.key >= request.end) {
      queueMicrotask(() => watcher.end(new RemoteStoreError(UNKNOWN, 'mvcc: watcher range is empty')));
      return watcher;
    }
    this.watchers.set(watcher.id, watcher);
    if (this.stream) this.create(this.stream, watcher);
    else void this.run();
    return watcher;
  }

  cancel(watcher: Watcher, error?: Error): void {
    if (this.watchers.delete(watcher.id)) this.stream?.write({ cancel: { watchId: watcher.id } });
    watcher.end(error);
  }

  /** Asks for a progress call once the watch has seen `revision`. */
  progress(watcher: Watcher, revision: number): void {
    watcher.askProgress(revision);
    // The first revision has no event.
    if (revision === 1) watcher.upTo(1);
    this.traceLater();
  }

  /** Resolves when every watch that covers one of the changes of `revision` was given it. */
  async told(changes: readonly Change[], revision: number): Promise<void> {
    const waits: Promise<void>[] = [];
    for (const w of this.watchers.values()) {
      if (!changes.some((c) => covers(w.request, c))) continue;
      const wait = w.seen(revision);
      if (wait) waits.push(wait);
    }
    if (waits.length > 0) await Promise.all(waits);
  }

  /** Whether a delete of a range needs its keys to be known. */
  get any(): boolean {
    return this.watchers.size > 0;
  }

  close(): void {
    this.traceTimer?.cancel();
    const all = [...this.watchers.values()];
    this.watchers.clear();
    for (const w of all) w.end();
    this.stream?.cancel();
  }

  /** Keeps a stream open while there are watches; one that stands stays for the next. */
  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    let pause = 0;
    while (!this.members.closed && this.watchers.size > 0) {
      const member = await this.members.connected(this.env.clock.now() + CONNECT_MS);
      if (!member) continue;
      const error = await this.serve(member);
      if (this.members.closed) break;
      if (error.answered) pause = 0;
      else {
        pause = Math.min(Math.max(pause * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
        await sleep(this.env.clock, pause * (0.5 + this.env.random.float() / 2), this.members.closing);
      }
      this.members.leave(member);
      this.env.log.info('the watch stream of etcd goes on elsewhere', { left: member.endpoint, error: error.text });
    }
    this.running = false;
  }

  /** One stream, from its opening to its end. `answered`: it worked for a while. */
  private async serve(member: Member): Promise<{ text: string; answered: boolean }> {
    let stream: Stream;
    try {
      stream = member.stream('/etcdserverpb.Watch/Watch', 'WatchRequest', 'WatchResponse', await this.members.metadata(member));
    } catch (e) {
      return { text: String((e as ServiceError).details ?? e), answered: false };
    }
    let answered = false;
    const over = new Promise<string>((resolve) => {
      stream.on('data', (r: Message<'WatchResponse'>) => {
        answered = true;
        this.answer(r);
      });
      stream.on('error', (e: ServiceError) => resolve(e.details ?? e.message));
      stream.on('end', () => resolve('the stream ended'));
    });
    this.stream = stream;
    this.creating = [];
    for (const w of this.watchers.values()) {
      w.restart();
      this.create(stream, w);
    }
    const text = await over;
    this.stream = undefined;
    stream.cancel();
    return { text, answered };
  }

  /**
   * Asks for one revision more than is missing; the watcher leaves out what it has. Before 3.4.36 and 3.5.18 a compaction takes the
   * deletes of the very revision that it is made at, and a watch from there misses them without a word
   * (https://github.com/etcd-io/etcd/issues/19179). From one before, it is told that it is too late.
   */
  private create(stream: Stream, w: Watcher): void {
    const { key, end, prevKv, noPut, noDelete } = w.request;
    const filters = [...(noPut ? [NO_PUT] : []), ...(noDelete ? [NO_DELETE] : [])];
    this.creating.push(w.id);
    stream.write({
      create: {
        key,
        rangeEnd: end ?? '',
        startRevision: Math.max(w.next - 1, 1),
        filters,
        prevKv: prevKv ?? false,
        watchId: w.id,
        fragment: true,
        // Some minutes apart the server says how far a quiet watch is: a point to resume from that is not compacted yet.
        progressNotify: true,
      },
    });
  }

  private answer(r: Message<'WatchResponse'>): void {
    const id = r.created ? (this.creating.shift() ?? r.watchId) : r.watchId;
    const watcher = this.watchers.get(id);
    if (!watcher) return;
    if (r.created && !r.canceled) watcher.refused = false;
    else if (this.members.hasUser && !watcher.refused && watchRefused(r.cancelReason)) {
      watcher.refused = true;
      this.members.forgetToken();
      this.stream?.cancel();
      return;
    }
    if (r.canceled || r.compactRevision > 0) {
      this.watchers.delete(id);
      const { compactRevision } = r;
      if (compactRevision > 0 && watcher.fromNow) {
        // What it was to begin after is not there any more: it begins with what is, as another watch to the server.
        watcher.beginAfter(this.nextId++, compactRevision);
        this.watchers.set(watcher.id, watcher);
        if (this.stream) this.create(this.stream, watcher);
        return;
      }
      watcher.end(compactRevision > 0 ? new CompactedError(compactRevision) : new RemoteStoreError(UNKNOWN, r.cancelReason));
    } else if (r.events.length > 0 || r.fragment) {
      if (!r.fragment) this.observe(r.events[r.events.length - 1]!.kv!.modRevision);
      watcher.take(r.events, r.fragment);
    } else if (!r.created && r.header) watcher.upTo(r.header.revision);
  }

  private traceLater(): void {
    if (this.tracing || this.traceTimer || this.owing().length === 0) return;
    this.traceTimer = this.env.clock.after(TRACE_AFTER_MS, () => {
      this.traceTimer = undefined;
      this.trace();
    });
  }

  private owing(): Watcher[] {
    return [...this.watchers.values()].filter((w) => w.owed !== undefined);
  }

  private trace(): void {
    const owing = this.owing();
    if (owing.length === 0) return;
    const goal = Math.max(...owing.map((w) => w.owed!));
    const from = Math.min(...owing.map((w) => w.next));
    this.tracing = true;
    const done = () => {
      this.tracing = false;
      this.traceLater();
    };
    const watcher = this.watch(
      { ...EVERYTHING, startRevision: from },
      {
        events: (events, revision) => {
          for (const w of owing) w.trace(events, revision);
          if (revision >= goal) this.cancel(watcher);
        },
        end: (error) => {
          // What it may have missed cannot be read any more: the watch cannot go on for certain.
          if (error) for (const w of owing) if (w.owed !== undefined) this.cancel(w, error);
          done();
        },
      },
      from,
    );
  }
}
