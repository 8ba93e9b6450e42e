/**
 * The store that an etcd cluster keeps. All reads are linearizable, whatever they ask for. `revision` is the newest that this process has
 * seen; `latest()` asks the cluster.
 */
import type { Env } from '../../util/component.js';
import { chooseLeaseId } from '../lease-id.js';
import {
  CompactedError,
  LeaseNotFoundError,
  type LeaseStatus,
  type RangeRequest,
  type RangeResult,
  type Store,
  type StoreStatus,
  type TxnRequest,
  type TxnResult,
  type Watch,
  type WatchRequest,
  type WatchSink,
} from '../store.js';
import { type Change, changesOf, writes } from './changes.js';
import { fromRange, fromTxn, toRange, toTxn } from './convert.js';
import { RemoteStoreError } from './errors.js';
import { KeepAlives } from './keep-alive.js';
import type { Members } from './members.js';
import { Watches } from './watches.js';

const READ = { write: false } as const;
const WRITE = { write: true } as const;
const FAILED_PRECONDITION = 9;

export class RemoteStore implements Store {
  private newest = 1;
  private clusterId = 0n;
  private readonly watches: Watches;
  private readonly keepAlives: KeepAlives;
  private asking: Promise<number> | undefined;
  private askNext: Promise<number> | undefined;

  constructor(
    private readonly members: Members,
    private readonly env: Env,
    private readonly requestTimeoutMs: number,
  ) {
    this.watches = new Watches(members, env, (revision) => this.saw(revision));
    this.keepAlives = new KeepAlives(members, env, requestTimeoutMs);
  }

  get revision(): number {
    return this.newest;
  }

  /** The newest revision of the cluster. Callers that come together share one question, asked after they came. */
  latest(): Promise<number> {
    if (!this.asking) {
      this.asking = this.askRevision().finally(() => (this.asking = undefined));
      return this.asking;
    }
    this.askNext ??= this.asking
      .catch(() => 0)
      .then(() => {
        this.askNext = undefined;
        return this.latest();
      });
    return this.askNext;
  }

  async range(request: RangeRequest): Promise<RangeResult> {
    return toRange(await this.read(request), this.newest);
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    const write = writes(request);
    const message = fromTxn(request, write && this.watches.any);
    const answer = await this.members.call('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse', message, { write });
    const revision = this.header(answer.header);
    if (write) await this.told(changesOf(request, answer), revision);
    return toTxn(request, answer, revision);
  }

  watch(request: WatchRequest, sink: WatchSink): Watch {
    const watcher = this.watches.watch(request, sink, request.startRevision || this.newest + 1);
    return {
      // Only the cluster could say.
      inStep: false,
      cancel: () => this.watches.cancel(watcher),
      requestProgress: () => {
        // The present of the cluster, not of this process; while none answers, a later request asks again.
        this.latest().then(
          (revision) => this.watches.progress(watcher, revision),
          (e: Error) => this.env.log.debug('no progress of a watch', { error: e.message }),
        );
      },
    };
  }

  async compact(revision: number, physical = false): Promise<void> {
    const answer = await this.members
      .call('/etcdserverpb.KV/Compact', 'CompactionRequest', 'CompactionResponse', { revision, physical }, WRITE)
      .catch((e) => this.explained(e));
    this.header(answer.header);
  }

  async leaseGrant(ttl: number, id = 0n): Promise<{ id: bigint; ttl: number }> {
    const wanted = id !== 0n ? id : chooseLeaseId(this.env.random);
    const answer = await this.members.call(
      '/etcdserverpb.Lease/LeaseGrant',
      'LeaseGrantRequest',
      'LeaseGrantResponse',
      { ttl, id: wanted },
      WRITE,
    );
    this.header(answer.header);
    return { id: answer.id, ttl: answer.ttl };
  }

  async leaseRevoke(id: bigint): Promise<void> {
    const answer = await this.members.call('/etcdserverpb.Lease/LeaseRevoke', 'LeaseRevokeRequest', 'LeaseRevokeResponse', { id }, WRITE);
    this.header(answer.header);
  }

  leaseKeepAlive(id: bigint): Promise<number> {
    return this.keepAlives.renew(id);
  }

