/**
 * The store of one process: multi-version state in memory, made durable by a journal. With the log as journal it is the embedded
 * store, without one the memory store.
 */
import type { Env } from '../../util/component.js';
import { yieldTurn } from '../../util/turn.js';
import { chooseLeaseId } from '../lease-id.js';
import type { HistoryOutline, HistoryRecord, StoreMaintenance, StoreSnapshot, StoreState } from '../maintenance.js';
import {
  CompactedError,
  FutureRevisionError,
  LeaseExistsError,
  LeaseNotFoundError,
  type LeaseStatus,
  type RangeRequest,
  type RangeResult,
  type Store,
  type StoreFailedError,
  type StoreStatus,
  type TxnRequest,
  type TxnResult,
  type Watch,
  type WatchRequest,
  type WatchSink,
} from '../store.js';
import { SEGMENT_HEAD } from './frame.js';
import { GroupCommit } from './group-commit.js';
import { type Journal, noJournal } from './journal.js';
import { Lessor } from './lessor.js';
import { Log } from './log.js';
import { readRange } from './range.js';
import { type BaseHead, rewrite } from './rewrite.js';
import { State } from './state.js';
import { Applier, planTxn } from './txn.js';
import type { ValueSource } from './value-cache.js';
import { EMPTY, sortByRevision, toKeyValue, type Version } from './version.js';
import { WatchHub } from './watch-hub.js';

/** The log is not rewritten for less than this many bytes of garbage. */
const REWRITE_GARBAGE = 16 * 1024 * 1024;
/** Bytes of a record beside key and value, about. */
const RECORD_OVERHEAD = 50;

export interface LocalStoreParts {
  readonly env: Env;
  readonly values: ValueSource;
  /** When a batch of writes is committed: after what else arrives now. */
  readonly soon: (fn: () => void) => void;
}

export class LocalStore implements Store, StoreMaintenance {
  readonly state: State;
  private readonly lessor: Lessor;
  private readonly hub: WatchHub;
  private readonly commit: GroupCommit;
  private readonly env: Env;
  private durable: number;
  private closed = false;
  private closing: Promise<void> | undefined;
  /** Pruning and rewriting, one after another. */
  private upkeep: Promise<void> = Promise.resolve();

  /** `load` fills the state from the journal's past and returns the journal. */
  constructor(parts: LocalStoreParts, load: (state: State, lessor: Lessor) => Journal) {
    this.env = parts.env;
    const { clock } = parts.env;
    this.lessor = new Lessor(parts.env.clock, (id) => this.leaseRevoke(id));
    this.state = new State(parts.values, this.lessor);
    this.journal = load(this.state, this.lessor);
    this.durable = this.state.revision;
    this.hub = new WatchHub(this.state, (error) => this.env.log.error('a watch sink failed', { error: String(error) }));
    this.commit = new GroupCommit(
      this.journal,
      {
        publish: (revision, versions) => {
          this.durable = revision;
          this.hub.publish(revision, versions);
        },
        failed: (error) => this.onFailure(error),
      },
      parts.soon,
      // A disk that is fast now and slow then makes no difference where time stands still.
      (sync) => (clock.outside && this.journal !== noJournal ? clock.outside(Promise.resolve(sync)) : sync),
    );
    this.lessor.start();
  }

  private readonly journal: Journal;

  get revision(): number {
    return this.durable;
  }

  /** Why nothing can be written any more; undefined while all is well. */
  get failure(): StoreFailedError | undefined {
    return this.commit.failure;
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    this.checkOpen();
    const at = request.revision || this.durable;
    this.state.checkReadable(at, this.durable);
    return readRange(this.state, request, this.durable, at);
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    this.checkWritable();
    const { state } = this;
    const plan = planTxn(state, request);
    const applier = new Applier(state);
    let result: TxnResult;
    try {
      result = applier.run(plan);
    } catch (e) {
      // The disk failed under a read; what was changed before it cannot be taken back.
      throw applier.changes.length > 0 ? this.commit.stop(e) : e;
    }
    if (applier.changes.length > 0) this.commit.add(state.revision, applier.changes);
    // A result that shows nothing but durable state need not wait.
    else if (this.commit.settled) return result;
    return this.commit.durable(result);
  }

