/**
 * Writes Events about objects, in order, by one loop over a bounded queue: nobody waits for it. What is written, the correlator says.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import type { Event, ObjectReference } from '../api/types/core/v1.js';
import { isNamespaceTerminating, isNotFound } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { timestamp } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { Fifo } from '../util/fifo.js';
import type { Client } from './client.js';
import { type Correlated, EventCorrelator } from './event-correlator.js';
import { EVENTS } from './kinds.js';

/** Events waiting to be written; past that the newest are dropped. */
const QUEUE_LIMIT = 1000;
/** As long as an event's message may be. */
const MESSAGE_LIMIT = 1024;

/** Where events go. */
export interface EventSink {
  event(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface EventSource {
  readonly component: string;
  readonly host?: string;
  /** The same thing about a changed object is another event, not one more of the same. */
  readonly perVersion?: boolean;
}

export class EventRecorder implements EventSink {
  private readonly correlator: EventCorrelator;
  private readonly queue = new Fifo<Correlated>();
  private writing: Promise<void> | undefined;
  private stopped = false;
  /** How many were not written: no room, or over an object's rate. */
  dropped = 0;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly source: EventSource,
  ) {
    this.correlator = new EventCorrelator(env, source.perVersion);
  }

  event(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.stopped) return;
    const cut = message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT - 4)} ...` : message;
    const event = this.queue.length < QUEUE_LIMIT ? this.correlator.correlate({ about, type, reason, message: cut }) : undefined;
    if (!event) {
      this.dropped++;
      return;
    }
    this.queue.push(event);
    this.writing ??= this.drain().finally(() => {
      this.writing = undefined;
    });
  }

  normal(about: ApiObject | ObjectReference, reason: string, message: string): void {
    this.event(referenceOf(about), 'Normal', reason, message);
  }

  warning(about: ApiObject | ObjectReference, reason: string, message: string): void {
    this.event(referenceOf(about), 'Warning', reason, message);
  }

  /** A warning of a write that failed; none where the namespace is going, which takes no event either. */
  failed(about: ApiObject | ObjectReference, reason: string, message: string, error: unknown): void {
    if (!isNamespaceTerminating(error)) this.warning(about, reason, message);
  }

  /** Resolves when all that was recorded is written. */
  async flush(): Promise<void> {
    await this.writing;
  }

  /** Writes what is queued, then takes no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.writing;
  }

  private async drain(): Promise<void> {
    // What is recorded in the same turn is seen by the loop, too.
    await Promise.resolve();
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      try {
        await this.write(next);
      } catch (e) {
        this.env.log.debug('an event was not written', { reason: next.reason, error: (e as Error).message });
      }
    }
  }

  private async write(e: Correlated): Promise<void> {
    const { name, namespace, count, message } = e;
    if (count > 1) {
      try {
        await this.client.patch({ ...EVENTS, namespace, name }, { count, lastTimestamp: timestamp(e.last), message });
        return;
      } catch (error) {
        // Expired, or never written: written anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const { component, host } = this.source;
    const event: Partial<Event> & { apiVersion: 'v1'; kind: 'Event' } = {
      ...EVENTS,
      metadata: { name, namespace } as Event['metadata'],
      involvedObject: e.about,
      reason: e.reason,
      message,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: timestamp(e.first),
      lastTimestamp: timestamp(e.last),
      count,
      type: e.type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
    await this.client.create(event as never);
  }
}

const referenceOf = (about: ApiObject | ObjectReference): ObjectReference => ('metadata' in about ? reference(about) : about);

export const reference = (o: ApiObject, fieldPath?: string): ObjectReference => ({
  kind: o.kind,
  ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}),
  name: o.metadata.name,
  uid: o.metadata.uid,
  apiVersion: o.apiVersion,
  resourceVersion: o.metadata.resourceVersion,
  ...(fieldPath ? { fieldPath } : {}),
});
