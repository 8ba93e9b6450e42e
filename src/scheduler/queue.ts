/** Pods that wait for a node: ready to be tried (highest priority first), backing off after a failure, or waiting for the cluster to change. */
import type { Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { ClusterEvent } from './framework.js';

interface Waiting {
  readonly key: string;
  priority: number;
  order: number;
  attempts: number;
  /** Events that may help; undefined: any. */
  helps?: ReadonlySet<ClusterEvent>;
  lastTried: number;
  timer?: Timer;
}

const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 10_000;
/** A pod that nothing helped is tried again after this long all the same. */
const FORGOTTEN_MS = 5 * 60_000;

export class SchedulingQueue {
  /** A binary heap by priority, then by age. */
  private readonly active: Waiting[] = [];
  /** What is in the heap. A pod that was removed and came back under its name is another entry. */
  private readonly inHeap = new Set<Waiting>();
  private readonly backoff = new Map<string, Waiting>();
  private readonly unschedulable = new Map<string, Waiting>();
  /** Of those, whom each kind of event may help: one that helps nobody looks at nobody. */
  private readonly helped = new Map<ClusterEvent, Set<Waiting>>();
  private readonly known = new Map<string, Waiting>();
  private order = 0;
  private wake?: () => void;
  /** Raised by each event. */
  moves = 0;
  /** The last event of a kind: a pod that failed while one came that may help is tried again. */
  private readonly lastMove = new Map<ClusterEvent, number>();

  constructor(private readonly env: Env) {}

  get lengths(): { active: number; backoff: number; unschedulable: number } {
    return { active: this.active.length, backoff: this.backoff.size, unschedulable: this.unschedulable.size };
  }

  /** A new pod, or one whose own change may help. */
  add(key: string, priority: number): void {
    let w = this.known.get(key);
    if (!w) this.known.set(key, (w = { key, priority, order: this.order++, attempts: 0, lastTried: 0 }));
    w.priority = priority;
    this.unpark(w);
    this.activate(w);
  }

  /** The pod was turned down; `helps`: what may change that. */
  park(key: string, helps: ReadonlySet<ClusterEvent>, movesBefore: number): void {
    const w = this.known.get(key);
    if (!w) return;
    w.attempts++;
    w.lastTried = this.env.clock.now();
    w.helps = helps;
    if ([...helps].some((e) => (this.lastMove.get(e) ?? 0) > movesBefore)) return this.delay(w);
    this.unschedulable.set(key, w);
    for (const e of helps) {
      let set = this.helped.get(e);
      if (!set) this.helped.set(e, (set = new Set()));
      set.add(w);
    }
    w.timer = this.env.clock.after(FORGOTTEN_MS, () => {
      this.unpark(w);
      this.activate(w);
    });
  }

  /** Binding failed, or something else that time may heal. */
  retry(key: string): void {
    const w = this.known.get(key);
    if (!w) return;
    w.attempts++;
    w.lastTried = this.env.clock.now();
    this.delay(w);
  }

  remove(key: string): void {
    const w = this.known.get(key);
    if (!w) return;
    this.known.delete(key);
    this.unpark(w);
  }

  /** Something happened in the cluster. */
  event(e: ClusterEvent): void {
    this.lastMove.set(e, ++this.moves);
    for (const w of [...(this.helped.get(e) ?? [])]) {
      this.unpark(w);
      this.delay(w);
    }
  }

  /** The next pod to try; waits for one. Undefined once the signal aborted. */
  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      for (let w = this.pop(); w; w = this.pop()) if (this.known.get(w.key) === w) return w.key;
      // `stop` wakes it, too.
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return undefined;
  }

  stop(): void {
    for (const w of this.known.values()) w.timer?.cancel();
    this.wake?.();
  }

  private unpark(w: Waiting): void {
    w.timer?.cancel();
    this.backoff.delete(w.key);
    this.unschedulable.delete(w.key);
    for (const e of w.helps ?? []) this.helped.get(e)?.delete(w);
  }

  private delay(w: Waiting): void {
    const wait = Math.min(FIRST_BACKOFF_MS * 2 ** Math.max(w.attempts - 1, 0), LAST_BACKOFF_MS) - (this.env.clock.now() - w.lastTried);
    if (wait <= 0) return this.activate(w);
    this.backoff.set(w.key, w);
    w.timer = this.env.clock.after(wait, () => {
      this.backoff.delete(w.key);
      this.activate(w);
    });
  }

  private activate(w: Waiting): void {
    if (this.inHeap.has(w)) return;
    this.inHeap.add(w);
    this.active.push(w);
    let i = this.active.length - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(this.active[i]!, this.active[up]!)) break;
      this.swap(i, up);
      i = up;
    }
    this.wake?.();
  }

  private pop(): Waiting | undefined {
    const first = this.active[0];
    if (!first) return undefined;
    const last = this.active.pop()!;
    if (this.active.length) {
      this.active[0] = last;
      for (let i = 0; ; ) {
        let best = i;
        for (const c of [2 * i + 1, 2 * i + 2]) if (c < this.active.length && before(this.active[c]!, this.active[best]!)) best = c;
        if (best === i) break;
        this.swap(i, best);
        i = best;
      }
    }
    this.inHeap.delete(first);
    return first;
  }

  private swap(a: number, b: number): void {
    [this.active[a], this.active[b]] = [this.active[b]!, this.active[a]!];
  }
}

const before = (a: Waiting, b: Waiting): boolean => a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
