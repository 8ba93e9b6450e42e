/**
 * Pods that wait for a node: ready to be tried (in the order of the queueSort plugin), backing off after a failure, or waiting for the cluster to
 * change. A refused Pod wakes where a hint of a plugin that refused it says that an event may help; events that came while it was tried are held
 * against it afterwards, so that none is lost. Where nothing is ready, a Pod that backs off after a refusal goes ahead of its time (KEP-5142).
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/, KEP-4247
 */
import type { Pod } from '../api/types/core/v1.js';
import type { Env } from '../util/component.js';
import { type ClusterEvent, concerns, type EventWithHint, type Hint, podEvents } from './cluster-event.js';
import type { Verdict } from './framework.js';
import { Heap } from './heap.js';
import { podKey } from './pod-info.js';
import { Entry } from './queued-pod.js';
import type { Framework } from './runtime.js';

/** A pod that nothing helped is tried again after this long all the same. */
const FORGOTTEN_MS = 5 * 60_000;
/** Pods whose back-off ends within the same second are tried in the order of the queue. */
const WINDOW_MS = 1_000;

/** An event that came while Pods were in flight. `only`: it is that Pod's own change; `except`: that Pod made it. */
interface InFlightEvent {
  readonly event: ClusterEvent;
  readonly only?: Entry;
  readonly except?: Entry;
}

type Of = Pick<Framework, 'less' | 'preEnqueue' | 'events'>;

/** One plugin of one profile: the Pods that wait for its events. */
interface Watcher {
  readonly events: readonly EventWithHint[];
  readonly waiting: Set<Entry>;
}

export class SchedulingQueue {
  private readonly known = new Map<string, Entry>();
  private readonly active: Heap<Entry>;
  /** After refusals, and after errors. */
  private readonly backoff: Heap<Entry>;
  private readonly errors = new Set<Entry>();
  private readonly unschedulable = new Set<Entry>();
  /** By profile and plugin: an event that concerns nobody looks at nobody. */
  private readonly watchers = new Map<string, Map<string, Watcher>>();
  /** Since which event each Pod is in flight. The one that is longest is first. */
  private readonly inFlight = new Map<Entry, number>();
  private log: InFlightEvent[] = [];
  /** How many events came before the log's first. */
  private logged = 0;
  private order = 0;
  private wake?: () => void;

  /** `gated`: preEnqueue holds a Pod. */
  constructor(
    private readonly env: Env,
    private readonly frameworks: ReadonlyMap<string, Of>,
    private readonly profileOf: (pod: Pod) => string,
    private readonly gated: (pod: Pod, by: Verdict) => void = () => undefined,
  ) {
    const [first] = frameworks.values();
    const less = (a: Entry, b: Entry) => first!.less(a, b);
    this.active = new Heap(less);
    const window = (e: Entry) => Math.floor(e.backoffEnd / WINDOW_MS);
    this.backoff = new Heap((a, b) => window(a) < window(b) || (window(a) === window(b) && less(a, b)));
    for (const [name, { events }] of frameworks)
      this.watchers.set(name, new Map([...events].map(([plugin, of]) => [plugin, { events: of, waiting: new Set() }])));
  }

  get lengths(): { active: number; backoff: number; unschedulable: number; inFlight: number } {
    return {
      active: this.active.size,
      backoff: this.backoff.size + this.errors.size,
      unschedulable: this.unschedulable.size,
      inFlight: this.inFlight.size,
    };
  }

  /** A Pod that has no node, new or changed. */
  put(pod: Pod): void {
    const key = podKey(pod);
    const known = this.known.get(key);
    if (known?.pod.metadata.uid === pod.metadata.uid) return this.changed(known, pod);
    this.remove(key);
    const entry = new Entry(key, pod, this.env.clock.now(), this.order++);
    this.known.set(key, entry);
    this.ready(entry);
  }

  remove(key: string): void {
    const entry = this.known.get(key);
    if (!entry) return;
    this.known.delete(key);
    this.leave(entry);
  }

