/** kube-proxy: follows Services and EndpointSlices and keeps the node's rules as they should be. */
import type { Client } from '../client/client.js';
import { Informers } from '../client/informer.js';
import { ENDPOINT_SLICES, SERVICES } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import type { OwnPort } from '../meta/own-ports.js';
import { sleep, type Timer } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { type HealthListener, ProxyHealth, ServiceHealth } from './health.js';
import { decide, type ServicePort, type ServiceRules } from './rules.js';

/** Changes that come close together are put in at once. */
const GATHER_MS = 5;
/** The rules are put in again now and then, in case something else changed them. */
const RESYNC_MS = 30_000;
const RETRY_MS = 1_000;

export interface ProxyOptions {
  readonly client: Client;
  readonly env: Env;
  readonly node: string;
  readonly rules: ServiceRules;
  /** Whether a TCP connection to an endpoint of this node comes about. Absent: endpoints count from when they are ready. */
  readonly connects?: (ip: string, port: number) => Promise<boolean>;
  /** Absent: nobody is told how the proxy fares. */
  readonly health?: HealthListener;
  /** Addresses of the node as it has them now. Absent: not known. */
  readonly addresses?: () => ReadonlySet<string>;
  /** Ports that the node's other programs hold. */
  readonly ownPorts?: () => readonly OwnPort[];
}

/** Of `/healthz` and `/livez`. */
export const HEALTH_PORT = 10256;
const NODE_MS = 10_000;
/** An autoscaler takes the node soon: balancers are to leave it. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** An endpoint that does not answer within this time counts all the same: its Pod said it is ready. */
const ANSWER_MS = 5_000;
/** The other ports of a Pod that answers on one have this long: some are in a Service and nobody listens there. */
const OTHER_PORTS_MS = 300;
const ASK_MS = 20;
const MOST_ASKED = 200;
/** A Pod that goes is held for this long where everyone knows that it goes and no new endpoint is being asked: nothing better may come. */
const NO_SUCCESSOR_MS = 2_000;

export class KubeProxy implements Component {
  readonly name = 'kube-proxy';
  private readonly informers: Informers;
  private timer?: Timer;
  private resync?: Timer;
  private running?: Promise<void>;
  private again = false;
  private stopped = false;
  /** `ip:port` of endpoints: whether they have answered. */
  private readonly asked = new Map<string, boolean>();
  /** How many are being asked now. */
  private asking = 0;
  /** When the first port of an address answered. */
  private readonly answered = new Map<string, number>();
  /** Addresses that the rules in the kernel lead to. */
  private applied = new Set<string>();
  private refused: ReadonlySet<string> = new Set();
  private changes: (() => void)[] = [];
  private started = false;
  private readonly health: ProxyHealth;
  private readonly serviceHealth: ServiceHealth | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private healthPort: { close(): Promise<void> } | undefined;

  constructor(private readonly o: ProxyOptions) {
    this.health = new ProxyHealth(o.env.clock);
    const failed = (port: number, e: Error) => o.env.log.warn('a health check port cannot be opened', { port, error: e.message });
    this.serviceHealth = o.health && new ServiceHealth(o.health, this.health, failed);
    this.informers = new Informers(o.client, o.env);
  }

  async start(): Promise<void> {
    const soon = () => {
      this.health.queued();
      this.schedule(GATHER_MS);
    };
    this.healthPort = await this.o.health
      ?.listen(HEALTH_PORT, (path) => this.health.answer(path))
      .catch((e: Error) => {
        this.o.env.log.warn('kube-proxy does not tell how it fares', { port: HEALTH_PORT, error: e.message });
        return undefined;
      });
    for (const kind of [SERVICES, ENDPOINT_SLICES]) this.informers.for(kind).on({ add: soon, update: soon, delete: soon });
    const slices = this.informers.for(ENDPOINT_SLICES);
    slices.index('ip', (x) => (x.endpoints ?? []).flatMap((e) => e.addresses));
    slices.index('staying', (x) => (x.endpoints ?? []).flatMap((e) => (e.conditions?.terminating ? [] : e.addresses)));
    await this.informers.start();
    await this.begin();
    this.started = true;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.resync?.cancel();
    await this.informers.stop();
    await this.running;
    await this.healthPort?.close();
    await this.serviceHealth?.stop();
  }

  /** What is wanted now. */
  wanted(): ServicePort[] {
    return decide(this.informers.for(SERVICES).list(), this.informers.for(ENDPOINT_SLICES).list(), this.o.node, {
      answers: (ip, port) => this.answers(ip, port),
      own: { addresses: this.o.addresses?.() ?? new Set<string>(), ports: [...(this.o.ownPorts?.() ?? []), ...this.ownPorts()] },
      tooMany: (service) => this.o.env.log.warn('a Service asks for too many rules: the rest of its ports is left out', { service }),
    });
  }

  /** What the proxy itself listens on. */
  ownPorts(): OwnPort[] {
    if (!this.o.health) return [];
    return [HEALTH_PORT, ...(this.serviceHealth?.ports ?? [])].map((port) => ({ protocol: 'TCP', port, holder: 'kube-proxy' }));
  }

