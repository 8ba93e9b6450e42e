/**
 * kube-scheduler: takes pods that have no node, one after another, and binds each to the best one. Binding goes on beside the next pod's turn.
 * How the framework asks its plugins, see framework.ts; what comes from the API server, see events-in.ts.
 */
import type { Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { Informers } from '../client/informer.js';
import { PODS } from '../client/kinds.js';
import { isConflict, isNotFound } from '../meta/errors.js';
import { AtMost } from '../util/at-most.js';
import type { Component, Env } from '../util/component.js';
import { SchedulerCache } from './cache.js';
import { NO_NODES, schedulePod } from './cycle.js';
import { CycleState } from './cycle-state.js';
import { watchCluster } from './events-in.js';
import { FitError } from './fit-error.js';
import { type ExtensionPoint, isRejection, type Verdict } from './framework.js';
import { registry as defaultRegistry } from './plugins/default.js';
import { type PodInfo, podInfo } from './pod-info.js';
import { createFrameworks, DEFAULT_SCHEDULER, type Profile, type Registry } from './profiles.js';
import { SchedulingQueue } from './queue.js';
import type { Entry } from './queued-pod.js';
import { type Framework, PluginError } from './runtime.js';
import type { Snapshot } from './snapshot.js';
import { type Failure, Teller } from './tell.js';
import { TimeSlice } from './time-slice.js';
import { WaitingPods } from './waiting-pods.js';

export interface SchedulerOptions {
  readonly client: Client;
  readonly env: Env;
  /** One with the default plugins where absent. */
  readonly profiles?: readonly Profile[];
  /** The plugins there are. */
  readonly registry?: Registry;
}

/** Requests of bindings under way at once; the others wait. The API server has other callers, too. */
const BINDINGS = 32;

/** One Pod on its way. */
interface Attempt {
  readonly entry: Entry;
  readonly framework: Framework;
  readonly state: CycleState;
  readonly pod: PodInfo;
}

/** How a scheduling cycle ended: the Pod is assumed on a node and may be bound once permitted; it failed; it need not be scheduled. */
type Ended = { readonly node: string; readonly permitted: Promise<Verdict | undefined> | undefined } | Failed | undefined;

interface Failed {
  readonly failure: Failure;
  readonly by: readonly Verdict[];
}

const profileOf = (p: Pod): string => p.spec.schedulerName || DEFAULT_SCHEDULER;

export class Scheduler implements Component {
  readonly name = 'kube-scheduler';
  private readonly informers: Informers;
  private readonly cache = new SchedulerCache();
  private readonly queue: SchedulingQueue;
  private readonly waitingPods: WaitingPods;
  private readonly frameworks: ReadonlyMap<string, Framework>;
  private readonly tellers: ReadonlyMap<string, Teller>;
  private readonly slice: TimeSlice;
  private readonly bindings = new AtMost(BINDINGS);
  private readonly abort = new AbortController();
  private readonly binding = new Set<Promise<void>>();
  private loop?: Promise<void>;
  /** The node at which the next Pod begins to look. */
  private next = 0;

  constructor(private readonly o: SchedulerOptions) {
    const { client, env } = o;
    this.informers = new Informers(client, env);
    this.waitingPods = new WaitingPods(env.clock);
    this.slice = new TimeSlice(env.clock);
    this.frameworks = createFrameworks(o.profiles ?? [{}], o.registry ?? defaultRegistry, {
      env,
      client,
      informers: this.informers,
      waitingPods: this.waitingPods,
      snapshot: () => this.cache.snapshot,
      activate: (pods) => this.queue.activate(pods),
    });
    this.tellers = new Map([...this.frameworks.keys()].map((name) => [name, new Teller(client, env, name)]));
    this.queue = new SchedulingQueue(env, this.frameworks, profileOf, (pod, { status }) => {
      void this.teller(pod).condition(pod, { reason: 'SchedulingGated', message: status.reasons.join(', ') });
    });
  }

  async start(): Promise<void> {
    watchCluster({
      informers: this.informers,
      cache: this.cache,
      queue: this.queue,
      waitingPods: this.waitingPods,
      frameworks: [...this.frameworks.values()],
      isOurs: (pod) => this.frameworks.has(profileOf(pod)),
    });
    await this.informers.start();
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.queue.stop();
    await this.informers.stop();
    await this.loop;
    for (const w of this.waitingPods.all()) w.reject(this.name, 'the scheduler stops');
    await Promise.allSettled([...this.binding]);
    for (const t of this.tellers.values()) await t.flush();
  }

  private teller(pod: Pod): Teller {
    return this.tellers.get(profileOf(pod))!;
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      let entry = this.queue.takeNow();
      if (!entry) {
        entry = await this.queue.take(signal);
        this.slice.begin();
      }
      if (!entry) return;
      await this.slice.spent();
      await this.attempt(entry);
    }
  }

  /** Whether the Pod still wants a node, as far as we have heard. */
  private isCurrent({ metadata: { namespace, name, uid } }: Pod): boolean {
    const p = this.informers.for(PODS).get(namespace ?? '', name);
    return p?.metadata.uid === uid && !p.spec.nodeName && !p.metadata.deletionTimestamp;
  }

  /** One Pod's fault must not end everyone's scheduling. */
  private async attempt(entry: Entry): Promise<void> {
    if (!this.isCurrent(entry.pod)) return this.queue.done(entry);
    const framework = this.frameworks.get(profileOf(entry.pod))!;
    let a: Attempt | undefined;
    let ended: Ended;
    try {
      const attempt = (a = { entry, framework, state: new CycleState(), pod: podInfo(entry.pod) });
      ended = await this.cache.during((snapshot) => this.schedulingCycle(attempt, snapshot));
    } catch (e) {
      this.o.env.log.error('a pod could not be tried', { pod: entry.key, error: (e as Error).stack });
      ended = { failure: { reason: 'SchedulerError', message: (e as Error).message }, by: [] };
    }
    if (!ended) return this.queue.done(entry);
    if ('failure' in ended) return this.fail(entry, ended.failure, ended.by);
    const done = this.bindingCycle(a!, ended.node, ended.permitted).finally(() => this.binding.delete(done));
    this.binding.add(done);
  }

  /** Finds a node, and has the Pod counted on it. */
  private async schedulingCycle(a: Attempt, snapshot: Snapshot): Promise<Ended> {
    const { framework, state, pod } = a;
    const { random } = this.o.env;
    const found = await schedulePod({ framework, state, pod, snapshot, random, slice: this.slice, start: this.next });
    this.next = snapshot.nodes.length ? (this.next + found.looked) % snapshot.nodes.length : 0;
    if ('noNodes' in found) return { failure: { reason: 'Unschedulable', message: NO_NODES }, by: [] };
    if ('fitError' in found) return refusal(found.fitError, found.nominatedNodeName);
    // It may have been bound or deleted while others had their turn.
    if (!this.isCurrent(pod.pod)) return undefined;
    const node = found.node.name;
    this.cache.assume(pod, node);
    const refused = framework.reserve(state, pod, node);
    if (refused) return this.release(a, node, refused, 'reserve');
    const permit = framework.permit(state, pod, node);
    if ('refused' in permit) return this.release(a, node, permit.refused, 'permit');
    return { node, permitted: permit.waits.size ? this.waitingPods.add(pod.pod, node, permit.waits).decided : undefined };
  }

  private async bindingCycle(a: Attempt, node: string, permitted: Promise<Verdict | undefined> | undefined): Promise<void> {
    const { entry, framework, state, pod } = a;
    try {
      for (const [point, step] of [
        ['permit', () => permitted],
        ['preBind', () => framework.preBind(state, pod, node)],
        ['bind', () => this.bindings.run(() => this.bind(a, node))],
      ] as const) {
        const no = await step();
        if (no) return this.undo(a, node, no, point);
      }
      this.queue.done(entry);
      this.teller(pod.pod).scheduled(pod.pod, node);
      framework.postBind(state, pod, node);
    } catch (e) {
      this.o.env.log.error('a binding cycle broke off', { pod: pod.key, error: (e as Error).stack });
    }
  }

  private async bind({ framework, state, pod }: Attempt, node: string): Promise<Verdict | undefined> {
    await this.slice.spent();
    return this.abort.signal.aborted ? STOPPED : framework.bind(state, pod, node);
  }

  /** The Pod does not go to that node after all. */
  private undo(a: Attempt, node: string, no: Verdict, point: ExtensionPoint): void {
    const { entry, pod } = a;
    const known = !this.cache.isAssumed(pod.pod);
    const { failure, by } = this.release(a, node, no, point);
    if (this.abort.signal.aborted) return;
    // Its room is free again: as if it had been deleted.
    this.queue.event({ resource: 'Pod', action: 'Delete', old: { ...pod.pod, spec: { ...pod.pod.spec, nodeName: node } } }, entry);
    // What became of it was heard meanwhile, or is not hard to guess.
    if (known || isNotFound(no.status.error)) return this.queue.done(entry);
    if (isConflict(no.status.error)) return this.queue.refused(entry, []);
    this.o.env.log.warn('a binding failed and is tried again', { pod: pod.key, node, error: failure.message });
    this.fail(entry, failure, by);
  }

  /** Un-reserves, and forgets that the Pod was to be on the node. */
  private release({ framework, state, pod }: Attempt, node: string, no: Verdict, point: ExtensionPoint): Failed {
    try {
      framework.unreserve(state, pod, node);
    } finally {
      this.cache.forget(pod.pod);
    }
    if (isRejection(no.status)) return refusal(FitError.on(node, no));
    return { failure: { reason: 'SchedulerError', message: new PluginError(point, no).message }, by: [] };
  }

  private fail(entry: Entry, failure: Failure, by: readonly Verdict[]): void {
    this.queue.refused(entry, by);
    this.teller(entry.pod).failed(entry.pod, failure);
  }
}

const STOPPED: Verdict = { plugin: 'kube-scheduler', status: { code: 'Error', reasons: ['the scheduler stops'] } };

const refusal = (why: FitError, nominatedNodeName?: string): Failed => ({
  failure: { reason: 'Unschedulable', message: why.message, nominatedNodeName },
  by: why.refused,
});
