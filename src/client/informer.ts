/**
 * The informers of one process: asked for by kind, shared, started and stopped together. Each user of them counts once for a kind; when the last
 * one lets it go, its watch ends and its copy is forgotten.
 */
import type { ApiObject } from '../meta/object.js';
import type { Env } from '../util/component.js';
import type { Client, KindRef, ObjectOf, Selection } from './client.js';
import { type Handler, type Informer, KindInformer } from './kind-informer.js';

export { keyOf, type Lister } from './indexer.js';
export type { Handler, Informer } from './kind-informer.js';

type AnyInformer = Informer<ApiObject>;

interface Shared {
  readonly informer: KindInformer<KindRef>;
  users: number;
  readonly abort: AbortController;
}

const nameOf = (r: KindRef & Selection): string =>
  `${r.apiVersion} ${r.kind} ${r.namespace ?? ''} ${r.labelSelector ?? ''} ${r.fieldSelector ?? ''}`;

/** What all users share. */
class InformerPool {
  private readonly all = new Map<string, Shared>();
  private readonly running = new Set<Promise<void>>();
  private started = false;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  take(ref: KindRef & Selection): AnyInformer {
    const name = nameOf(ref);
    let shared = this.all.get(name);
    if (!shared) {
      shared = { informer: new KindInformer(this.client, this.env, ref), users: 0, abort: new AbortController() };
      this.all.set(name, shared);
      if (this.started) this.run(shared);
    }
    shared.users++;
    return shared.informer as unknown as AnyInformer;
  }

  release(ref: KindRef & Selection): void {
    const name = nameOf(ref);
    const shared = this.all.get(name);
    if (!shared || --shared.users > 0) return;
    this.all.delete(name);
    shared.abort.abort();
  }

  async start(): Promise<void> {
    if (!this.started) {
      this.started = true;
      for (const s of this.all.values()) this.run(s);
    }
    await Promise.all([...this.all.values()].map((s) => s.informer.synced));
  }

  async stop(): Promise<void> {
    for (const s of this.all.values()) s.abort.abort();
    await Promise.allSettled(this.running);
  }

  private run({ informer, abort }: Shared): void {
    const done = informer.run(abort.signal).finally(() => this.running.delete(done));
    this.running.add(done);
  }
}

/** One user's share in a copy: its handlers go with it. */
class InformerUse implements AnyInformer {
  private readonly offs: (() => void)[] = [];

  constructor(private readonly of: AnyInformer) {}

  get = (namespace: string, name: string) => this.of.get(namespace, name);
  list = (namespace?: string) => this.of.list(namespace);
  byIndex = (index: string, key: string) => this.of.byIndex(index, key);
  count = (index: string, key: string) => this.of.count(index, key);
  index = (name: string, keys: (o: ApiObject) => readonly string[]) => this.of.index(name, keys);

  get synced(): Promise<void> {
    return this.of.synced;
  }
  get hasSynced(): boolean {
    return this.of.hasSynced;
  }

  on(handler: Handler<ApiObject>): () => void {
    const off = this.of.on(handler);
    this.offs.push(off);
    return off;
  }

  end(): void {
    for (const off of this.offs) off();
  }
}

/** What one user has of them. */
export class Informers {
  private readonly uses = new Map<string, InformerUse>();

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly pool = new InformerPool(client, env),
  ) {}

  /** For another user of the same copies: what the one releases the other keeps. */
  another(): Informers {
    return new Informers(this.client, this.env, this.pool);
  }

  /** The same one however often it is asked for. */
  for<R extends KindRef>(ref: R & Selection): Informer<ObjectOf<R>> {
    const name = nameOf(ref);
    let use = this.uses.get(name);
    if (!use) this.uses.set(name, (use = new InformerUse(this.pool.take(ref))));
    return use as unknown as Informer<ObjectOf<R>>;
  }

  /** Its handlers hear nothing more. Where no other user is left, the watch ends; who asks again gets a new copy. */
  release(ref: KindRef & Selection): void {
    const name = nameOf(ref);
    const use = this.uses.get(name);
    if (!use) return;
    this.uses.delete(name);
    use.end();
    this.pool.release(ref);
  }

  /** Starts what was asked for so far, by any user; resolves when all of it is in. */
  start(): Promise<void> {
    return this.pool.start();
  }

  /** For all users. */
  stop(): Promise<void> {
    return this.pool.stop();
  }
}
