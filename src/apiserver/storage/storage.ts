/**
 * The one write path and the caches behind every read. A change is computed from the current object and committed under the store's
 * compare-and-swap; patch, apply, update, status and scale are ways to compute "next". Only this file and the allocators talk to the store.
 */
import type { ResourceDefinition } from '../../api/resource.js';
import { alreadyExistsError, internalError, StatusError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { type KeyValue, prefixEnd, type Store, type StoreEvent, type Watch } from '../../store/store.js';
import { text } from '../../util/bytes.js';
import type { Env } from '../../util/component.js';
import { ResourceCache } from './cache.js';
import { Entry, serialize } from './entry.js';

export const REGISTRY = '/registry/';

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
  private feed?: Watch;
  private failed?: Error;
  /** The newest revision the caches have seen. */
  revision = 0;
  private waiting: { revision: number; resolve: () => void }[] = [];
  private readonly ttlLeases = new Map<number, { id: bigint; until: number }>();

  constructor(
    readonly store: Store,
    private readonly env: Env,
  ) {}

  /** Reads everything under /registry/ once and follows the store from there. */
  async start(): Promise<void> {
    const all = await this.store.range({ key: REGISTRY, end: prefixEnd(REGISTRY) });
    this.revision = all.revision;
    for (const kv of all.kvs) this.load(kv);
    this.feed = this.store.watch(
      { key: REGISTRY, end: prefixEnd(REGISTRY), startRevision: all.revision + 1 },
      {
        events: (events, revision) => this.committed(events, revision),
        progress: (revision) => this.seen(revision),
        end: (error) => {
          if (error) {
            this.failed = error;
            this.env.log.error('the store watch ended', { error: error.message });
          }
        },
      },
    );
  }

  stop(): void {
    this.feed?.cancel();
    for (const cache of this.caches.values()) cache.closeWatches();
  }

  /** The cache of a key prefix such as `/registry/pods`; made on first use. */
  cache(keyPrefix: string): ResourceCache {
    const prefix = `${keyPrefix}/`;
    let cache = this.caches.get(prefix);
    if (!cache) {
      cache = new ResourceCache(prefix, this.revision);
      this.caches.set(prefix, cache);
      // Objects of a resource that is defined later than they were stored (a CRD after a restart).
      for (const [home, orphans] of this.unclaimed) if (home === prefix) for (const kv of orphans) cache.load(this.entryOf(prefix, kv));
      this.unclaimed.delete(prefix);
    }
    return cache;
  }
  private readonly unclaimed = new Map<string, KeyValue[]>();

  keyOf(definition: ResourceDefinition, namespace: string, name: string): string {
    return definition.namespaced ? `${definition.keyPrefix}/${namespace}/${name}` : `${definition.keyPrefix}/${name}`;
  }

  get(definition: ResourceDefinition, namespace: string, name: string): Entry | undefined {
    return this.cache(definition.keyPrefix!).get(this.keyOf(definition, namespace, name));
  }

  list(definition: ResourceDefinition, namespace: string, from?: string): Entry[] {
    return this.cache(definition.keyPrefix!).list(definition.namespaced ? namespace : '', from);
  }

  /** Waits until the caches hold all that was durable when it was called. With the embedded store that is always so already. */
  async fresh(revision = this.store.revision): Promise<void> {
    if (this.revision >= revision) return;
    this.feed?.requestProgress();
    await new Promise<void>((resolve) => this.waiting.push({ revision, resolve }));
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
    let current = this.cache(definition.keyPrefix!).get(key);
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      const decided = await next(current, attempt);
      if ('keep' in decided) return { entry: current!, removed: false, changed: false };
      if ('remove' in decided) {
        if (options.dryRun) return { entry: current!, removed: true, changed: true };
        const done = await this.store.txn({
          compare: [{ key, target: 'mod', result: '=', value: current!.revision }],
          success: [{ delete: { key } }],
          failure: [{ range: { key } }],
        });
        if (done.succeeded) {
          const entry = new Entry(key, current!.namespace, current!.name, done.revision, serialize(current!.object));
          return { entry, removed: true, changed: true };
        }
        current = this.reread(done.results[0]);
        continue;
      }
      const object = decided.put;
      const bytes = serialize(object);
      if (current?.isStored(bytes, object)) return { entry: current, removed: false, changed: false };
      if (options.dryRun) {
        const revision = current?.revision ?? 0;
        const entry = new Entry(key, namespace, name, revision, bytes, object);
        return { entry, removed: false, changed: true };
      }
      this.pending.set(bytes, object);
      const lease = options.ttl ? await this.leaseFor(options.ttl) : undefined;
      const done = await this.store.txn({
        compare: [{ key, target: 'mod', result: '=', value: current?.revision ?? 0 }],
        success: [{ put: { key, value: bytes, lease } }],
        failure: [{ range: { key } }],
      });
      if (done.succeeded) {
        const cached = this.cache(definition.keyPrefix!).get(key);
        if (cached?.revision === done.revision) return { entry: cached, removed: false, changed: true };
        return { entry: new Entry(key, namespace, name, done.revision, bytes, object), removed: false, changed: true };
      }
      const was = current;
      current = this.reread(done.results[0]);
      if (!was && current) throw alreadyExistsError({ group: definition.group, resource: definition.plural }, name);
    }
    throw internalError(`no write to ${key} came through in ${WRITE_ATTEMPTS} attempts`);
  }

  /** A list of one resource as it was at an older revision: later pages of a list that began then. */
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
        continue;
      }
      const cache = this.caches.get(prefix)!;
      if (type === 'put') cache.apply('put', this.entryOf(prefix, kv));
      else {
        const last = cache.get(kv.key);
        if (last) cache.apply('delete', new Entry(kv.key, last.namespace, last.name, kv.modRevision, serialize(last.object)));
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
    for (const w of ready) w.resolve();
  }

  private load(kv: KeyValue): void {
    const prefix = this.prefixOf(kv.key);
    if (prefix) this.caches.get(prefix)!.load(this.entryOf(prefix, kv));
    else this.remember(kv);
  }

  private remember(kv: KeyValue): void {
    const parts = kv.key.split('/');
    // /registry/<group>/<plural>/…: a custom resource whose definition is not served (yet).
    const prefix = `${parts.slice(0, 4).join('/')}/`;
    const list = this.unclaimed.get(prefix) ?? [];
    list.push(kv);
    this.unclaimed.set(prefix, list);
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
    return new Entry(kv.key, namespace, slash < 0 ? rest : rest.slice(slash + 1), kv.modRevision, kv.value, this.pending.get(kv.value));
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

/** For tests and tools: the object in a stored value. */
export const parseStored = (value: Uint8Array): AnyObject => {
  const object = JSON.parse(text(value)) as AnyObject;
  if (!object.metadata) throw new StatusError(500, 'InternalError', 'a stored value without metadata');
  return object;
};
