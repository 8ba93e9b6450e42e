/**
 * All objects of one resource, in memory, with the latest changes: every GET, LIST and WATCH is answered from here.
 * It is fed by the store's watch alone, so it only ever holds what is durable.
 */

import { expired } from '../../meta/errors.js';
import { SortedMap, type SortedView } from '../../util/sorted-map.js';
import type { Entry } from './entry.js';
import { type Change, History, HistoryBudget } from './history.js';
import type { Pin, Selection } from './selection.js';
import { type EntryEvent, ResourceWatch } from './watch.js';
import { seenBy, WatchIndex } from './watch-index.js';

/** Former states that are kept of a resource, for the later pages of lists. */
const SNAPSHOTS = 4;
/** Bytes of objects that are only there because a former state is kept. */
const SNAPSHOT_BYTES = 16 * 1024 * 1024;

interface Snapshot {
  readonly entries: SortedView<Entry>;
  readonly revision: number;
  /** Bytes of what was changed since. */
  held: number;
  /** Since unused ones were last forgotten. */
  used: boolean;
}

export class ResourceCache {
  private readonly entries = new SortedMap<Entry>();
  private readonly watches = new WatchIndex();
  /** Objects by the value of a field that lists and watches select by. */
  private readonly byField = new Map<string, { readonly of: Pin['of']; readonly byValue: Map<string, SortedMap<Entry>> }>();
  /** The newest last. */
  private snapshots: Snapshot[] = [];
  /** Raised by every change: what is derived from the cache knows when it is stale. */
  version = 0;
  /** A watch that starts before it is answered 410, and the client lists again. */
  private readonly history: History;

  /** @param indexed fields whose values objects are found by, without asking the others. */
  constructor(
    /** `/registry/pods/` */
    readonly prefix: string,
    revision: number,
    budget = new HistoryBudget(() => 0),
    private readonly indexed: readonly string[] = [],
  ) {
    this.history = new History(budget, revision);
  }