  async leaseTimeToLive(id: bigint, keys = false): Promise<LeaseStatus> {
    try {
      const r = await this.members.call(
        '/etcdserverpb.Lease/LeaseTimeToLive',
        'LeaseTimeToLiveRequest',
        'LeaseTimeToLiveResponse',
        { id, keys },
        READ,
      );
      const status = { id, ttl: r.ttl, grantedTtl: r.grantedTtl };
      return keys && r.ttl >= 0 ? { ...status, keys: [...r.keys].sort() } : status;
    } catch (e) {
      if (e instanceof LeaseNotFoundError) return { id, ttl: -1, grantedTtl: 0 };
      throw e;
    }
  }

  async leases(): Promise<readonly bigint[]> {
    // A member answers from its own state: it has to have caught up first. The same member is asked both, unless it fails between.
    await this.askRevision();
    const r = await this.members.call('/etcdserverpb.Lease/LeaseLeases', 'LeaseLeasesRequest', 'LeaseLeasesResponse', {}, READ);
    return r.leases.map((l) => l.id);
  }

  /** Sizes are those of the member that answers. */
  async status(): Promise<StoreStatus> {
    const all = await this.range({ key: '\0', end: '\0', countOnly: true });
    const status = await this.members.call('/etcdserverpb.Maintenance/Status', 'StatusRequest', 'StatusResponse', {}, READ);
    return {
      revision: all.revision,
      compactRevision: await this.compactRevision(),
      size: status.dbSize,
      sizeInUse: status.dbSizeInUse,
      keys: all.count,
    };
  }

  async close(): Promise<void> {
    if (this.members.closed) return;
    this.members.close();
    this.watches.close();
    this.keepAlives.close();
  }

  private async read(request: RangeRequest) {
    const answer = await this.members
      .call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', fromRange({ ...request, serializable: false }), READ)
      .catch((e) => this.explained(e));
    this.header(answer.header);
    return answer;
  }

  /** Throws the error, with the revision that etcd does not say. */
  private async explained(e: unknown): Promise<never> {
    throw e instanceof CompactedError ? new CompactedError(await this.compactRevision().catch(() => 0)) : e;
  }

  private async askRevision(): Promise<number> {
    const answer = await this.members.call(
      '/etcdserverpb.KV/Range',
      'RangeRequest',
      'RangeResponse',
      { key: '\0', countOnly: true, limit: 1 },
      READ,
    );
    return this.header(answer.header);
  }

  /** 0: nothing was compacted. etcd says it to a watch that begins too early, and nowhere else that is cheap. */
  private async compactRevision(): Promise<number> {
    try {
      await this.members.call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: '\0', countOnly: true, revision: 1 }, READ);
      return 0;
    } catch (e) {
      if (!(e instanceof CompactedError)) throw e;
    }
    return new Promise((resolve, reject) => {
      const sink: WatchSink = {
        events() {},
        end: (e) => {
          timer.cancel();
          if (e instanceof CompactedError) resolve(e.compactRevision);
          else reject(e ?? new Error('etcd did not say which revisions it has compacted'));
        },
      };
      const watcher = this.watches.watch({ key: '\0', startRevision: 1 }, sink, 1);
      // A member that lags behind may not know of the compaction yet.
      const timer = this.env.clock.after(this.requestTimeoutMs, () => this.watches.cancel(watcher));
    });
  }

  /** Waits until the watches have been given what a write changed; no longer than a request may last. */
  private async told(changes: readonly Change[], revision: number): Promise<void> {
    if (changes.length === 0 || !this.watches.any) return;
    const { clock, log } = this.env;
    await new Promise<void>((resolve) => {
      const timer = clock.after(this.requestTimeoutMs, () => {
        log.warn('a write was acknowledged while the watches of etcd stand still', { revision });
        resolve();
      });
      void this.watches.told(changes, revision).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  private header(header: { readonly clusterId: bigint; readonly revision: number } | undefined): number {
    if (!header) throw new Error('an answer of etcd without a header');
    if (this.clusterId === 0n) this.clusterId = header.clusterId;
    else if (header.clusterId !== this.clusterId)
      throw new RemoteStoreError(
        FAILED_PRECONDITION,
        `the etcd endpoints belong to different clusters (${this.clusterId.toString(16)} and ${header.clusterId.toString(16)}): name members of one`,
      );
    this.saw(header.revision);
    return header.revision;
  }

  private saw(revision: number): void {
    if (revision > this.newest) this.newest = revision;
  }
}
