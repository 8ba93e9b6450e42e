import type { Clock, Timer } from './clock.js';
import { Fifo } from './fifo.js';
import { MinHeap } from './min-heap.js';
import { table } from './own.js';
import { pendingTurns, soon } from './turn.js';

interface Due {
  at: number;
  order: number;
  /** Undefined: cancelled, or fired. */
  fn?: () => void;
}

/** Cancelled timers are swept out once they are the greater part, and this many. */
const SWEEP = 1024;

/** One work outside: when it is back, and who lets it go on. */
interface Out {
  readonly back: Promise<unknown>;
  readonly goOn: () => void;
}

/**
 * A clock that stands still until it is advanced. `advance` fires every timer that falls due, in order of time and then of arming,
 * and lets the promises that a timer wakes run on before it fires the next, so a whole cluster's hour passes at once and always alike.
 */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new MinHeap<Due>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  private cancelled = 0;
  private readonly out = new Fifo<Out>();
  private letting = false;

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
    this.timers.push(due);
    return {
      cancel: () => {
        if (!due.fn) return;
        due.fn = undefined;
        this.cancelled++;
        if (this.cancelled >= SWEEP && this.cancelled * 2 > this.timers.size) {
          this.timers.keep((t) => t.fn !== undefined);
          this.cancelled = 0;
        }
      },
    };
  }

  outside<T>(work: Promise<T>): Promise<T> {
    const turn = new Promise<void>((goOn) => this.out.push({ back: work.catch(() => undefined), goOn }));
    void this.letIn();
    return turn.then(() => work);
  }

  /** Moves time on by milliseconds or a duration such as `90s`, `5m`, `1h30m`. */
  async advance(by: number | string): Promise<void> {
    const until = this.time + (typeof by === 'number' ? by : parseDuration(by));
    await this.settle();
    for (let next = this.next(until); next; next = this.next(until)) {
      this.time = Math.max(this.time, next.at);
      const fire = next.fn!;
      // One that has fired is not cancelled any more.
      next.fn = undefined;
      fire();
      await this.settle();
    }
    this.time = until;
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.timers.size - this.cancelled;
  }

  /** Takes the timer that is due first. */
  private next(until: number): Due | undefined {
    for (let first = this.timers.peek(); first && first.at <= until; first = this.timers.peek()) {
      this.timers.pop();
      if (first.fn) return first;
      this.cancelled--;
    }
    return undefined;
  }

  /** Lets promises run on until none is ready, nothing is outside, and no turn was asked for. */
  private async settle(): Promise<void> {
    do {
      await turn();
    } while (this.out.length || this.letting || pendingTurns() > 0);
  }

  /** Lets what is outside go on, one after another, each when all else has come to rest. */
  private async letIn(): Promise<void> {
    if (this.letting) return;
    this.letting = true;
    for (let first = this.out.at(0); first; first = this.out.at(0)) {
      await turn();
      await first.back;
      await turn();
      this.out.shift();
      first.goOn();
    }
    this.letting = false;
  }
}

/** By the end of a turn every promise that could run has. */
const turn = (): Promise<void> => new Promise((resolve) => soon(resolve));

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