  watch(request: WatchRequest, sink: WatchSink): Watch {
    this.checkOpen();
    return this.hub.watch(request, sink);
  }

  async compact(revision: number, physical = false): Promise<void> {
    this.checkWritable();
    const { state } = this;
    if (revision <= state.compactRevision) throw new CompactedError(state.compactRevision);
    if (revision > this.durable) throw new FutureRevisionError();
    state.compactRevision = revision;
    this.journal.compact(revision);
    await this.commit.durable(undefined);
    const done = this.keepUp(async () => {
      await this.prune();
      if (this.garbage() > Math.max(this.live(), REWRITE_GARBAGE)) await this.rewriteLog();
    });
    if (physical) await done;
  }

  async leaseGrant(ttl: number, id = 0n): Promise<{ id: bigint; ttl: number }> {
    this.checkWritable();
    if (id !== 0n && this.lessor.get(id)) throw new LeaseExistsError();
    const chosen = id !== 0n ? id : chooseLeaseId(this.env.random, (taken) => this.lessor.get(taken) !== undefined);
    const lease = this.lessor.add(chosen, ttl, false);
    this.journal.grant(chosen, ttl);
    await this.commit.durable(undefined);
    lease.visible = true;
    return { id: chosen, ttl };
  }

  async leaseRevoke(id: bigint): Promise<void> {
    this.checkWritable();
    const lease = this.lessor.get(id);
    if (!lease) throw new LeaseNotFoundError();
    const { state } = this;
    const keys = [...lease.keys].sort();
    const versions: Version[] = [];
    for (const key of keys) {
      const entry = state.index.get(key);
      if (entry && !entry.head.deleted) versions.push(state.delete(entry, state.revision + 1, versions.length));
    }
    this.lessor.remove(id);
    if (versions.length > 0) {
      state.revision++;
      this.commit.add(state.revision, versions);
    }
    this.journal.revoke(id);
    await this.commit.durable(undefined);
  }

  async leaseKeepAlive(id: bigint): Promise<number> {
    this.checkOpen();
    return this.lessor.renew(id);
  }

  async leaseTimeToLive(id: bigint, keys = false): Promise<LeaseStatus> {
    this.checkOpen();
    const lease = this.lessor.get(id);
    if (!lease?.visible) return { id, ttl: -1, grantedTtl: 0 };
    const status = { id, ttl: this.lessor.remaining(lease), grantedTtl: lease.ttl };
    return keys ? { ...status, keys: [...lease.keys].sort() } : status;
  }

  /** Soonest to end first. */
  async leases(): Promise<readonly bigint[]> {
    this.checkOpen();
    const visible = [...this.lessor.all()].filter((l) => l.visible);
    return visible.sort((a, b) => a.expiry - b.expiry).map((l) => l.id);
  }

  async status(): Promise<StoreStatus> {
    const { state } = this;
    return {
      revision: this.durable,
      compactRevision: state.compactRevision,
      size: this.journal.size || state.bytesInUse,
      sizeInUse: this.journal.size ? Math.min(this.live(), this.journal.size) : state.bytesInUse,
      keys: state.index.live,
    };
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    this.closed = true;
    this.lessor.stop();
    await this.commit.whenSettled();
    await this.upkeep.catch(() => {});
    this.hub.close();
    this.journal.close();
  }

  // Maintenance: what an operator asks of a store beside its data.

  async defragment(): Promise<void> {
    this.checkWritable();
    await this.keepUp(async () => {
      await this.prune();
      await this.rewriteLog();
    });
  }

  note(name: string): Uint8Array | undefined {
    return this.state.notes.get(name);
  }

  async setNote(name: string, value: Uint8Array): Promise<void> {
    this.checkWritable();
    this.state.notes.set(name, value);
    this.journal.note(name, value);
    await this.commit.durable(undefined);
  }