  /** Each time that it is new. */
  private tellRefused(ports: readonly ServicePort[]): void {
    const now = new Set(ports.flatMap((p) => p.refused.map((why) => `${p.name}: ${why}`)));
    for (const why of now) if (!this.refused.has(why)) this.o.env.log.warn('an address of a Service is not served', { why });
    this.refused = now;
  }

  /**
   * Resolves when no rule leads to any of these addresses any more, or after `limitMs`. A kubelet on the same machine waits for it
   * before it ends a Pod's containers, so that no connection is sent to one that has stopped listening.
   */
  async withdrawn(ips: readonly string[], limitMs: number): Promise<void> {
    const { clock } = this.o.env;
    const start = clock.now();
    const hopeful = () => this.asking > 0 || ips.some((ip) => this.unaware(ip));
    const left = () => start + Math.min(limitMs, hopeful() ? limitMs : NO_SUCCESSOR_MS) - clock.now();
    while (!this.stopped && ips.some((ip) => this.applied.has(ip)) && left() > 0)
      await new Promise<void>((resolve) => {
        const timer = clock.after(left(), resolve);
        this.changes.push(() => {
          timer.cancel();
          resolve();
        });
      });
  }

  /** Endpoints of this node are asked once before traffic goes there; those that were there before the proxy keep their traffic. */
  private answers(ip: string, port: number): boolean {
    if (!this.o.connects) return true;
    const id = `${ip}:${port}`;
    const known = this.asked.get(id);
    // With so many asked at once no more are: they count from when they are ready.
    if (known === undefined && (!this.started || this.asking >= MOST_ASKED)) {
      this.asked.set(id, true);
      return true;
    }
    if (known === undefined) {
      this.asked.set(id, false);
      void this.ask(ip, port).then(() => {
        this.asked.set(id, true);
        this.schedule(0);
      });
    }
    return known === true;
  }

  private async ask(ip: string, port: number): Promise<void> {
    const { clock } = this.o.env;
    const until = clock.now() + ANSWER_MS;
    const late = () => clock.now() >= Math.min(until, (this.answered.get(ip) ?? until) + OTHER_PORTS_MS);
    this.asking++;
    while (!this.stopped && !late()) {
      if (await this.o.connects!(ip, port)) {
        if (!this.answered.has(ip)) this.answered.set(ip, clock.now());
        break;
      }
      await sleep(clock, ASK_MS);
    }
    this.asking--;
  }

  /** A slice does not say yet that what has this address goes. */
  private unaware(ip: string): boolean {
    return this.informers.for(ENDPOINT_SLICES).count('staying', ip) > 0;
  }

  /** Of some slice still; else the address may be another Pod's next. */
  private present(ip: string): boolean {
    return this.informers.for(ENDPOINT_SLICES).count('ip', ip) > 0;
  }

  /** Looked at with syncs, not with each question: whoever asks need not be anybody. */
  private async lookAtNode(now: number): Promise<void> {
    this.lookedAt = now;
    try {
      const node = await this.o.client.get({ apiVersion: 'v1', kind: 'Node', name: this.o.node } as const);
      this.health.nodeEligible = !node.metadata.deletionTimestamp && !node.spec.taints?.some((t) => t.key === TO_BE_DELETED);
    } catch (e) {
      if (isNotFound(e)) this.health.nodeEligible = false;
    }
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    if (this.timer) return;
    this.timer = this.o.env.clock.after(ms, () => {
      this.timer = undefined;
      if (this.running) this.again = true;
      else void this.begin();
    });
  }

  /** One at a time: the older of two would overwrite the newer. */
  private begin(): Promise<void> {
    this.running = this.sync().finally(() => {
      this.running = undefined;
      if (this.again) {
        this.again = false;
        this.schedule(GATHER_MS);
      }
    });
    return this.running;
  }

  private async sync(): Promise<void> {
    this.resync?.cancel();
    try {
      const read = this.o.env.clock.now();
      const wanted = this.wanted();
      this.tellRefused(wanted);
      await this.o.rules.apply(wanted);
      this.health.done(read);
      await this.serviceHealth?.sync(wanted);
      this.applied = new Set(wanted.flatMap((p) => [...p.backends, ...p.localBackends].map((b) => b.ip)));
      for (const [id, done] of this.asked) if (done && !this.present(id.slice(0, id.lastIndexOf(':')))) this.asked.delete(id);
      for (const ip of this.answered.keys()) if (!this.present(ip)) this.answered.delete(ip);
      for (const tell of this.changes.splice(0)) tell();
      if (this.o.health && read - this.lookedAt >= NODE_MS) await this.lookAtNode(read);
      if (!this.stopped) this.resync = this.o.env.clock.after(RESYNC_MS, () => this.schedule(0));
    } catch (e) {
      this.o.env.log.error('the service rules could not be put in; trying again', { error: (e as Error).message });
      if (!this.stopped) this.resync = this.o.env.clock.after(RETRY_MS, () => this.schedule(0));
    }
  }
}
