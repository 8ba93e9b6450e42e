/**
 * A local copy of a kind, kept by list and watch, with handlers for what changes. One informer per kind serves all who ask for it.
 * The life of the copy is a small machine: list -> watch from there -> (expired: list again; broken: back off, watch on).
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { isExpired } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { Client, KindRef, ObjectOf, Selection } from './client.js';

export interface Handler<T> {
  add?(object: T): void;
  update?(object: T, old: T): void;
  delete?(object: T): void;
}

export interface Lister<T> {
  /** `namespace` '' for cluster-scoped kinds. */
  get(namespace: string, name: string): T | undefined;
  list(namespace?: string): T[];
  /** Objects under a key of an index that was added before the start. */
  byIndex(index: string, key: string): T[];
  /** How many there are. */
  count(index: string, key: string): number;
}

export interface Informer<T> extends Lister<T> {
  /** Events from now on; the present objects come as adds. */
  on(handler: Handler<T>): void;
  /** An index: the keys under which an object is found. Add before start. */
  index(name: string, keys: (object: T) => readonly string[]): void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

type State = { readonly is: 'list' } | { readonly is: 'watch'; readonly from: string };

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;

export const keyOf = (o: { metadata: { namespace?: string; name: string } }): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;

class Index<T> {
  readonly byKey = new Map<string, Map<string, T>>();
  constructor(readonly keys: (object: T) => readonly string[]) {}
  put(id: string, object: T): void {
    for (const k of this.keys(object)) {
      let m = this.byKey.get(k);
      if (!m) this.byKey.set(k, (m = new Map()));
      m.set(id, object);
    }
  }
  drop(id: string, object: T): void {
    for (const k of this.keys(object)) {
      const m = this.byKey.get(k);
      m?.delete(id);
      if (m?.size === 0) this.byKey.delete(k);
    }
  }
}

export class KindInformer<R extends KindRef, T extends ObjectOf<R> & ApiObject = ObjectOf<R> & ApiObject> implements Informer<T> {
  private readonly objects = new Map<string, T>();
  private readonly byNamespace = new Map<string, Map<string, T>>();
  private readonly handlers: Handler<T>[] = [];
  private readonly indexes = new Map<string, Index<T>>();
  readonly synced: Promise<void>;
  hasSynced = false;
  private markSynced!: () => void;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly ref: R & Selection,
  ) {
    this.synced = new Promise((resolve) => {
      this.markSynced = () => {
        this.hasSynced = true;
        resolve();
      };
    });
  }

  get(namespace: string, name: string): T | undefined {
    return this.objects.get(`${namespace}/${name}`);
  }

  list(namespace?: string): T[] {
    return [...((namespace === undefined || namespace === '' ? this.objects : this.byNamespace.get(namespace))?.values() ?? [])];
  }

  byIndex(index: string, key: string): T[] {
    return [...(this.under(index, key)?.values() ?? [])];
  }

  count(index: string, key: string): number {
    return this.under(index, key)?.size ?? 0;
  }

  private under(index: string, key: string): ReadonlyMap<string, T> | undefined {
    const found = this.indexes.get(index);
    if (!found) throw new Error(`no index ${index} on ${this.ref.kind}`);
    return found.byKey.get(key);
  }

  index(name: string, keys: (object: T) => readonly string[]): void {
    if (this.indexes.has(name)) return;
    const index = new Index<T>(keys);
    for (const [id, o] of this.objects) index.put(id, o);
    this.indexes.set(name, index);
  }

