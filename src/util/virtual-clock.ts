import type { Clock, Timer } from './clock.js';
import { table } from './own.js';

interface Due {
  at: number;
  order: number;
  fn: () => void;
}

/**
 * A clock that stands still until it is advanced. `advance` fires every timer that falls due, in order of time and then of arming,
 * and lets the promises that a timer wakes run on before it fires the next, so a whole cluster's hour passes at once and always alike.
 */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Due>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): Timer {
    const due: Due = { at: this.time + Math.max(ms, 0), order: this.order++, fn };
    this.timers.add(due);
    return { cancel: () => void this.timers.delete(due) };
  }

  /** Moves time on by milliseconds or a duration such as `90s`, `5m`, `1h30m`. */
  async advance(by: number | string): Promise<void> {
    const until = this.time + (typeof by === 'number' ? by : parseDuration(by));
    await settle();
    for (let next = this.next(until); next; next = this.next(until)) {
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.fn();
      await settle();
    }
    this.time = until;
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.timers.size;
  }

  private next(until: number): Due | undefined {
    let best: Due | undefined;
    for (const t of this.timers) if (t.at <= until && (!best || t.at < best.at || (t.at === best.at && t.order < best.order))) best = t;
    return best;
  }
}

/** Lets queued promise callbacks and immediates run until none is left that is ready now. */
async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

const UNITS: Record<string, number> = table({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 });

/** A Go-like duration (`1h30m`, `90s`, `250ms`) in milliseconds. Throws a RangeError that shows the text. */
export function parseDuration(text: string): number {
  const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;
  let total = 0;
  while (part.lastIndex < text.length) {
    const m = part.exec(text);
    if (!m) throw new RangeError(`not a duration: "${text}" (write it like 90s, 5m or 1h30m)`);
    total += Number(m[1]) * UNITS[m[2]!]!;
  }
  if (!text) throw new RangeError('not a duration: ""');
  return total;
}
