/**
 * How much may be under way at once: requests until their answers are written, long ones (watches, streams), and bytes held for both. Counted
 * for all, and for each client, so that none takes everything. Parts of this process count apart from those who come over the network.
 * Administrators (system:masters) count, and are never refused.
 */
import { tooManyRequests } from '../meta/errors.js';
import type { RequestInfo, UserInfo } from './request.js';

export interface Limit {
  readonly all: number;
  /** Of one user. All without credentials are one. */
  readonly each: number;
  readonly anonymous: number;
}
export type Kind = 'read' | 'write' | 'long' | 'bytesIn' | 'bytesOut';

const MB = 1024 * 1024;
/** `read` and `write` are the original's --max-requests-inflight and --max-mutating-requests-inflight. */
export const CLIENTS: Readonly<Record<Kind, Limit>> = {
  read: { all: 400, each: 300, anonymous: 50 },
  write: { all: 200, each: 150, anonymous: 25 },
  long: { all: 50_000, each: 10_000, anonymous: 50 },
  bytesIn: { all: 128 * MB, each: 64 * MB, anonymous: 4 * MB },
  bytesOut: { all: 1024 * MB, each: 512 * MB, anonymous: 16 * MB },
};
/** Components of this process: they hold no sockets and hand over objects, not bytes. */
const INSIDE: Readonly<Record<Kind, Limit>> = {
  ...CLIENTS,
  read: { all: 2000, each: 1000, anonymous: 400 },
  write: { all: 2000, each: 1000, anonymous: 200 },
};

/** Gives back what was taken, once. */
export type Release = () => void;

const MASTERS = 'system:masters';
const ANONYMOUS = 'system:anonymous';
const STREAMS = new Set(['exec', 'attach', 'portforward', 'log', 'proxy']);
const READS = new Set(['get', 'list', 'watch', 'head', 'options']);

export const kindOf = (info: Pick<RequestInfo, 'verb' | 'subresource'>): 'read' | 'write' | 'long' =>
  info.verb === 'watch' || STREAMS.has(info.subresource) ? 'long' : READS.has(info.verb) ? 'read' : 'write';

/** A watch counts for more the longer its selectors are: each is asked about every change. */
export const weightOf = (kind: 'read' | 'write' | 'long', query: URLSearchParams): number =>
  kind === 'long'
    ? 1 + Math.floor(((query.get('labelSelector')?.length ?? 0) + (query.get('fieldSelector')?.length ?? 0)) / SELECTOR_PART)
    : 1;
const SELECTOR_PART = 256;

class Pool {
  private all = 0;
  private readonly each = new Map<string, number>();
  constructor(private readonly limit: Limit) {}

  get used(): number {
    return this.all;
  }

  take(user: string, n: number, always: boolean): boolean {
    const own = this.each.get(user) ?? 0;
    const limit = user === ANONYMOUS ? this.limit.anonymous : this.limit.each;
    if (!always && (own + n > limit || this.all + n > this.limit.all)) return false;
    this.all += n;
    this.each.set(user, own + n);
    return true;
  }

  give(user: string, n: number): void {
    this.all -= n;
    const left = (this.each.get(user) ?? 0) - n;
    if (left > 0) this.each.set(user, left);
    else this.each.delete(user);
  }
}

type Pools = Readonly<Record<Kind, Pool>>;
const pools = (limits: Readonly<Record<Kind, Limit>>): Pools =>
  Object.fromEntries(Object.entries(limits).map(([kind, limit]) => [kind, new Pool(limit)])) as unknown as Pools;

export class Flow {
  private readonly clients = pools(CLIENTS);
  private readonly inside = pools(INSIDE);

  /** Throws 429 where as much as may be is under way already. */
  enter(user: UserInfo, kind: Kind, inside: boolean, n = 1): Release {
    const pool = (inside ? this.inside : this.clients)[kind];
    if (!pool.take(user.name, n, user.groups.includes(MASTERS))) throw tooManyRequests('Too many requests, please try again later.', 1);
    let held = true;
    return () => {
      if (held) pool.give(user.name, n);
      held = false;
    };
  }

  /** What is under way of clients, for the metrics. */
  used(kind: Kind): number {
    return this.clients[kind].used;
  }
}
