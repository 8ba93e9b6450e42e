/**
 * What load balancers ask of a node: whether kube-proxy works (`/healthz`, `/livez`), and whether endpoints of a Service are here
 * (healthCheckNodePort, for traffic that stays on its node).
 * Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies
 */
import type { Clock } from '../util/clock.js';
import { goQuote } from '../util/go-quote.js';
import type { ServicePort } from './rules.js';

export interface HealthAnswer {
  readonly status: 200 | 404 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Plain HTTP on a port of every address of the node. */
export interface HealthListener {
  listen(port: number, answer: (path: string) => HealthAnswer): Promise<{ close(): Promise<void> }>;
}

/** A change that is not in the kernel after this time is late: two of the longest times between syncs. */
const LATE_MS = 60_000;
const JSON_HEADERS = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };
const time = (ms: number): string => new Date(ms).toISOString();

export class ProxyHealth {
  /** When the oldest change came that is not in the kernel. */
  private pending: number | undefined;
  private updated: number | undefined;
  /** The node is there, and no autoscaler is about to take it. */
  nodeEligible = true;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  queued(): void {
    this.pending ??= this.clock.now();
  }

  /** @param since when what is in the kernel now was read: what came later still waits. */
  done(since: number): void {
    this.updated = this.clock.now();
    if (this.pending !== undefined && this.pending <= since) this.pending = undefined;
  }

  get healthy(): boolean {
    return this.pending === undefined || this.clock.now() - this.pending < LATE_MS;
  }

  answer(path: string): HealthAnswer {
    const livez = path === '/livez';
    if (!livez && path !== '/healthz')
      return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found\n' };
    const { healthy, nodeEligible } = this;
    const good = healthy && (livez || nodeEligible);
    const now = time(this.clock.now());
    const updated = this.updated === undefined ? '0001-01-01T00:00:00Z' : time(this.updated);
    const body = {
      lastUpdated: good ? now : updated,
      currentTime: now,
      ...(livez ? {} : { nodeEligible }),
      healthy,
      ...(this.updated === undefined ? {} : { status: { IPv4: { lastUpdated: updated, healthy } } }),
    };
    return { status: good ? 200 : 503, headers: JSON_HEADERS, body: JSON.stringify(body) };
  }
}

interface Check {
  readonly namespace: string;
  readonly name: string;
  readonly endpoints: number;
}

/** By port: the Services that have one, and how many of their endpoints are on this node and ready. Pure. */
export function serviceChecks(ports: readonly ServicePort[]): Map<number, Check> {
  const local = new Map<number, { service: string; ips: Set<string> }>();
  for (const p of ports) {
    if (!p.healthCheckNodePort || !p.externalLocal) continue;
    const of = local.get(p.healthCheckNodePort) ?? { service: p.name.split(':')[0]!, ips: new Set() };
    local.set(p.healthCheckNodePort, of);
    for (const ip of p.localReady) of.ips.add(ip);
  }
  return new Map(
    [...local].map(([port, { service, ips }]) => {
      const [namespace = '', name = ''] = service.split('/');
      return [port, { namespace, name, endpoints: ips.size }];
    }),
  );
}

export function serviceAnswer(check: Check, healthy: boolean): HealthAnswer {
  const body = `{
\t"service": {
\t\t"namespace": ${goQuote(check.namespace)},
\t\t"name": ${goQuote(check.name)}
\t},
\t"localEndpoints": ${check.endpoints},
\t"serviceProxyHealthy": ${healthy}
}`;
  const headers = { ...JSON_HEADERS, 'x-load-balancing-endpoint-weight': String(check.endpoints) };
  return { status: check.endpoints > 0 && healthy ? 200 : 503, headers, body };
}

/** The ports of Services, opened and closed as they come and go. One that cannot be opened is tried again with the next change. */
export class ServiceHealth {
  private checks = new Map<number, Check>();
  private readonly open = new Map<number, { close(): Promise<void> }>();

  constructor(
    private readonly listener: HealthListener,
    private readonly health: ProxyHealth,
    private readonly failed: (port: number, error: Error) => void,
  ) {}

  /** That are open. */
  get ports(): number[] {
    return [...this.open.keys()];
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    this.checks = serviceChecks(ports);
    for (const [port, o] of this.open) {
      if (this.checks.has(port)) continue;
      this.open.delete(port);
      await o.close();
    }
    for (const port of this.checks.keys()) {
      if (this.open.has(port)) continue;
      try {
        this.open.set(port, await this.listener.listen(port, () => serviceAnswer(this.checks.get(port)!, this.health.healthy)));
      } catch (e) {
        this.failed(port, e as Error);
      }
    }
  }

  async stop(): Promise<void> {
    await this.sync([]);
  }
}
