/** A local copy of a kind, with handlers for what changes. */
import type { ApiObject } from '../meta/object.js';
import type { Env } from '../util/component.js';
import type { Client, KindRef, ObjectOf, Selection } from './client.js';
import { Indexer, keyOf, type Lister } from './indexer.js';
import { Reflector, type ReflectorStore } from './reflector.js';

export interface Handler<T> {
  add?(object: T): void;
  update?(object: T, old: T): void;
  delete?(object: T): void;
}

export interface Informer<T> extends Lister<T> {
  /** Events from now on; the present objects come as adds. Returns what ends them. */
  on(handler: Handler<T>): () => void;
  /** An index: the keys under which an object is found. Add before start. */
  index(name: string, keys: (object: T) => readonly string[]): void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
}

export class KindInformer<R extends KindRef, T extends ObjectOf<R> & ApiObject = ObjectOf<R> & ApiObject>
  implements Informer<T>, ReflectorStore<T>
{
  private readonly objects: Indexer<T>;
  private readonly reflector: Reflector<T>;
  private handlers: readonly Handler<T>[] = [];
  readonly synced: Promise<void>;
  hasSynced = false;
  private markSynced!: () => void;

  constructor(
    client: Client,
    private readonly env: Env,
    private readonly ref: R & Selection,
  ) {
    this.objects = new Indexer(ref.kind);
    this.reflector = new Reflector<T>(client, env, ref, this);
    this.synced = new Promise((resolve) => {
      this.markSynced = () => {
        this.hasSynced = true;
        resolve();
      };
    });
  }

  get(namespace: string, name: string): T | undefined {
    return this.objects.get(namespace, name);
  }

  list(namespace?: string): T[] {
    return this.objects.list(namespace);
  }

  byIndex(index: string, key: string): T[] {
    return this.objects.byIndex(index, key);
  }

  count(index: string, key: string): number {
    return this.objects.count(index, key);
  }

  index(name: string, keys: (object: T) => readonly string[]): void {
    this.objects.index(name, keys);
  }

  on(handler: Handler<T>): () => void {
    this.handlers = [...this.handlers, handler];
    for (const o of this.objects.list()) this.tell(() => handler.add?.(o));
    return () => {
      this.handlers = this.handlers.filter((h) => h !== handler);
    };
  }

  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.reflector.run(signal);
  }

  replace(objects: readonly T[]): void {
    const gone = new Map(this.objects.list().map((o) => [keyOf(o), o]));
    for (const o of objects) {
      gone.delete(keyOf(o));
      this.put(o);
    }
    for (const o of gone.values()) this.drop(o);
    this.markSynced();
  }

  put(object: T): void {
    let old = this.get(object.metadata.namespace ?? '', object.metadata.name);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    // Deleted and made anew while nobody watched: another object, whose handlers must hear that the one before is gone.
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.drop(old);
      old = undefined;
    }
    this.objects.put(object);
    for (const h of this.handlers) this.tell(() => (old ? h.update?.(object, old) : h.add?.(object)));
  }

  drop(object: T): void {
    const old = this.get(object.metadata.namespace ?? '', object.metadata.name);
    if (!old) return;
    this.objects.drop(old);
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
