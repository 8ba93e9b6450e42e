/**
 * When a key that failed comes back: each later and later by its own failures, and all of them together no faster than a bucket of tokens fills.
 * The numbers are those of client-go's default controller rate limiter.
 * Source: https://pkg.go.dev/k8s.io/client-go/util/workqueue#DefaultTypedControllerRateLimiter
 */
import type { Clock } from '../util/clock.js';

const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 1000 * 1000;
const RETRIES_PER_SECOND = 10;
const BURST = 100;

/** Tokens that fill up with time. One may be reserved before it is there: whoever does waits for it. */
export class TokenBucket {
  private tokens: number;
  private at: number;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
    this.at = clock.monotonic();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.fill();
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Takes a token, now or ahead; gives the milliseconds until it is there. */
  reserve(): number {
    this.fill();
    this.tokens--;
    return this.tokens >= 0 ? 0 : Math.ceil((-this.tokens * 1000) / this.perSecond);
  }

  private fill(): void {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) * this.perSecond) / 1000);
    this.at = now;
  }
}

export class ControllerRateLimiter {
  private readonly failures = new Map<string, number>();
  private readonly bucket: TokenBucket;

  constructor(clock: Clock) {
    this.bucket = new TokenBucket(clock, RETRIES_PER_SECOND, BURST);
  }

  /** Counts a failure; gives the milliseconds until the key may come back. */
  when(key: string): number {
    const n = this.failures.get(key) ?? 0;
    this.failures.set(key, n + 1);
    return Math.max(Math.min(FIRST_RETRY_MS * 2 ** n, LAST_RETRY_MS), this.bucket.reserve());
  }

  forget(key: string): void {
    this.failures.delete(key);
  }

  failuresOf(key: string): number {
    return this.failures.get(key) ?? 0;
  }
}