  /** The next pod to try; waits for one. It is in flight until `refused` or `done`. Undefined once the signal aborted. */
  async take(signal: AbortSignal): Promise<Entry | undefined> {
    while (!signal.aborted) {
      const entry = this.takeNow();
      if (entry) return entry;
      // `stop` wakes it, too.
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return undefined;
  }

  /** The same, where one is ready. */
  takeNow(): Entry | undefined {
    const entry = this.active.pop() ?? this.backoff.pop();
    if (!entry) return undefined;
    this.leave(entry);
    entry.place = 'inFlight';
    entry.attempts++;
    this.inFlight.set(entry, this.logged + this.log.length);
    return entry;
  }

  /** The Pod was tried in vain: plugins refused it, or (none) something failed that time may heal. */
  refused(entry: Entry, by: readonly Verdict[]): void {
    const since = this.inFlight.get(entry);
    const missed = since === undefined ? [] : this.log.slice(since - this.logged);
    this.land(entry);
    if (entry.place !== 'inFlight') return;
    const plugins = (pending: boolean) => new Set(by.filter((v) => (v.status.code === 'Pending') === pending).map((v) => v.plugin));
    entry.tried(this.env.clock.now(), this.order++, new Set(by.map((v) => v.plugin)), plugins(true));
    if (!by.length) return this.ready(entry, 'backoff');
    let how: 'backoff' | 'now' | undefined;
    for (const { event, only, except } of missed) {
      if ((only && only !== entry) || except === entry) continue;
      const told = this.helps(entry, event);
      if (told) how = told;
      if (how === 'now') break;
    }
    if (how) this.ready(entry, how);
    else this.park(entry, 'unschedulable');
  }

  /** The Pod is bound, or need not be. */
  done(entry: Entry): void {
    this.land(entry);
    if (this.known.get(entry.key) === entry) this.known.delete(entry.key);
    entry.place = 'gone';
  }

  /** Something happened in the cluster; it does not help the Pod that it comes from. */
  event(event: ClusterEvent, except?: Entry): void {
    if (this.inFlight.size) this.log.push({ event, except });
    for (const plugins of this.watchers.values())
      for (const { events, waiting } of plugins.values()) {
        if (!waiting.size || !events.some((e) => concerns(e, event))) continue;
        for (const entry of [...waiting]) if (entry !== except) this.wakeBy(entry, event);
      }
  }

  /** Brings Pods up at once, without regard to their back-off. */
  activate(pods: readonly Pod[]): void {
    for (const pod of pods) {
      const entry = this.known.get(podKey(pod));
      if (entry && entry.place !== 'active' && entry.place !== 'inFlight') this.ready(entry);
    }
  }

  stop(): void {
    for (const e of this.known.values()) e.timer?.cancel();
    this.wake?.();
  }

  /** The Pod itself changed. */
  private changed(entry: Entry, pod: Pod): void {
    const old = entry.pod;
    entry.pod = pod;
    if (entry.place !== 'inFlight' && entry.place !== 'unschedulable' && entry.place !== 'gated') return;
    for (const event of podEvents(old, pod)) {
      if (entry.place === 'inFlight') this.log.push({ event, only: entry });
      else this.wakeBy(entry, event);
    }
  }

  private wakeBy(entry: Entry, event: ClusterEvent): void {
    if (entry.place !== 'unschedulable' && entry.place !== 'gated') return;
    const how = this.helps(entry, event);
    if (how) this.ready(entry, how);
  }

  /** Whether an event may help; `now`: all that a plugin waited for is there. */
  private helps(entry: Entry, event: ClusterEvent): 'backoff' | 'now' | undefined {
    const plugins = this.watchers.get(this.profileOf(entry.pod));
    let how: 'backoff' | undefined;
    for (const name of entry.refusedBy) {
      const isPending = entry.pendingOn.has(name);
      if (how && !isPending) continue;
      const helped = plugins?.get(name)?.events.some((e) => concerns(e, event) && this.hint(e, entry, event) === 'queue');
      if (helped && isPending) return 'now';
      if (helped) how = 'backoff';
    }
    return how;
  }

  private hint(of: EventWithHint, entry: Entry, event: ClusterEvent): Hint {
    try {
      return of.hint(entry.pod, event);
    } catch (e) {
      // Rather once too often than never.
      this.env.log.error('a queueing hint failed', { pod: entry.key, error: (e as Error).stack });
      return 'queue';
    }
  }

  /** To where it is taken from: at once, or when its back-off is over. */
  private ready(entry: Entry, how: 'backoff' | 'now' = 'now'): void {
    this.leave(entry);
    const gate = this.frameworks.get(this.profileOf(entry.pod))?.preEnqueue(entry.pod);
    if (gate) {
      entry.refusedBy = new Set([gate.plugin]);
      entry.pendingOn = new Set();
      this.park(entry, 'gated');
      return this.gated(entry.pod, gate);
    }
    const wait = how === 'now' ? 0 : entry.backoffEnd - this.env.clock.now();
    if (wait > 0) {
      entry.place = 'backoff';
      if (entry.errors) this.errors.add(entry);
      else this.backoff.push(entry);
      entry.timer = this.env.clock.after(wait, () => this.ready(entry));
    } else {
      entry.place = 'active';
      this.active.push(entry);
    }
    this.wake?.();
  }

  /** Until an event helps. */
  private park(entry: Entry, place: 'unschedulable' | 'gated'): void {
    entry.place = place;
    for (const w of this.watching(entry)) w.waiting.add(entry);
    if (place === 'gated') return;
    this.unschedulable.add(entry);
    entry.timer = this.env.clock.after(FORGOTTEN_MS, () => this.ready(entry, 'backoff'));
  }

  /** Out of wherever it waits. */
  private leave(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = undefined;
    if (entry.place === 'active') this.active.remove(entry);
    else if (entry.place === 'backoff') {
      this.backoff.remove(entry);
      this.errors.delete(entry);
    } else if (entry.place === 'unschedulable' || entry.place === 'gated') {
      this.unschedulable.delete(entry);
      for (const w of this.watching(entry)) w.waiting.delete(entry);
    }
    entry.place = 'gone';
  }

  private watching(entry: Entry): Watcher[] {
    const plugins = this.watchers.get(this.profileOf(entry.pod));
    return [...entry.refusedBy].flatMap((name) => plugins?.get(name) ?? []);
  }

  /** Not in flight any more: events that no other needs are let go of. */
  private land(entry: Entry): void {
    this.inFlight.delete(entry);
    const [longest] = this.inFlight.values();
    const keep = longest ?? this.logged + this.log.length;
    if (keep > this.logged) {
      this.log = this.log.slice(keep - this.logged);
      this.logged = keep;
    }
  }
}