  snapshot(): StoreSnapshot {
    this.checkOpen();
    const { state, durable: revision, journal } = this;
    const unpin = journal instanceof Log ? journal.pin() : () => {};
    const versions: Version[] = [];
    state.index.scan('', undefined, (entry) => {
      for (let v: Version | undefined = entry.head; v !== undefined; v = v.prev) {
        if (v.mod > revision) continue;
        // What lies below the compaction and is not pruned yet is not to be seen any more.
        if (v.mod > state.compactRevision || !v.deleted) versions.push(v);
        if (v.mod <= state.compactRevision) break;
      }
      return true;
    });
    const leases = [...this.lessor.all()].filter((l) => l.visible);
    let ordered: readonly Version[] | undefined;
    const sorted = () => (ordered ??= sortByRevision(versions));
    return {
      revision,
      compactRevision: state.compactRevision,
      leases: leases.map((l) => ({ id: l.id, ttl: l.ttl, remaining: this.lessor.remaining(l) })),
      notes: [...state.notes],
      *history(): Iterable<HistoryRecord> {
        for (const v of sorted()) yield { ...toKeyValue(v, pinnedValue(v)), sub: v.sub, deleted: v.deleted };
      },
      *outline(): Iterable<HistoryOutline> {
        for (const v of sorted()) {
          const { key, mod, sub, create, count, lease, deleted, length } = v;
          const value = () => pinnedValue(v);
          yield { key, modRevision: mod, sub, createRevision: create, version: count, lease, deleted, length, value };
        }
      },
      release: unpin,
    };
  }

  /** Bytes that the log would take if it were rewritten now. */
  private live(): number {
    return SEGMENT_HEAD + this.state.bytesInUse + RECORD_OVERHEAD * (this.state.index.size + this.state.history.length);
  }

  private garbage(): number {
    return this.journal instanceof Log ? this.journal.used - this.live() : 0;
  }

  private async prune(): Promise<void> {
    const next = this.state.pruner();
    while (!next()) await yieldTurn();
  }

  private async rewriteLog(): Promise<void> {
    const { journal: log, state } = this;
    if (!(log instanceof Log) || this.failure || this.closed) return;
    const base: BaseHead = {
      revision: state.revision,
      compactRevision: state.compactRevision,
      leases: [...this.lessor.all()].map((l) => ({ id: l.id, ttl: l.ttl })),
      notes: [...state.notes],
    };
    const cut = log.cut();
    await this.commit.durable(undefined);
    await rewrite(log, this.env.random, state, base, cut.head!, () => this.closed || this.failure !== undefined);
  }

  private keepUp(work: () => Promise<void>): Promise<void> {
    const done = this.upkeep.then(work);
    this.upkeep = done.catch((e) => this.env.log.error('store upkeep failed', { error: String(e) }));
    return done;
  }

  private onFailure(error: StoreFailedError): void {
    this.lessor.stop();
    this.env.log.error('the store is read-only', { error: error.message });
  }

  private checkOpen(): void {
    if (this.closed) throw new Error('the store is closed');
  }

  private checkWritable(): void {
    this.checkOpen();
    if (this.commit.failure) throw this.commit.failure;
  }
}

/** A value that memory or a pinned file has, without bringing it into the cache. */
function pinnedValue(v: Version): Uint8Array {
  return v.value ?? (v.length === 0 ? EMPTY : v.file!.read(v.offset, v.length));
}

/** A state that came from elsewhere, as the state to begin with. */
export function loadState(from: StoreState, state: State, lessor: Lessor): void {
  for (const lease of from.leases) lessor.add(lease.id, lease.ttl, true, lease.remaining);
  for (const [name, value] of from.notes) state.notes.set(name, value);
  for (const r of from.history)
    state.restore(r.key, r.modRevision, r.sub, r.createRevision, r.version, r.lease, r.deleted, r.value, r.value.length);
  state.revision = from.revision;
  state.compactRevision = from.compactRevision;
  state.finishRestore();
}
