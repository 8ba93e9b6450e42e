/**
 * All objects of one resource, in memory, with the latest changes: every GET, LIST and WATCH is answered from here.
 * It is fed by the store's watch alone, so it only ever holds what is durable.
 */

import { expired } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import type { Entry } from './entry.js';
import { type Change, History, HistoryBudget } from './history.js';
import { type EntryEvent, ResourceWatch } from './watch.js';

export type Filter = (object: AnyObject) => boolean;

interface Watcher {
  readonly watch: ResourceWatch;
  readonly namespace: string;
  readonly filter?: Filter;
}

export class ResourceCache {
  private readonly entries = new Map<string, Entry>();
  /** Keys in order; inserted by binary search. */
  private readonly order: string[] = [];
  private readonly watchers = new Map<ResourceWatch, Watcher>();
  /** Raised by every change: what is derived from the cache knows when it is stale. */
  version = 0;
  /** A watch that starts before it is answered 410, and the client lists again. */
  private readonly history: History;

  constructor(
    /** `/registry/pods/` */
    readonly prefix: string,
    revision: number,
    budget = new HistoryBudget(() => 0),
  ) {
    this.history = new History(budget, revision);
  }

  get size(): number {
    return this.order.length;
  }
  get watcherCount(): number {
    return this.watchers.size;
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** Entries of a namespace ('' for all), in key order. */
  list(namespace: string, from?: string): Entry[] {
    const prefix = namespace ? `${this.prefix}${namespace}/` : this.prefix;
    const out: Entry[] = [];
    for (let i = this.position(from && from > prefix ? from : prefix); i < this.order.length; i++) {
      const key = this.order[i]!;
      if (namespace && !key.startsWith(prefix)) break;
      out.push(this.entries.get(key)!);
    }
    return out;
  }

  /** Puts an entry in without telling anyone: the first load. */
  load(entry: Entry): void {
    if (!this.entries.has(entry.key)) this.order.splice(this.position(entry.key), 0, entry.key);
    this.entries.set(entry.key, entry);
    this.version++;
  }

  /** One committed change. `entry` of a delete holds the last object under the delete's revision. */
  apply(type: 'put' | 'delete', entry: Entry): void {
    const previous = this.entries.get(entry.key);
    if (type === 'put') this.load(entry);
    else if (previous) {
      this.entries.delete(entry.key);
      this.version++;
      this.order.splice(this.position(entry.key), 1);
    } else return;
    const event: EntryEvent = { type: type === 'delete' ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED', entry, revision: entry.revision };
    const change: Change = { event, previous };
    this.history.push(change);
    entry.shareFrames();
    for (const w of this.watchers.values()) deliver(w, change);
    entry.releaseFrames();
    // Of what is history only the stored bytes stay.
    if (previous !== entry) previous?.release();
    if (type === 'delete') entry.release();
  }

  /**
   * Puts this state in the place of what is cached, after changes were missed. Watchers are told the difference; a watch that starts
   * before `revision` is expired, since what came and went between is not known.
   */
  replace(state: ReadonlyMap<string, Entry>, revision: number): void {
    const changed = [...state.values()].filter((e) => e.revision > (this.entries.get(e.key)?.revision ?? 0));
    for (const entry of changed.sort((a, b) => a.revision - b.revision)) this.apply('put', entry);
    for (const last of [...this.entries.values()]) if (!state.has(last.key)) this.apply('delete', last.deletedAt(revision));
    this.history.clear(revision);
  }

  /**
   * Watches from after `since`; undefined: the present objects as ADDED first. `initialBookmark`: a marked BOOKMARK follows them (streaming lists).
   * Throws Expired where `since` is older than the changes kept.
   */
  watch(namespace: string, filter: Filter | undefined, since: number | undefined, now: number, initialBookmark = false): ResourceWatch {
    const watch = new ResourceWatch((w) => this.watchers.delete(w));
    const watcher: Watcher = { watch, namespace, filter };
    if (since === undefined) {
      for (const entry of this.list(namespace))
        if (!filter || filter(entry.object)) watch.begin({ type: 'ADDED', entry, revision: entry.revision });
    } else {
      if (since < this.history.start) throw expired(`too old resource version: ${since} (${this.history.start})`);
      for (const change of this.history.after(since)) deliver(watcher, change, true);
    }
    if (initialBookmark) watch.begin({ type: 'BOOKMARK', revision: now, initialEventsEnd: true });
    this.watchers.set(watch, watcher);
    return watch;
  }

  bookmark(revision: number): void {
    for (const w of this.watchers.values()) w.watch.push({ type: 'BOOKMARK', revision });
  }

  closeWatches(): void {
    for (const w of [...this.watchers.values()]) w.watch.close();
  }

  private position(key: string): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.order[mid]! < key) low = mid + 1;
      else high = mid;
    }
    return low;
  }
}

/** An object that begins to match a watcher's selector is ADDED for it, one that stops matching is DELETED. */
function deliver(w: Watcher, change: Change, past = false): void {
  const tell = (event: EntryEvent): void => (past ? w.watch.begin(event) : w.watch.push(event));
  const { event, previous } = change;
  if (w.namespace && event.entry.namespace !== w.namespace) return;
  if (!w.filter) return tell(event);
  const is = event.type !== 'DELETED' && w.filter(event.entry.object);
  const was = event.type === 'DELETED' ? w.filter(event.entry.object) : previous !== undefined && w.filter(previous.object);
  if (is && was) tell(event.type === 'MODIFIED' ? event : { ...event, type: 'MODIFIED' });
  else if (is) tell(event.type === 'ADDED' ? event : { ...event, type: 'ADDED' });
  else if (was)
    tell(event.type === 'DELETED' ? event : (change.gone ??= { ...event, type: 'DELETED', entry: previous!.deletedAt(event.revision) }));
}