  get size(): number {
    return this.entries.size;
  }
  get watcherCount(): number {
    return this.watches.size;
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** Entries of a namespace ('' for all), in key order. */
  list(namespace: string): Entry[] {
    const out: Entry[] = [];
    this.entries.scan(...this.range(namespace), (entry) => void out.push(entry));
    return out;
  }

  /** What is there now; with a pin on an indexed field only what has its value. */
  present(pin?: Pin): SortedView<Entry> {
    if (!pin || !this.indexed.includes(pin.field)) return this.entries;
    return this.indexOf(pin).byValue.get(pin.value) ?? NOTHING;
  }

  /** The keys of a namespace: from the first, to before the second. */
  range(namespace: string): [start: string, end: string | undefined] {
    // '0' is what follows '/'.
    return namespace ? [`${this.prefix}${namespace}/`, `${this.prefix}${namespace}0`] : ['', undefined];
  }

  /** Keeps what is there now as of this revision, as long as there is room: a list goes on from there. */
  keep(revision: number): void {
    if (this.at(revision)) return;
    this.snapshots.push({ entries: this.entries.snapshot(), revision, held: 0, used: true });
    if (this.snapshots.length > SNAPSHOTS) this.snapshots.shift();
  }

  /** What was there at a revision that was kept. */
  at(revision: number): SortedView<Entry> | undefined {
    const found = this.snapshots.find((s) => s.revision === revision);
    if (found) found.used = true;
    return found?.entries;
  }

  /** Lets former states and parsed objects go that nobody asked for since it was called last. */
  forgetUnused(): void {
    this.entries.scan('', undefined, (entry) => entry.rest());
    this.snapshots = this.snapshots.filter((s) => s.used);
    for (const s of this.snapshots) s.used = false;
  }

  /** Puts an entry in without telling anyone: the first load. */
  load(entry: Entry): void {
    this.put(entry);
  }

  private put(entry: Entry): Entry | undefined {
    this.version++;
    const previous = this.entries.set(entry.key, entry);
    if (previous) this.superseded(previous);
    for (const { of, byValue } of this.byField.values()) {
      const value = of(entry);
      if (previous && of(previous) !== value) drop(byValue, of(previous), entry.key);
      let same = byValue.get(value);
      if (!same) byValue.set(value, (same = new SortedMap()));
      same.set(entry.key, entry);
    }
    return previous;
  }

  private take(key: string): Entry | undefined {
    const previous = this.entries.delete(key);
    if (!previous) return undefined;
    this.version++;
    this.superseded(previous);
    for (const { of, byValue } of this.byField.values()) drop(byValue, of(previous), key);
    return previous;
  }

  private superseded(previous: Entry): void {
    if (!this.snapshots.length) return;
    for (const s of this.snapshots) s.held += previous.size;
    if (this.snapshots[0]!.held > SNAPSHOT_BYTES) this.snapshots = this.snapshots.filter((s) => s.held <= SNAPSHOT_BYTES);
  }

  private indexOf({ field, of }: Pin) {
    let index = this.byField.get(field);
    if (!index) {
      const byValue = new Map<string, SortedMap<Entry>>();
      this.entries.scan('', undefined, (entry) => {
        const value = of(entry);
        let same = byValue.get(value);
        if (!same) byValue.set(value, (same = new SortedMap()));
        same.set(entry.key, entry);
      });
      this.byField.set(field, (index = { of, byValue }));
    }
    return index;
  }

  /** One committed change. `entry` of a delete holds the last object under the delete's revision. */
  apply(type: 'put' | 'delete', entry: Entry): void {
    const previous = type === 'put' ? this.put(entry) : this.take(entry.key);
    if (type === 'delete' && !previous) return;
    const event: EntryEvent = { type: type === 'delete' ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED', entry, revision: entry.revision };
    const change: Change = { event, previous };
    this.history.push(change);
    entry.shareFrames();
    this.watches.deliver(change);
    entry.releaseFrames();
    // Of what is history only the stored bytes stay.
    if (previous !== entry) previous?.release();
    // Nor of one that nobody looked at, beside those who hold it themselves.
    entry.rest();
    if (type === 'delete') entry.release();
  }

  /**
   * Puts this state in the place of what is cached, after changes were missed. Watchers are told the difference; a watch that starts
   * before `revision` is expired, since what came and went between is not known.
   */
  replace(state: ReadonlyMap<string, Entry>, revision: number): void {
    const changed = [...state.values()].filter((e) => e.revision > (this.entries.get(e.key)?.revision ?? 0));
    for (const entry of changed.sort((a, b) => a.revision - b.revision)) this.apply('put', entry);
    for (const last of this.list('')) if (!state.has(last.key)) this.apply('delete', last.deletedAt(revision));
    this.history.clear(revision);
  }

  /**
   * Watches from after `since`; undefined: the present objects as ADDED first. `initialBookmark`: a marked BOOKMARK follows them (streaming lists).
   * Throws Expired where `since` is older than the changes kept.
   */
  watch(selection: Selection, since: number | undefined, now: number, initialBookmark = false): ResourceWatch {
    const watch = new ResourceWatch((w) => this.watches.remove(w));
    const { namespace, matches, pin } = selection;
    if (since === undefined) {
      this.present(pin).scan(...this.range(namespace), (entry) => {
        if (!matches || matches(entry.object)) watch.begin({ type: 'ADDED', entry, revision: entry.revision });
      });
    } else {
      if (since < this.history.start) throw expired(`too old resource version: ${since} (${this.history.start})`);
      for (const change of this.history.after(since)) {
        const event = seenBy(selection, change);
        if (event) watch.begin(event);
      }
    }
    if (initialBookmark) watch.begin({ type: 'BOOKMARK', revision: now, initialEventsEnd: true });
    this.watches.add(watch, selection);
    return watch;
  }

  closeWatches(): void {
    for (const watch of this.watches.all()) watch.close();
  }
}

const NOTHING: SortedView<Entry> = new SortedMap<Entry>();

function drop(byValue: Map<string, SortedMap<Entry>>, value: string, key: string): void {
  const same = byValue.get(value);
  same?.delete(key);
  if (same?.size === 0) byValue.delete(value);
}
