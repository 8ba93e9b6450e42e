/** One of several acts: who holds a Lease. Source: https://kubernetes.io/docs/concepts/architecture/leases/#leader-election */
import type { Lease } from '../api/types/coordination/v1.js';
import { isAlreadyExists, isConflict, isNotFound } from '../meta/errors.js';
import { microTimestamp, sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { Client } from './client.js';
import { LEASES } from './kinds.js';

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly env: Env;
  readonly namespace: string;
  readonly name: string;
  /** Who we are: unique among the candidates. */
  readonly identity: string;
  readonly leaseSeconds?: number;
  readonly renewDeadlineSeconds?: number;
  readonly retrySeconds?: number;
}

type Seen = { holder: string; renewTime: string; at: number };

export class LeaderElection {
  private seen?: Seen;

  constructor(private readonly o: LeaderElectionOptions) {}

  /**
   * Waits until we lead, then runs `lead` with a signal that aborts when we lead no more. Resolves when `signal` aborts or leadership was
   * lost (true), after `lead` has ended.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<{ lost: boolean }> {
    const { clock, random } = this.o.env;
    const retry = (this.o.retrySeconds ?? 2) * 1000;
    while (!signal.aborted && !(await this.tryHold())) await sleep(clock, retry * (1 + random.float() * 0.2), signal);
    if (signal.aborted) return { lost: false };
    const leading = new AbortController();
    const work = lead(leading.signal);
    const deadline = (this.o.renewDeadlineSeconds ?? 10) * 1000;
    let renewed = clock.now();
    while (!signal.aborted) {
      await sleep(clock, retry, signal);
      if (signal.aborted) break;
      // An API that does not answer is none: another one leads as soon as the lease has run out.
      const late = new AbortController();
      const deadlineOver = sleep(clock, Math.max(0, renewed + deadline - clock.now()), late.signal).then(() => false);
      const held = await Promise.race([this.tryHold(late.signal), deadlineOver]);
      late.abort();
      if (held) renewed = clock.now();
      else if (clock.now() - renewed >= deadline) {
        leading.abort();
        await work;
        return { lost: true };
      }
    }
    leading.abort();
    await work;
    await this.release();
    return { lost: false };
  }

  private async tryHold(signal?: AbortSignal): Promise<boolean> {
    const { client, env, namespace, name, identity } = this.o;
    const now = env.clock.now();
    const time = microTimestamp(now);
    const seconds = this.o.leaseSeconds ?? 15;
    const ref = { ...LEASES, namespace, name };
    try {
      let lease: Lease;
      try {
        lease = await client.get(ref, { signal });
      } catch (e) {
        if (!isNotFound(e)) throw e;
        const spec = { holderIdentity: identity, leaseDurationSeconds: seconds, acquireTime: time, renewTime: time, leaseTransitions: 0 };
        await client.create({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name, namespace }, spec }, { signal });
        return true;
      }
      const spec = lease.spec;
      const holder = spec.holderIdentity ?? '';
      if (this.seen?.holder !== holder || this.seen.renewTime !== spec.renewTime)
        this.seen = { holder, renewTime: spec.renewTime ?? '', at: now };
      if (holder && holder !== identity && now - this.seen.at < (spec.leaseDurationSeconds ?? seconds) * 1000) return false;
      const own = holder === identity;
      const next = structuredClone(lease);
      next.spec = {
        ...spec,
        holderIdentity: identity,
        leaseDurationSeconds: seconds,
        renewTime: time,
        acquireTime: own ? spec.acquireTime : time,
        leaseTransitions: (spec.leaseTransitions ?? 0) + (own ? 0 : 1),
      };
      await client.update(next, { signal });
      return true;
    } catch (e) {
      if (!isConflict(e) && !isAlreadyExists(e))
        env.log.debug('the lease could not be taken or renewed', { lease: `${namespace}/${name}`, error: (e as Error).message });
      return false;
    }
  }

  /** Lets another candidate lead at once. */
  private async release(): Promise<void> {
    const { client, env, namespace, name, identity } = this.o;
    try {
      const lease = await client.get({ ...LEASES, namespace, name });
      if (lease.spec.holderIdentity !== identity) return;
      const next = structuredClone(lease);
      next.spec = { ...next.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTimestamp(env.clock.now()) };
      await client.update(next);
    } catch {
      // The lease runs out by itself.
    }
  }
}
