/**
 * Keys waiting to be worked on: each once, never two workers on one key, failures tried again later and later.
 * Source: the retry contract of every controller; https://kubernetes.io/docs/concepts/architecture/controller/
 */
import type { Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { Fifo } from '../util/fifo.js';
import { ControllerRateLimiter } from './rate-limiter.js';

export class WorkQueue {
  /** The order of `waiting`. A Set gives its first up only after passing over every one that was taken before. */
  private readonly order = new Fifo<string>();
  private readonly waiting = new Set<string>();
  private readonly active = new Set<string>();
  /** Added again while being worked on. */
  private readonly again = new Set<string>();
  private readonly limiter: ControllerRateLimiter;
  private readonly later = new Map<string, { timer: Timer; at: number }>();
  private readonly idle: (() => void)[] = [];
  /** Of workers that have nothing to do. */
  private readonly wakers = new Fifo<() => void>();
  private stopped = false;

  constructor(private readonly env: Env) {
    this.limiter = new ControllerRateLimiter(env.clock);
  }

  get length(): number {
    return this.waiting.size;
  }

  add(key: string): void {
    if (this.stopped) return;
    if (this.active.has(key)) {
      this.again.add(key);
      return;
    }
    if (this.waiting.has(key)) return;
    this.waiting.add(key);
    this.order.push(key);
    this.wakers.shift()?.();
  }

  /** Of several delays for a key the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (this.stopped) return;
    if (ms <= 0) return this.add(key);
    const at = this.env.clock.now() + ms;
    const known = this.later.get(key);
    if (known && known.at <= at) return;
    known?.timer.cancel();
    const timer = this.env.clock.after(ms, () => {
      this.later.delete(key);
      this.add(key);
    });
    this.later.set(key, { timer, at });
  }

  /** Comes back after its back-off, or later where very many do. */
  retry(key: string): void {
    this.addAfter(key, this.limiter.when(key));
  }

  forget(key: string): void {
    this.limiter.forget(key);
  }

  failuresOf(key: string): number {
    return this.limiter.failuresOf(key);
  }

  /**
   * `width` workers run `work` on one key after another until `stop`. A number that `work` gives back brings the key back after so many
   * milliseconds; an error brings it back after its back-off and is logged.
   */
  run(width: number, work: (key: string) => Promise<number | undefined | void>, name: string): Promise<void> {
    const worker = async () => {
      for (let key = await this.take(); key !== undefined; key = await this.take()) {
        try {
          const after = await work(key);
          this.forget(key);
          if (after) this.addAfter(key, after);
        } catch (e) {
          const quiet = (e as { reason?: string }).reason === 'Conflict';
          this.env.log[quiet ? 'debug' : 'warn']('work failed and is tried again', { queue: name, key, error: (e as Error).message });
          this.retry(key);
        }
        this.done(key);
      }
    };
    return Promise.all(Array.from({ length: width }, worker)).then(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    for (const { timer } of this.later.values()) timer.cancel();
    this.later.clear();
    this.waiting.clear();
    this.order.drain();
    for (const wake of this.wakers.drain()) wake();
  }

  /** Resolves when nothing waits and nothing is being worked on. For tests. */
  whenIdle(): Promise<void> {
    if (!this.waiting.size && !this.active.size) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private async take(): Promise<string | undefined> {
    while (!this.stopped) {
      const key = this.order.shift();
      if (key !== undefined) {
        this.waiting.delete(key);
        this.active.add(key);
        return key;
      }
      await new Promise<void>((resolve) => this.wakers.push(resolve));
    }
    return undefined;
  }

  private done(key: string): void {
    this.active.delete(key);
    if (this.again.delete(key)) this.add(key);
    if (!this.waiting.size && !this.active.size) for (const f of this.idle.splice(0)) f();
  }
}
