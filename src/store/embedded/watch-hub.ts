/**
 * All watches of a store. A watch is either behind (it reads the history, some thousand changes at a time) or in step (it is given each
 * batch as it becomes durable). Watches of the same range and options share one list of events.
 */
import { nextTurn } from '../../util/turn.js';
import { CompactedError, inRange, type StoreEvent, type Watch, type WatchRequest, type WatchSink } from '../store.js';
import { type RangeGroup, RangeIndex } from './range-index.js';
import type { State } from './state.js';
import type { Version } from './version.js';

/** Changes that one watch that is behind looks at before others get their turn. */
const CATCH_UP_SLICE = 5000;
/** Bytes of values that it is given at a time; a single revision may be more. */
const CATCH_UP_BYTES = 1024 * 1024;

interface Watcher {
  readonly request: WatchRequest;
  readonly sink: WatchSink;
  /** The first revision that it has not seen. */
  next: number;
  phase: 'behind' | 'in step' | 'over';
  /** A progress call is owed when it is in step. */
  progress: boolean;
}

type Variant = number;
const PREV = 1;
const NO_PUT = 2;
const NO_DELETE = 4;
const variant = (r: WatchRequest): Variant => (r.prevKv ? PREV : 0) | (r.noPut ? NO_PUT : 0) | (r.noDelete ? NO_DELETE : 0);

export class WatchHub {
  private readonly inStep = new RangeIndex<Watcher>();
  private readonly all = new Set<Watcher>();
  private behind: Watcher[] = [];
  private catching = false;
  /** The newest durable revision. */
  private revision: number;

  constructor(
    private readonly state: State,
    private readonly onError: (error: unknown) => void,
  ) {
    this.revision = state.revision;
  }

  watch(request: WatchRequest, sink: WatchSink): Watch {
    const watcher: Watcher = { request, sink, next: request.startRevision || this.revision + 1, phase: 'in step', progress: false };
    this.all.add(watcher);
    if (watcher.next > this.revision) this.inStep.add(request, watcher);
    else this.fallBehind(watcher);
    return {
      get inStep() {
        return watcher.phase === 'in step';
      },
      cancel: () => this.end(watcher),
      requestProgress: () => {
        if (watcher.phase === 'in step') this.guard(() => sink.progress?.(this.revision));
        else watcher.progress = true;
      },
    };
  }

  /** Gives a durable batch to everyone in step. */
  publish(revision: number, versions: readonly Version[]): void {
    this.revision = revision;
    const hit = new Map<RangeGroup<Watcher>, Version[]>();
    for (const v of versions) {
      this.inStep.find(v.key, (group) => {
        const list = hit.get(group);
        if (list) list.push(v);
        else hit.set(group, [v]);
      });
    }
    for (const [group, list] of hit) this.deliver(group, list, revision);
  }

  /** Ends every watch. */
  close(error?: Error): void {
    for (const watcher of [...this.all]) this.end(watcher, error);
  }

  private deliver(group: RangeGroup<Watcher>, versions: readonly Version[], revision: number): void {
    const shared: (readonly StoreEvent[] | undefined)[] = [];
    for (const watcher of [...group.members]) {
      if (watcher.phase !== 'in step') continue;
      const kind = variant(watcher.request);
      let events: readonly StoreEvent[];
      try {
        events = shared[kind] ??= this.events(versions, kind);
      } catch (e) {
        // A value before could not be read: this watch cannot go on, the others can.
        this.end(watcher, e instanceof Error ? e : new Error(String(e)));
        continue;
      }
      if (watcher.next > versions[0]!.mod) events = events.filter((e) => e.kv.modRevision >= watcher.next);
      watcher.next = Math.max(watcher.next, revision + 1);
      if (events.length > 0) this.guard(() => watcher.sink.events(events, revision));
    }
  }

  private events(versions: readonly Version[], kind: Variant): StoreEvent[] {
    const events: StoreEvent[] = [];
    for (const v of versions) {
      if (v.deleted ? kind & NO_DELETE : kind & NO_PUT) continue;
      const type = v.deleted ? 'delete' : 'put';
      const kv = this.state.keyValue(v);
      const before = kind & PREV && v.prev && !v.prev.deleted ? v.prev : undefined;
      events.push(before ? { type, kv, prevKv: this.state.keyValue(before) } : { type, kv });
    }
    return events;
  }

  private fallBehind(watcher: Watcher): void {
    watcher.phase = 'behind';
    this.behind.push(watcher);
    if (this.catching) return;
    this.catching = true;
    nextTurn(() => this.catchUp());
  }

  /** One slice for each watch that is behind; then gives way. */
  private catchUp(): void {
    const round = this.behind;
    this.behind = [];
    for (const watcher of round) {
      if (watcher.phase !== 'behind') continue;
      try {
        if (!this.advance(watcher)) this.behind.push(watcher);
      } catch (e) {
        this.end(watcher, e instanceof Error ? e : new Error(String(e)));
      }
    }
    if (this.behind.length > 0) nextTurn(() => this.catchUp());
    else this.catching = false;
  }

  /** Gives a watch its next slice of history. True: it is in step now, or over. */
  private advance(watcher: Watcher): boolean {
    const { state } = this;
    const { request, sink } = watcher;
    if (watcher.next < state.compactRevision) {
      this.end(watcher, new CompactedError(state.compactRevision));
      return true;
    }
    const { history } = state;
    const found: Version[] = [];
    let i = history.from(watcher.next);
    let seen = this.revision;
    let bytes = 0;
    for (let n = 0; i < history.length && history.at(i).mod <= this.revision; i++, n++) {
      const v = history.at(i);
      // Stop between revisions only.
      if ((n >= CATCH_UP_SLICE || bytes >= CATCH_UP_BYTES) && v.mod !== history.at(i - 1).mod) {
        seen = history.at(i - 1).mod;
        break;
      }
      if (!inRange(request, v.key)) continue;
      found.push(v);
      bytes += v.length + (request.prevKv ? (v.prev?.length ?? 0) : 0);
    }
    const events = this.events(found, variant(request));
    watcher.next = seen + 1;
    const done = seen === this.revision;
    if (done) {
      watcher.phase = 'in step';
      this.inStep.add(request, watcher);
    }
    if (events.length > 0) this.guard(() => sink.events(events, seen));
    if (done && watcher.progress) this.guard(() => sink.progress?.(seen));
    return done;
  }

  private end(watcher: Watcher, error?: Error): void {
    if (watcher.phase === 'over') return;
    if (watcher.phase === 'in step') this.inStep.remove(watcher.request, watcher);
    watcher.phase = 'over';
    this.all.delete(watcher);
    this.guard(() => watcher.sink.end(error));
  }

  /** A sink that throws hurts only itself. */
  private guard(fn: () => void): void {
    try {
      fn();
    } catch (e) {
      this.onError(e);
    }
  }
}