  on(handler: Handler<T>): void {
    this.handlers.push(handler);
    for (const o of this.objects.values()) handler.add?.(o);
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let state: State = { is: 'list' };
    let retry = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        if (state.is === 'list') state = { is: 'watch', from: await this.relist(signal) };
        else {
          const watching: { is: 'watch'; from: string } = { is: 'watch', from: state.from };
          state = watching;
          // Where it got to holds even if it breaks: nothing is seen a second time.
          await this.follow(watching, signal);
        }
        retry = FIRST_RETRY_MS;
      } catch (e) {
        if (signal.aborted) return;
        if (isExpired(e)) {
          state = { is: 'list' };
          continue;
        }
        this.env.log.debug('a list or watch failed and is tried again', { kind: this.ref.kind, error: (e as Error).message });
        await sleep(this.env.clock, retry * (1 + this.env.random.float()), signal);
        retry = Math.min(retry * 2, LAST_RETRY_MS);
      }
    }
  }

  private async relist(signal: AbortSignal): Promise<string> {
    const list = await this.client.list(this.ref, { signal });
    const gone = new Set(this.objects.keys());
    for (const o of list.items as T[]) {
      gone.delete(keyOf(o));
      this.put(o);
    }
    for (const id of gone) this.drop(this.objects.get(id)!);
    this.markSynced();
    return list.metadata.resourceVersion ?? '';
  }

  /** Until the server ends it; moves `at` on with each event. */
  private async follow(at: { from: string }, signal: AbortSignal): Promise<void> {
    for await (const e of this.client.watch(this.ref, { resourceVersion: at.from, bookmarks: true, signal })) {
      const object = e.object as T;
      if (e.type === 'DELETED') this.drop(object);
      else if (e.type !== 'BOOKMARK') this.put(object);
      at.from = object.metadata.resourceVersion;
    }
  }

  private put(object: T): void {
    const id = keyOf(object);
    let old = this.objects.get(id);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    // Deleted and made anew while nobody watched: another object, whose handlers must hear that the one before is gone.
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.drop(old);
      old = undefined;
    }
    this.objects.set(id, object);
    const namespace = object.metadata.namespace ?? '';
    let own = this.byNamespace.get(namespace);
    if (!own) this.byNamespace.set(namespace, (own = new Map()));
    own.set(id, object);
    for (const i of this.indexes.values()) {
      if (old) i.drop(id, old);
      i.put(id, object);
    }
    for (const h of this.handlers) this.tell(() => (old ? h.update?.(object, old) : h.add?.(object)));
  }

  private drop(object: T): void {
    const id = keyOf(object);
    const old = this.objects.get(id);
    if (!old) return;
    this.objects.delete(id);
    const namespace = object.metadata.namespace ?? '';
    const own = this.byNamespace.get(namespace);
    own?.delete(id);
    if (own?.size === 0) this.byNamespace.delete(namespace);
    for (const i of this.indexes.values()) i.drop(id, old);
    for (const h of this.handlers) this.tell(() => h.delete?.(object));
  }

  /** A handler's fault is its own: the copy stays right. */
  private tell(call: () => void): void {
    try {
      call();
    } catch (e) {
      this.env.log.error('an informer handler failed', { kind: this.ref.kind, error: (e as Error).stack });
    }
  }
}

/** The informers of one process: asked for by kind, shared, started and stopped together. */
export class Informers {
  private readonly all = new Map<string, KindInformer<KindRef>>();
  private readonly running: { readonly abort: AbortController; readonly done: Promise<void> }[] = [];
  private started = false;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  for<R extends KindRef>(ref: R & Selection): Informer<ObjectOf<R>> {
    const key = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, ref.labelSelector, ref.fieldSelector]);
    let found = this.all.get(key);
    if (!found) {
      found = new KindInformer(this.client, this.env, ref) as unknown as KindInformer<KindRef>;
      this.all.set(key, found);
      if (this.started) this.run(found);
    }
    return found as unknown as Informer<ObjectOf<R>>;
  }

  /** Starts what was asked for so far; resolves when all of it is in. */
  async start(): Promise<void> {
    this.started = true;
    if (!this.running.length) for (const i of this.all.values()) this.run(i);
    await Promise.all([...this.all.values()].map((i) => i.synced));
  }

  async stop(): Promise<void> {
    for (const r of this.running) r.abort.abort();
    await Promise.allSettled(this.running.map((r) => r.done));
  }

  private run(informer: KindInformer<KindRef>): void {
    const abort = new AbortController();
    this.running.push({ abort, done: informer.run(abort.signal) });
  }
}
