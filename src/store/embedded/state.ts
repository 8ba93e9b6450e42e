/**
 * The multi-version state of a store: index, history and revisions, changed in memory. It knows nothing of durability: the changes that
 * are not on disk yet are those above the revision that readers are given.
 */
import { CompactedError, FutureRevisionError, type Key, type KeyRange, type KeyValue } from '../store.js';
import type { LogFile } from './files.js';
import { History } from './history.js';
import { type Entry, KeyIndex } from './key-index.js';
import type { Lessor } from './lessor.js';
import type { ValueSource } from './value-cache.js';
import { EMPTY, NO_LEASE, toKeyValue, Version, visible } from './version.js';

/** Versions looked at by one slice of pruning. */
const PRUNE_SLICE = 5000;

/** The end of a scan: undefined for "to the last key". */
export const scanEnd = (range: KeyRange): Key | undefined => (range.end === '\0' ? undefined : range.end);

export class State {
  readonly index = new KeyIndex();
  readonly history = new History();
  readonly notes = new Map<string, Uint8Array>();
  /** The newest revision applied; the newest durable one may be lower. */
  revision = 1;
  compactRevision = 0;
  /** The revision of the newest version; inside a transaction already the coming one. */
  private newest = 0;
  /** Bytes of keys and values that some reader can still reach. */
  bytesInUse = 0;

  private restored: Version[] = [];

  constructor(
    readonly values: ValueSource,
    readonly lessor: Lessor,
  ) {}

  /** Writes a version of `key` at `revision`. */
  put(key: Key, value: Uint8Array, lease: bigint, revision: number, sub: number): Version {
    const entry = this.index.get(key);
    const prev = entry?.head;
    const alive = prev !== undefined && !prev.deleted;
    const v = new Version(
      key,
      revision,
      sub,
      alive ? prev.create : revision,
      alive ? prev.count + 1 : 1,
      lease,
      false,
      value,
      value.length,
      prev,
    );
    this.link(v, entry);
    const before = alive ? prev.lease : NO_LEASE;
    if (before !== lease) {
      if (before !== NO_LEASE) this.lessor.detach(before, key);
      if (lease !== NO_LEASE) this.lessor.attach(lease, key);
    }
    this.history.push(v);
    return v;
  }

  /** Marks a living key as deleted. */
  delete(entry: Entry, revision: number, sub: number): Version {
    const prev = entry.head;
    const v = new Version(entry.key, revision, sub, 0, 0, NO_LEASE, true, EMPTY, 0, prev);
    this.link(v, entry);
    if (prev.lease !== NO_LEASE) this.lessor.detach(prev.lease, entry.key);
    this.history.push(v);
    return v;
  }

  /** Makes `v` the head of its key. */
  link(v: Version, entry: Entry | undefined): void {
    this.bytesInUse += v.key.length + v.length;
    if (v.mod > this.newest) this.newest = v.mod;
    if (entry === undefined) this.index.insert(v.key, v);
    else {
      const { head } = entry;
      if (head.deleted !== v.deleted) this.index.countLive(entry, v.deleted ? -1 : 1);
      this.values.superseded(head);
      entry.head = v;
    }
    if (v.value !== undefined && !v.deleted) this.values.added(v);
  }

  keyValue(v: Version): KeyValue {
    return toKeyValue(v, this.values.value(v));
  }

  checkReadable(revision: number, newest: number): void {
    if (revision > newest) throw new FutureRevisionError();
    if (revision < this.compactRevision) throw new CompactedError(this.compactRevision);
  }

  /** Visits the versions that a reader at `at` sees in the range, in key order. */
  scan(range: KeyRange, at: number, visit: (v: Version) => boolean): void {
    if (range.end === undefined) {
      const v = visible(this.index.get(range.key)?.head, at);
      if (v !== undefined) visit(v);
      return;
    }
    this.index.scan(range.key, scanEnd(range), (entry) => {
      const v = visible(entry.head, at);
      return v === undefined || visit(v);
    });
  }

  count(range: KeyRange, at: number): number {
    if (at >= this.newest && range.end !== undefined) return this.index.countRange(range.key, scanEnd(range));
    let n = 0;
    this.scan(range, at, () => {
      n++;
      return true;
    });
    return n;
  }

  /** Removes what no reader at or after `compactRevision` can see, a slice at a time: call `next` until it returns true. */
  pruner(): () => boolean {
    const revision = this.compactRevision;
    let i = this.history.from(revision + 1) - 1;
    return () => {
      for (let n = 0; n < PRUNE_SLICE && i >= 0; n++, i--) {
        const entry = this.index.get(this.history.at(i).key);
        if (entry !== undefined) this.pruneEntry(entry, revision);
      }
      if (i >= 0) return false;
      this.history.dropBefore(revision);
      return true;
    };
  }

  pruneEntry(entry: Entry, revision: number): void {
    if (entry.prunedAt >= revision) return;
    entry.prunedAt = revision;
    let newer: Version | undefined;
    let keep: Version | undefined = entry.head;
    while (keep !== undefined && keep.mod > revision) {
      newer = keep;
      keep = keep.prev;
    }
    if (keep === undefined) return;
    let gone = keep.prev;
    keep.prev = undefined;
    // A delete at the very revision stays until the next compaction, so that a watch from there sees it.
    if (keep.deleted && keep.mod < revision) {
      if (newer === undefined) this.index.remove(entry);
      else newer.prev = undefined;
      this.drop(keep);
    }
    for (; gone !== undefined; gone = gone.prev) this.drop(gone);
  }

  /** Takes a version from a log or another store. What is there already (a log may tell a change twice) is passed over. */
  restore(
    key: Key,
    mod: number,
    sub: number,
    create: number,
    count: number,
    lease: bigint,
    deleted: boolean,
    value: Uint8Array | undefined,
    length: number,
    file?: LogFile,
    offset = 0,
  ): void {
    const entry = this.index.get(key);
    const head = entry?.head;
    if (head !== undefined && (head.mod > mod || (head.mod === mod && head.sub >= sub))) return;
    const v = new Version(key, mod, sub, create, count, lease, deleted, value, length, head);
    v.file = file;
    v.offset = offset;
    this.link(v, entry);
    this.restored.push(v);
    if (mod > this.revision) this.revision = mod;
  }

  /** All is restored: what was compacted goes, and keys are given to their leases. */
  finishRestore(): void {
    const { compactRevision } = this;
    const entries: Entry[] = [];
    this.index.scan('', undefined, (entry) => {
      entries.push(entry);
      return true;
    });
    for (const entry of entries) {
      if (compactRevision > 0) this.pruneEntry(entry, compactRevision);
      if (entry.head.lease !== NO_LEASE) this.lessor.attach(entry.head.lease, entry.key);
    }
    this.history.load(this.restored.filter((v) => v.mod >= compactRevision && !v.dropped));
    this.restored = [];
  }

  private drop(v: Version): void {
    this.bytesInUse -= v.key.length + v.length;
    this.values.dropped(v);
  }
}
