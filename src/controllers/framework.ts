/**
 * What a controller is: a kind it is for, kinds whose changes concern it, and one function that makes the world as one object wants it.
 * The retry contract: an error brings the key back after a growing delay; a number brings it back after so many milliseconds; nothing ends it.
 * But for one refusal: a namespace that is terminating takes nothing any more, so what was wanted of it is let be. `reconcile` lets it through.
 */
import type { Client, KindRef, ObjectOf } from '../client/client.js';
import { EventRecorder } from '../client/events.js';
import { type Informer, type Informers, keyOf } from '../client/informer.js';
import { WorkQueue } from '../client/work-queue.js';
import { isNamespaceTerminating } from '../meta/errors.js';
import type { AnyObject, ApiObject } from '../meta/object.js';
import type { Component, Env } from '../util/component.js';

export interface ControllerContext {
  readonly client: Client;
  readonly env: Env;
  readonly informers: Informers;
  readonly events: EventRecorder;
  /** Brings a key of this controller's queue up. */
  enqueue(key: string, afterMs?: number): void;
}

export interface Watched<R extends KindRef> {
  readonly kind: R;
  /** Keys of the controller's queue that a change of such an object concerns. `old` is there for updates. */
  keys(object: ObjectOf<R>, context: ControllerContext, old?: ObjectOf<R>): readonly string[];
}

export interface ControllerDefinition {
  readonly name: string;
  /** As `events.source.component`; `<name>-controller` where absent. */
  readonly component?: string;
  /** The service account that it acts as with --use-service-account-credentials. */
  readonly account: string;
  readonly workers?: number;
  readonly watches: readonly Watched<KindRef>[];
  /** Before the informers start: indexes. */
  setup?(context: ControllerContext): void;
  /** Once everything is listed: periodic work. The signal aborts at the end. */
  started?(context: ControllerContext, signal: AbortSignal): void;
  reconcile(key: string, context: ControllerContext): Promise<number | void>;
}

const WORKERS = 5;

export const defineController = (d: ControllerDefinition): ControllerDefinition => d;

/** A kind whose own key is the queue's. */
export function own<R extends KindRef>(kind: R): Watched<KindRef> {
  return { kind, keys: (o) => [keyOf(o as ApiObject)] };
}

export function watch<R extends KindRef>(kind: R, keys: Watched<R>['keys']): Watched<KindRef> {
  return { kind, keys } as unknown as Watched<KindRef>;
}

/** Objects that name an owner of `kind`: the owner's key, of the new state and of the old one. */
export function owned<R extends KindRef>(kind: R, owner: KindRef): Watched<KindRef> {
  return {
    kind,
    keys: (o, _c, old) => [...new Set([o, old].flatMap((x) => ownerKey(x as ApiObject | undefined, owner)))],
  };
}

export function controllerOf(o: ApiObject): { apiVersion: string; kind: string; name: string; uid: string } | undefined {
  return o.metadata.ownerReferences?.find((r) => r.controller);
}

function ownerKey(o: ApiObject | undefined, owner: KindRef): string[] {
  const ref = o && controllerOf(o);
  return ref && ref.kind === owner.kind && ref.apiVersion.split('/')[0] === owner.apiVersion.split('/')[0]
    ? [`${o.metadata.namespace ?? ''}/${ref.name}`]
    : [];
}

export const splitKey = (key: string): { namespace: string; name: string } => {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
};

export const ownerReference = (
  o: ApiObject,
): { apiVersion: string; kind: string; name: string; uid: string; controller: true; blockOwnerDeletion: true } => ({
  apiVersion: o.apiVersion,
  kind: o.kind,
  name: o.metadata.name,
  uid: o.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** One controller at work. */
export class RunningController implements Component {
  readonly name: string;
  private readonly queue: WorkQueue;
  private readonly abort = new AbortController();
  private readonly context: ControllerContext;
  private running?: Promise<void>;

  constructor(
    private readonly d: ControllerDefinition,
    client: Client,
    env: Env,
    informers: Informers,
  ) {
    this.name = d.name;
    const log = env.log.with({ controller: d.name });
    const mine: Env = { ...env, log };
    this.queue = new WorkQueue(mine);
    this.context = {
      client,
      env: mine,
      // Its own share: what it releases others keep.
      informers: informers.another(),
      events: new EventRecorder(client, mine, { component: d.component ?? `${d.name}-controller` }),
      enqueue: (key, after) => (after ? this.queue.addAfter(key, after) : this.queue.add(key)),
    };
    d.setup?.(this.context);
    for (const w of d.watches) {
      const tell = (o: unknown, old?: unknown) => {
        for (const key of w.keys(o as AnyObject, this.context, old as AnyObject | undefined)) this.queue.add(key);
      };
      (this.context.informers.for(w.kind) as Informer<AnyObject>).on({ add: (o) => tell(o), update: tell, delete: (o) => tell(o) });
    }
  }

  /** The informers must have been started. */
  async start(): Promise<void> {
    const work = (key: string) =>
      this.d.reconcile(key, this.context).catch((e) => {
        if (!isNamespaceTerminating(e)) throw e;
        this.context.env.log.debug('the namespace is terminating', { key });
      });
    this.running = this.queue.run(this.d.workers ?? WORKERS, work, this.d.name);
    this.d.started?.(this.context, this.abort.signal);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.queue.stop();
    await this.running;
    await this.context.events.flush();
  }

  whenIdle(): Promise<void> {
    return this.queue.whenIdle();
  }
}
