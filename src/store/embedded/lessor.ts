/** Leases: who has which keys, and when each ends. Granting and revoking are writes and go through the store; keeping alive is not. */
import type { Clock, Timer } from '../../util/clock.js';
import { MinHeap } from '../../util/min-heap.js';
import type { Key } from '../store.js';

export interface Lease {
  readonly id: bigint;
  /** Seconds. */
  readonly ttl: number;
  /** Time of the monotonic clock in ms: setting the machine's clock neither ends a lease nor prolongs it. */
  expiry: number;
  readonly keys: Set<Key>;
  /** Its grant is durable: readers may see it. */
  visible: boolean;
  /** Its revocation is under way. */
  ending: boolean;
}

/** So many ends of leases that are gone may wait to come up. */
const SWEEP = 1024;
/** After a failed or refused expiry the next try comes this much later. */
const RETRY_MS = 500;

export class Lessor {
  private readonly leases = new Map<bigint, Lease>();
  private readonly due = new MinHeap<{ at: number; lease: Lease }>((a, b) => a.at < b.at);
  private timer: Timer | undefined;
  private armedFor = Number.POSITIVE_INFINITY;
  private running = false;

  constructor(
    private readonly clock: Clock,
    private readonly expire: (id: bigint) => Promise<void>,
  ) {}

  /** From now on leases end by themselves. Those that a log brought back have their whole time left: when they were last kept alive is not known. */
  start(): void {
    this.running = true;
    for (const lease of this.leases.values()) {
      this.due.push({ at: lease.expiry, lease });
    }
    this.arm();
  }

  stop(): void {
    this.running = false;
    this.timer?.cancel();
    this.timer = undefined;
    this.armedFor = Number.POSITIVE_INFINITY;
  }

  has(id: bigint): boolean {
    const lease = this.leases.get(id);
    return lease !== undefined && !lease.ending;
  }

  get(id: bigint): Lease | undefined {
    return this.leases.get(id);
  }

  all(): IterableIterator<Lease> {
    return this.leases.values();
  }

  /** Ends that are still to come up, some of leases that are gone. */
  get waiting(): number {
    return this.due.size;
  }

  /** `remaining` seconds, where a state is restored; else the whole time. */
  add(id: bigint, ttl: number, visible: boolean, remaining = ttl): Lease {
    const lease: Lease = { id, ttl, expiry: this.clock.monotonic() + remaining * 1000, keys: new Set(), visible, ending: false };
    this.leases.set(id, lease);
    if (this.running) this.schedule(lease);
    return lease;
  }

  remove(id: bigint): void {
    const lease = this.leases.get(id);
    if (!lease) return;
    lease.ending = true;
    this.leases.delete(id);
    if (this.due.size > 2 * this.leases.size + SWEEP) this.due.keep(({ lease: l }) => !l.ending);
  }

  attach(id: bigint, key: Key): void {
    this.leases.get(id)?.keys.add(key);
  }

  detach(id: bigint, key: Key): void {
    this.leases.get(id)?.keys.delete(key);
  }

  /** The new time to live in seconds; 0 where the lease is gone. */
  renew(id: bigint): number {
    const lease = this.leases.get(id);
    if (!lease || lease.ending || !lease.visible) return 0;
    // The heap finds the later end when the earlier one comes up.
    lease.expiry = this.clock.monotonic() + lease.ttl * 1000;
    return lease.ttl;
  }

  /** Whole seconds left, never below 0. */
  remaining(lease: Lease): number {
    return Math.max(0, Math.floor((lease.expiry - this.clock.monotonic()) / 1000));
  }

  private schedule(lease: Lease): void {
    this.due.push({ at: lease.expiry, lease });
    this.arm();
  }

  private arm(): void {
    const next = this.due.peek();
    if (!this.running || next === undefined || this.armedFor <= next.at) return;
    this.timer?.cancel();
    this.armedFor = next.at;
    this.timer = this.clock.after(Math.max(0, next.at - this.clock.monotonic()), () => this.fire());
  }

  private fire(): void {
    this.timer = undefined;
    this.armedFor = Number.POSITIVE_INFINITY;
    const now = this.clock.monotonic();
    for (let top = this.due.peek(); top !== undefined && top.at <= now; top = this.due.peek()) {
      this.due.pop();
      const { lease } = top;
      if (lease.ending) continue;
      // It was kept alive since: the heap learns of the later end only now.
      if (lease.expiry > now) this.due.push({ at: lease.expiry, lease });
      else this.end(lease);
    }
    this.arm();
  }

  private end(lease: Lease): void {
    this.expire(lease.id).catch(() => {
      if (!this.running || this.leases.get(lease.id) !== lease) return;
      lease.expiry = this.clock.monotonic() + RETRY_MS;
      this.schedule(lease);
    });
  }
}
