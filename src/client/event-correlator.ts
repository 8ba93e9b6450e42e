/**
 * Which events are worth writing: the same one again raises a count, many alike become one, and an object that causes very many is heard rarely.
 * What is remembered is bounded. The rules and numbers are those of client-go's EventCorrelator.
 * Source: https://pkg.go.dev/k8s.io/client-go/tools/record#EventCorrelator
 */
import type { ObjectReference } from '../api/types/core/v1.js';
import type { Env } from '../util/component.js';
import { LruMap } from '../util/lru-map.js';
import { TokenBucket } from './rate-limiter.js';

/** Objects, and kinds of events, remembered. */
export const REMEMBERED = 4096;
/** So many different messages of one reason about one object … */
const SIMILAR = 10;
/** … none further apart than this, are one event. */
const SIMILAR_MS = 600_000;
/** Events of one object in a burst; then one each five minutes. */
const BURST = 25;
const PER_SECOND = 1 / 300;

export interface Occurrence {
  readonly about: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** An event as it is to be written. */
export interface Correlated extends Occurrence {
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

interface Observed {
  readonly name: string;
  readonly first: number;
  count: number;
}

interface Similar {
  readonly messages: Set<string>;
  last: number;
}

export class EventCorrelator {
  private readonly observed = new LruMap<string, Observed>(REMEMBERED);
  private readonly similar = new LruMap<string, Similar>(REMEMBERED);
  private readonly budgets = new LruMap<string, TokenBucket>(REMEMBERED);

  /** `perVersion`: the same thing about a changed object is another event, not one more of the same. */
  constructor(
    private readonly env: Env,
    private readonly perVersion = false,
  ) {}

  /** undefined: not to be written, but counted in the next that is. */
  correlate(o: Occurrence): Correlated | undefined {
    const now = this.env.clock.now();
    const { kind, namespace, name, uid, apiVersion, fieldPath, resourceVersion } = o.about;
    const object = [kind, namespace, name, uid, apiVersion];
    const group = JSON.stringify([...object, o.type, o.reason, this.perVersion && resourceVersion]);
    const combined = this.isOneOfMany(group, o.message, now);
    const message = combined ? `(combined from similar events): ${o.message}` : o.message;
    const seen = this.count(combined ? group : JSON.stringify([group, fieldPath, message]), name ?? '', now);
    if (!this.mayWrite(JSON.stringify(object))) return undefined;
    return { ...o, message, name: seen.name, namespace: namespace || 'default', count: seen.count, first: seen.first, last: now };
  }

  private isOneOfMany(group: string, message: string, now: number): boolean {
    let s = this.similar.get(group);
    if (!s || now - s.last > SIMILAR_MS) this.similar.set(group, (s = { messages: new Set(), last: now }));
    s.messages.add(message);
    s.last = now;
    if (s.messages.size < SIMILAR) return false;
    s.messages.delete(s.messages.values().next().value!);
    return true;
  }

  private count(key: string, object: string, now: number): Observed {
    let seen = this.observed.get(key);
    if (!seen) {
      const nanos = BigInt(Math.floor(now)) * 1_000_000n + BigInt(Math.floor(this.env.random.float() * 1e6));
      this.observed.set(key, (seen = { name: `${object}.${nanos.toString(16)}`, first: now, count: 0 }));
    }
    seen.count++;
    return seen;
  }

  private mayWrite(object: string): boolean {
    let budget = this.budgets.get(object);
    if (!budget) this.budgets.set(object, (budget = new TokenBucket(this.env.clock, PER_SECOND, BURST)));
    return budget.tryTake();
  }
}
