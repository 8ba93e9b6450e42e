/**
 * Events of the kubelet: who says what about which pod. Written in order by one loop that holds a bounded queue, so that no sync waits for the
 * API; the same event again raises a count, as Kubernetes' event correlator does.
 */
import type { Container, Event, ObjectReference, Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { isNotFound } from '../meta/errors.js';
import { timestamp } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { named } from '../util/named.js';
import { CONFIG_HASH, ephemeralContainers, initContainers, isStatic, namespaceOf } from './pods.js';

/** Where events go. */
export interface EventSink {
  event(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** Waiting to be written; the oldest is dropped past it, and counted. */
export const MAX_QUEUED = 1000;
/** Distinct events remembered for counting. */
const MAX_REMEMBERED = 4096;
/** A pod's events past a burst come one in five minutes, so that a crash loop does not fill the store. */
const BURST = 25;
const REFILL_MS = 300_000;
const MAX_MESSAGE = 1024;

interface Remembered {
  readonly name: string;
  count: number;
  readonly first: string;
}

export class EventWriter implements EventSink {
  private readonly queue: (() => Promise<void>)[] = [];
  private readonly seen = new Map<string, Remembered>();
  private readonly tokens = new Map<string, { left: number; at: number }>();
  private running: Promise<void> | undefined;
  private stopped = false;
  private sequence = 0;
  /** How many were not written: no room, or over a pod's rate. */
  dropped = 0;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly nodeName: string,
  ) {}

  event(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.stopped) return;
    const text = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 4)} ...` : message;
    if (!this.allowed(about)) {
      this.dropped++;
      return;
    }
    const at = this.env.clock.now();
    this.queue.push(() => this.write(about, type, reason, text, at));
    if (this.queue.length > MAX_QUEUED) {
      this.queue.shift();
      this.dropped++;
    }
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
  }

  /** Writes what is queued, then takes no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async drain(): Promise<void> {
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      await next().catch((e: Error) => this.env.log.debug('event not written', { error: e.message }));
    }
  }

  private allowed(about: ObjectReference): boolean {
    const key = `${about.kind}/${about.namespace}/${about.name}/${about.uid}`;
    const now = this.env.clock.now();
    const t = this.tokens.get(key) ?? { left: BURST, at: now };
    const refilled = Math.floor((now - t.at) / REFILL_MS);
    const left = Math.min(BURST, t.left + refilled);
    this.tokens.delete(key);
    this.tokens.set(key, { left: Math.max(0, left - 1), at: t.at + refilled * REFILL_MS });
    trim(this.tokens);
    return left > 0;
  }

  private async write(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string, at: number): Promise<void> {
    const namespace = about.namespace || 'default';
    const key = JSON.stringify([{ ...about, resourceVersion: '' }, type, reason, message]);
    const now = timestamp(at);
    const known = this.seen.get(key);
    if (known) {
      known.count++;
      try {
        await this.client.patch(
          { apiVersion: 'v1', kind: 'Event', namespace, name: known.name },
          { count: known.count, lastTimestamp: now, message },
        );
        return;
      } catch (e) {
        if (!isNotFound(e)) throw e; // expired: write it anew
      }
    }
    const name = `${about.name}.${(BigInt(Math.floor(at)) * 1_000_000n + BigInt(this.sequence++ % 1_000_000)).toString(16)}`;
    const first = known?.first ?? now;
    const count = known?.count ?? 1;
    await this.client.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: about,
      reason,
      message,
      source: { component: 'kubelet', host: this.nodeName },
      firstTimestamp: first,
      lastTimestamp: now,
      count,
      type,
      reportingComponent: 'kubelet',
      reportingInstance: this.nodeName,
    } as Event);
    this.seen.set(key, { name, count, first });
    trim(this.seen);
  }
}

function trim(map: Map<string, unknown>): void {
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!);
}

/** Events about pods and their containers. */
export class PodEvents {
  constructor(private readonly sink: EventSink) {}

  normal(pod: Pod, reason: string, message: string, container?: Container): void {
    this.sink.event(reference(pod, container), 'Normal', reason, message);
  }
  warn(pod: Pod, reason: string, message: string, container?: Container): void {
    this.sink.event(reference(pod, container), 'Warning', reason, message);
  }
}

function fieldPath(pod: Pod, c: Container): string {
  if (named(pod.spec.containers, c.name)) return `spec.containers{${c.name}}`;
  if (named(initContainers(pod), c.name)) return `spec.initContainers{${c.name}}`;
  if (named(ephemeralContainers(pod), c.name)) return `spec.ephemeralContainers{${c.name}}`;
  return 'implicitly required container';
}

function reference(pod: Pod, container?: Container): ObjectReference {
  // A static pod is known to the API by its mirror, whose uid is not its own; events name it by the manifest's hash.
  const uid = isStatic(pod) ? (pod.metadata.annotations?.[CONFIG_HASH] ?? pod.metadata.uid) : pod.metadata.uid;
  return {
    kind: 'Pod',
    namespace: namespaceOf(pod),
    name: pod.metadata.name,
    uid,
    apiVersion: 'v1',
    resourceVersion: pod.metadata.resourceVersion,
    ...(container ? { fieldPath: fieldPath(pod, container) } : {}),
  };
}
