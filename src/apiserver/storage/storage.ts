/**
 * The one write path and the caches behind every read. A change is computed from the current object and committed under the store's
 * compare-and-swap; patch, apply, update, status and scale are ways to compute "next". Only this file and the allocators talk to the store.
 */
import type { ResourceDefinition } from '../../api/resource.js';
import { alreadyExistsError, internalError, timeoutError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { type KeyValue, prefixEnd, type Store, type StoreEvent, type Watch } from '../../store/store.js';
import { every, sleep, type Timer } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import { Bookmarks } from './bookmarks.js';
import { ResourceCache } from './cache.js';
import { Entry, serialize } from './entry.js';
import { HistoryBudget } from './history.js';

export const REGISTRY = '/registry/';

/** How long a read waits for the caches to be as new as the store. */
const FRESH_MS = 10_000;
/** Objects that are read at a time from a store elsewhere. */
const PAGE = 1000;
/** How often the watch of a store elsewhere is brought up to date while nothing changes, so that it resumes from what is not compacted. */
const PROGRESS_MS = 60_000;
/** How often changes that are old are forgotten. */
const AGEING_MS = 60_000;
/** Between attempts to read a store again whose changes were missed. */
const RESYNC_MS = 1000;
/** Attempts at a compare-and-swap before the write is given up as a conflict. */
const WRITE_ATTEMPTS = 100;

/** What a write function decides on: the next object, the removal of this one, or that all stays as it is. */
export type Next = { readonly put: AnyObject } | { readonly remove: true } | { readonly keep: true };

export interface WriteOptions {
  /** Compute and check only. */
  readonly dryRun?: boolean;
  /** Seconds to live. */
  readonly ttl?: number;
  /** A change that alters no byte still gets a revision (never needed by clients; deletes of events). */
  readonly what: { readonly definition: ResourceDefinition; readonly namespace: string; readonly name: string };
}

export interface Written {
  readonly entry: Entry;
  readonly removed: boolean;
  readonly changed: boolean;
}

export class Storage {
  private readonly caches = new Map<string, ResourceCache>();
  /** Objects parsed by the write that is under way, found again by their bytes when the store's watch brings them. */
  private readonly pending = new WeakMap<Uint8Array, AnyObject>();
  /** What is kept of the past, of all resources together. */
  readonly history = new HistoryBudget(() => this.env.clock.monotonic());
  readonly bookmarks: Bookmarks;
  private feed?: Watch;
  private failed?: Error;
  private stopped = false;
  private progress?: Timer;
  private ageing?: Timer;
  /** The newest revision the caches have seen. */
  revision = 0;
  private waiting: { revision: number; resolve: () => void; timer: Timer }[] = [];
  private readonly ttlLeases = new Map<number, { id: bigint; until: number }>();

  constructor(
    readonly store: Store,
    private readonly env: Env,
  ) {
    this.bookmarks = new Bookmarks(env.clock, () => this.revision);
  }

  /** Reads everything under /registry/ once and follows the store from there. */
  async start(): Promise<void> {
    const all = await this.readAll();
    this.revision = all.revision;
    for (const kv of all.kvs) this.load(kv);
    this.follow(all.revision + 1);
    this.ageing = every(this.env.clock, AGEING_MS, () => {
      this.history.forgetOld();
      for (const cache of this.caches.values()) cache.forgetUnused();
    });
    if (this.shared) this.progress = every(this.env.clock, PROGRESS_MS, () => this.feed?.requestProgress());
  }

  /** Everything, as of one revision; in pages where it comes over a network, so that no single answer takes too long. */
  private async readAll(): Promise<{ revision: number; kvs: KeyValue[] }> {
    const range = { key: REGISTRY, end: prefixEnd(REGISTRY), limit: this.shared ? PAGE : 0 };
    let page = await this.store.range(range);
    const { revision } = page;
    const kvs = [...page.kvs];
    while (page.more) {
      page = await this.store.range({ ...range, key: `${kvs[kvs.length - 1]!.key}\0`, revision });
      for (const kv of page.kvs) kvs.push(kv);
    }
    return { revision, kvs };
  }

  private follow(startRevision: number): void {
    this.feed = this.store.watch(
      { key: REGISTRY, end: prefixEnd(REGISTRY), startRevision },
      {
        events: (events, revision) => this.committed(events, revision),
        progress: (revision) => this.seen(revision),
        end: (error) => {
          if (!error || this.stopped) return;
          this.failed = error;
          this.env.log.error('the store watch ended', { error: error.message });
          if (this.shared) void this.resync();
        },
      },
    );
  }

  /** Changes were missed that the store does not have any more (it was compacted while it was out of reach): all is read again. */
  private async resync(): Promise<void> {
    while (!this.stopped) {
      try {
        const all = await this.readAll();
        if (this.stopped) return;
        this.unclaimed.clear();
        const states = new Map([...this.caches.keys()].map((prefix) => [prefix, new Map<string, Entry>()]));
        for (const kv of all.kvs) {
          const prefix = this.prefixOf(kv.key);
          if (prefix) states.get(prefix)!.set(kv.key, this.entryOf(prefix, kv));
          else this.remember(kv);
        }
        for (const [prefix, state] of states) this.caches.get(prefix)!.replace(state, all.revision);
        this.seen(all.revision);
        this.failed = undefined;
        this.env.log.info('the store was read again', { revision: all.revision });
        return this.follow(all.revision + 1);
      } catch (e) {
        this.env.log.error('the store could not be read again', { error: String(e) });
        await sleep(this.env.clock, RESYNC_MS);
      }
    }
  }

  /** Whether other processes write to this store: what the caches hold may be old. */
  private get shared(): boolean {
    return this.store.latest !== undefined;
  }

  stop(): void {
    this.stopped = true;
    this.progress?.cancel();
    this.ageing?.cancel();
    this.feed?.cancel();
    for (const cache of this.caches.values()) cache.closeWatches();
  }

  /** The cache of a resource; made on first use. */
  cache({ keyPrefix, indexedFields }: Pick<ResourceDefinition, 'keyPrefix' | 'indexedFields'>): ResourceCache {
    const prefix = `${keyPrefix}/`;
    let cache = this.caches.get(prefix);
    if (!cache) {
      cache = new ResourceCache(prefix, this.revision, this.history, indexedFields);
      this.caches.set(prefix, cache);
      // Objects of a resource that is defined later than they were stored (a CRD after a restart).
      for (const [home, orphans] of this.unclaimed)
        if (home === prefix) for (const kv of orphans.values()) cache.load(this.entryOf(prefix, kv));
      this.unclaimed.delete(prefix);
    }
    return cache;
  }
  /** Prefix -> key -> what is stored there now. */
  private readonly unclaimed = new Map<string, Map<string, KeyValue>>();

  keyOf(definition: ResourceDefinition, namespace: string, name: string): string {
    return definition.namespaced ? `${definition.keyPrefix}/${namespace}/${name}` : `${definition.keyPrefix}/${name}`;
  }

  get(definition: ResourceDefinition, namespace: string, name: string): Entry | undefined {
    return this.cache(definition).get(this.keyOf(definition, namespace, name));
  }

  list(definition: ResourceDefinition, namespace: string): Entry[] {
    return this.cache(definition).list(definition.namespaced ? namespace : '');
  }

  /** Waits until the caches hold all that was durable when it was called. With the embedded store that is always so already. */
  async fresh(): Promise<void> {
    const revision = this.store.latest ? await this.store.latest() : this.store.revision;
    if (this.revision >= revision) return;
    this.feed?.requestProgress();
    await new Promise<void>((resolve, reject) => {
      const timer = this.env.clock.after(FRESH_MS, () => {
        this.waiting = this.waiting.filter((w) => w.timer !== timer);
        reject(timeoutError(`the watch of the store is behind: at ${this.revision}, wanted ${revision}`, 1));
      });
      this.waiting.push({ revision, resolve, timer });
    });
  }

  get failure(): Error | undefined {
    return this.failed;
  }

  /**
   * Computes the next object from the current one and commits it, again from the newest one if another write came between.
   * Errors that `next` throws end the write; nothing is stored then.
   */
  async write(options: WriteOptions, next: (current: Entry | undefined, attempt: number) => Promise<Next> | Next): Promise<Written> {
    const { definition, namespace, name } = options.what;
    const key = this.keyOf(definition, namespace, name);
    let current = this.cache(definition).get(key);
    // Where others write too, the cache may be old: what is not checked by a compare-and-swap is decided on what the store has.
    let newest = !this.shared;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      const decided = await decide(next, current, attempt);
      const bytes = 'put' in decided ? serialize(decided.put) : undefined;
      const stored = 'put' in decided && current?.isStored(bytes!, decided.put);
      if (!newest && (options.dryRun || stored || 'keep' in decided || 'error' in decided)) {
        newest = true;
        const now = (await this.store.range({ key })).kvs[0];
        if ((now?.modRevision ?? 0) !== (current?.revision ?? 0)) {
          current = now && this.entryOf(this.prefixOf(key)!, now);
          continue;
        }
      }
      if ('error' in decided) throw decided.error;
      if ('keep' in decided) return { entry: current!, removed: false, changed: false };
      if ('remove' in decided) {
        if (options.dryRun) return { entry: current!, removed: true, changed: true };
        const done = await this.store.txn({
          compare: [{ key, target: 'mod', result: '=', value: current!.revision }],
          success: [{ delete: { key } }],
          failure: [{ range: { key } }],
        });
        if (done.succeeded) {
          return { entry: current!.deletedAt(done.revision), removed: true, changed: true };
        }
        current = this.reread(done.results[0]);
        newest = true;
        continue;
      }
      const object = decided.put;
      if (stored) return { entry: current!, removed: false, changed: false };
      if (options.dryRun) {
        const revision = current?.revision ?? 0;
        const entry = new Entry(key, namespace, name, revision, bytes!, object);
        return { entry, removed: false, changed: true };
      }
      this.pending.set(bytes!, object);
      const lease = options.ttl ? await this.leaseFor(options.ttl) : undefined;
      const done = await this.store.txn({
        compare: [{ key, target: 'mod', result: '=', value: current?.revision ?? 0 }],
        success: [{ put: { key, value: bytes!, lease } }],
        failure: [{ range: { key } }],
      });
      if (done.succeeded) {
        const cached = this.cache(definition).get(key);
        if (cached?.revision === done.revision) return { entry: cached, removed: false, changed: true };
        return { entry: new Entry(key, namespace, name, done.revision, bytes!, object), removed: false, changed: true };
      }
      const was = current;
      current = this.reread(done.results[0]);
      newest = true;
      if (!was && current) throw alreadyExistsError({ group: definition.group, resource: definition.plural }, name);
    }
    throw internalError(`no write to ${key} came through in ${WRITE_ATTEMPTS} attempts`);
  }

  /** A part of a list as it was at an older revision that the cache did not keep. */
  async listAt(
    definition: ResourceDefinition,
    namespace: string,
    revision: number,
    from: string,
    limit: number,
  ): Promise<{ entries: Entry[]; more: boolean; count: number }> {
    const prefix = `${definition.keyPrefix}/${definition.namespaced && namespace ? `${namespace}/` : ''}`;
    const page = await this.store.range({ key: from > prefix ? from : prefix, end: prefixEnd(prefix), revision, limit });
    return { entries: page.kvs.map((kv) => this.entryOf(`${definition.keyPrefix}/`, kv)), more: page.more, count: page.count };
  }

  private reread(result: unknown): Entry | undefined {
    const kv = (result as { range: { kvs: readonly KeyValue[] } }).range.kvs[0];
    return kv && this.entryOf(this.prefixOf(kv.key)!, kv);
  }

  private committed(events: readonly StoreEvent[], revision: number): void {
    for (const { type, kv } of events) {
      const prefix = this.prefixOf(kv.key);
      if (!prefix) {
        if (type === 'put') this.remember(kv);
        else this.unclaimed.get(unclaimedPrefix(kv.key))?.delete(kv.key);
        continue;
      }
      const cache = this.caches.get(prefix)!;
      if (type === 'put') cache.apply('put', this.entryOf(prefix, kv));
      else {
        const last = cache.get(kv.key);
        if (last) cache.apply('delete', last.deletedAt(kv.modRevision));
      }
    }
    this.seen(revision);
  }

  private seen(revision: number): void {
    if (revision <= this.revision) return;
    this.revision = revision;
    if (!this.waiting.length) return;
    const ready = this.waiting.filter((w) => w.revision <= revision);
    this.waiting = this.waiting.filter((w) => w.revision > revision);
    for (const w of ready) {
      w.timer.cancel();
      w.resolve();
    }
  }

  private load(kv: KeyValue): void {
    const prefix = this.prefixOf(kv.key);
    if (prefix) this.caches.get(prefix)!.load(this.entryOf(prefix, kv));
    else this.remember(kv);
  }

  private remember(kv: KeyValue): void {
    const prefix = unclaimedPrefix(kv.key);
    let list = this.unclaimed.get(prefix);
    if (!list) this.unclaimed.set(prefix, (list = new Map()));
    list.set(kv.key, kv);
  }

  /** The cache a key belongs to: by its first two, else three, segments. */
  private prefixOf(key: string): string | undefined {
    const second = key.indexOf('/', REGISTRY.length);
    if (second < 0) return undefined;
    const short = key.slice(0, second + 1);
    const third = key.indexOf('/', second + 1);
    if (third > 0) {
      const long = key.slice(0, third + 1);
      if (this.caches.has(long)) return long;
    }
    return this.caches.has(short) ? short : undefined;
  }

  private entryOf(prefix: string, kv: KeyValue): Entry {
    const rest = kv.key.slice(prefix.length);
    const slash = rest.indexOf('/');
    const namespace = slash < 0 ? '' : rest.slice(0, slash);
    const parsed = this.pending.get(kv.value);
    // The bytes live on in the history: they must not hold the object.
    if (parsed) this.pending.delete(kv.value);
    return new Entry(kv.key, namespace, slash < 0 ? rest : rest.slice(slash + 1), kv.modRevision, kv.value, parsed);
  }

  /** One lease serves all objects of a minute's writes: a lease per event would be thousands. */
  private async leaseFor(ttl: number): Promise<bigint> {
    const now = this.env.clock.now();
    const known = this.ttlLeases.get(ttl);
    if (known && known.until > now) return known.id;
    const { id } = await this.store.leaseGrant(ttl + 60);
    this.ttlLeases.set(ttl, { id, until: now + 60_000 });
    return id;
  }
}

/** /registry/<group>/<plural>/…: a custom resource whose definition is not served (yet). */
const unclaimedPrefix = (key: string): string => `${key.split('/').slice(0, 4).join('/')}/`;

/** What `next` says, or the error that it throws. */
async function decide(
  next: (current: Entry | undefined, attempt: number) => Promise<Next> | Next,
  current: Entry | undefined,
  attempt: number,
): Promise<Next | { readonly error: unknown }> {
  try {
    return await next(current, attempt);
  } catch (error) {
    return { error };
  }
}
