/** Writes Events about objects, counting the same thing again instead of writing it twice. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
import type { Event, ObjectReference } from '../api/types/core/v1.js';
import { isNamespaceTerminating, isNotFound } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { timestamp } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { Client } from './client.js';

/** Different events remembered for counting. */
const KNOWN_LIMIT = 4096;
/** The same event after this long begins anew. */
const AGGREGATE_MS = 600_000;
/** With so many messages of one reason about one object, the rest are told as one event. */
const SIMILAR = 10;
/** Events about one object in a burst; then one each five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Events waiting to be written; past that the newest are dropped. */
const QUEUE_LIMIT = 1000;

export interface EventSource {
  readonly component: string;
  readonly host?: string;
  /** The same thing about a changed object is another event, not one more of the same. */
  readonly perVersion?: boolean;
}

interface Known {
  name: string;
  namespace: string;
  count: number;
  last: number;
}

export class EventRecorder {
  private readonly known = new Map<string, Known>();
  private readonly similar = new Map<string, { messages: Set<string>; last: number }>();
  private readonly budgets = new Map<string, { tokens: number; at: number }>();
  private chain: Promise<void> = Promise.resolve();
  private queued = 0;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly source: EventSource,
  ) {}

  normal(about: ApiObject | ObjectReference, reason: string, message: string): void {
    this.record(about, 'Normal', reason, message);
  }

  warning(about: ApiObject | ObjectReference, reason: string, message: string): void {
    this.record(about, 'Warning', reason, message);
  }

  /** A warning of a write that failed; none where the namespace is going, which takes no event either. */
  failed(about: ApiObject | ObjectReference, reason: string, message: string, error: unknown): void {
    if (!isNamespaceTerminating(error)) this.warning(about, reason, message);
  }

  /** Resolves when all that was recorded is written. */
  flush(): Promise<void> {
    return this.chain;
  }

  private record(about: ApiObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const ref = 'metadata' in about ? reference(about) : about;
    if (this.queued >= QUEUE_LIMIT || !this.mayWrite(ref)) return;
    this.queued++;
    this.chain = this.chain
      .then(() => this.write(ref, type, reason, message))
      .catch((e: Error) => this.env.log.debug('an event was not written', { reason, error: e.message }))
      .then(() => void this.queued--);
  }

  private async write(ref: ObjectReference, type: string, reason: string, told: string): Promise<void> {
    const now = this.env.clock.now();
    const { perVersion, ...source } = this.source;
    const about = [ref.kind, ref.namespace, ref.name, ref.uid, ref.fieldPath, type, reason, perVersion && ref.resourceVersion];
    const combined = this.isOneOfMany(JSON.stringify(about), told, now);
    const message = combined ? `(combined from similar events): ${told}` : told;
    const key = JSON.stringify(combined ? about : [...about, message]);
    const seen = this.known.get(key);
    if (seen && now - seen.last < AGGREGATE_MS) {
      seen.count++;
      seen.last = now;
      try {
        await this.client.patch(
          { apiVersion: 'v1', kind: 'Event', namespace: seen.namespace, name: seen.name },
          { count: seen.count, lastTimestamp: timestamp(now), message },
        );
        return;
      } catch (e) {
        if (!isNotFound(e)) throw e;
      }
    }
    const namespace = ref.namespace || 'default';
    const name = `${ref.name}.${(BigInt(now) * 1_000_000n + BigInt(Math.floor(this.env.random.float() * 1e6))).toString(16)}`;
    const event: Partial<Event> & { apiVersion: 'v1'; kind: 'Event' } = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace } as Event['metadata'],
      involvedObject: ref,
      reason,
      message,
      source,
      firstTimestamp: timestamp(now),
      lastTimestamp: timestamp(now),
      count: 1,
      type,
      reportingComponent: this.source.component,
      reportingInstance: this.source.host ?? '',
    };
    await this.client.create(event as never);
    if (this.known.size >= KNOWN_LIMIT) this.known.delete(this.known.keys().next().value!);
    this.known.set(key, { name, namespace, count: 1, last: now });
  }

  private isOneOfMany(about: string, message: string, now: number): boolean {
    const before = this.similar.get(about);
    const s = before && now - before.last < AGGREGATE_MS ? before : { messages: new Set<string>(), last: now };
    s.messages.add(message);
    s.last = now;
    if (this.similar.size >= KNOWN_LIMIT && !before) this.similar.delete(this.similar.keys().next().value!);
    this.similar.set(about, s);
    if (s.messages.size < SIMILAR) return false;
    s.messages.delete(s.messages.values().next().value!);
    return true;
  }

  private mayWrite(ref: ObjectReference): boolean {
    const key = `${ref.kind}/${ref.namespace}/${ref.name}/${ref.uid}`;
    const now = this.env.clock.now();
    const b = this.budgets.get(key) ?? { tokens: BURST, at: now };
    b.tokens = Math.min(BURST, b.tokens + (now - b.at) / REFILL_MS);
    b.at = now;
    if (this.budgets.size >= KNOWN_LIMIT && !this.budgets.has(key)) this.budgets.delete(this.budgets.keys().next().value!);
    this.budgets.set(key, b);
    if (b.tokens < 1) return false;
    b.tokens--;
    return true;
  }
}

export const reference = (o: ApiObject, fieldPath?: string): ObjectReference => ({
  kind: o.kind,
  ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}),
  name: o.metadata.name,
  uid: o.metadata.uid,
  apiVersion: o.apiVersion,
  resourceVersion: o.metadata.resourceVersion,
  ...(fieldPath ? { fieldPath } : {}),
});
