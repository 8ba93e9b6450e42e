/** Pods whose binding waits for the permit of plugins. Source: KEP-624, "Permit" */
import type { Pod } from '../api/types/core/v1.js';
import type { Clock, Timer } from '../util/clock.js';
import { unschedulable, type Verdict } from './framework.js';

/** No plugin holds a Pod longer. */
const LONGEST_MS = 15 * 60_000;

export class WaitingPod {
  private readonly timers = new Map<string, Timer>();
  private end!: (verdict: Verdict | undefined) => void;
  /** Undefined once all have allowed it. */
  readonly decided: Promise<Verdict | undefined>;

  constructor(
    readonly pod: Pod,
    readonly nodeName: string,
    waits: ReadonlyMap<string, number>,
    clock: Clock,
  ) {
    this.decided = new Promise((resolve) => {
      this.end = resolve;
    });
    for (const [plugin, ms] of waits) {
      const wait = Math.min(ms, LONGEST_MS);
      this.timers.set(
        plugin,
        clock.after(wait, () => this.reject(plugin, `rejected due to timeout after waiting ${wait} ms at plugin ${plugin}`)),
      );
    }
  }

  /** The plugins that it waits for. */
  get pendingPlugins(): string[] {
    return [...this.timers.keys()];
  }

  /** The last of them lets the Pod go on. */
  allow(plugin: string): void {
    this.timers.get(plugin)?.cancel();
    if (this.timers.delete(plugin) && !this.timers.size) this.end(undefined);
  }

  reject(plugin: string, message: string): void {
    for (const t of this.timers.values()) t.cancel();
    this.timers.clear();
    this.end({ plugin, status: unschedulable(message) });
  }
}

export class WaitingPods {
  private readonly byUid = new Map<string, WaitingPod>();

  constructor(private readonly clock: Clock) {}

  get(uid: string): WaitingPod | undefined {
    return this.byUid.get(uid);
  }

  all(): WaitingPod[] {
    return [...this.byUid.values()];
  }

  /** By plugin how many milliseconds at most. */
  add(pod: Pod, nodeName: string, waits: ReadonlyMap<string, number>): WaitingPod {
    const waiting = new WaitingPod(pod, nodeName, waits, this.clock);
    this.byUid.set(pod.metadata.uid, waiting);
    const gone = () => {
      if (this.byUid.get(pod.metadata.uid) === waiting) this.byUid.delete(pod.metadata.uid);
    };
    void waiting.decided.then(gone);
    return waiting;
  }
}
