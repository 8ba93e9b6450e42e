/** Runs every probe of every pod of the node at its period, and remembers what they found. */

import type { Container, Pod, PodStatus, Probe } from '../api/types/core/v1.js';
import type { Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { named } from '../util/named.js';
import { table } from '../util/own.js';
import type { PodEvents } from './events.js';
import type { ProbeTransport } from './host.js';
import { initContainers, isSidecar, uidOf } from './pods.js';
import { type ProbeOutcome, runProbe } from './probe.js';
import type { ContainerRuntime } from './runtime.js';
import { latest, type PodSeen } from './seen.js';
import type { Readiness } from './status.js';
import type { ProbeResults } from './sync.js';

export type ProbeKind = 'liveness' | 'readiness' | 'startup';
type Result = 'success' | 'failure';

export const TITLES: Readonly<Record<ProbeKind, string>> = table({ liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' });
const SPECS = table({ liveness: 'livenessProbe', readiness: 'readinessProbe', startup: 'startupProbe' } as const);
const KINDS = Object.keys(TITLES) as ProbeKind[];
/** A probe that could not be made is tried so often before it counts. */
const TRIES = 3;

/** Counts outcomes in a row against the thresholds of a probe. Pure but for its own count. */
export class Threshold {
  private run = 0;
  private last: Result | undefined;

  constructor(private readonly probe: Pick<Probe, 'failureThreshold' | 'successThreshold'>) {}

  /** The verdict once enough outcomes in a row agree; undefined: as before. */
  add(result: Result): Result | undefined {
    this.run = result === this.last ? this.run + 1 : 1;
    this.last = result;
    const enough = result === 'failure' ? (this.probe.failureThreshold ?? 3) : (this.probe.successThreshold ?? 1);
    return this.run >= enough ? result : undefined;
  }
}

export interface ProbeDeps {
  readonly env: Env;
  readonly runtime: ContainerRuntime;
  readonly transport: ProbeTransport;
  readonly events: PodEvents;
  /** A verdict has changed: the pod wants a sync. */
  readonly onChange: (podUid: string) => void;
}

/** One probe of one container. It lives as long as the pod, across restarts of the container. */
class Worker {
  private timer: Timer | undefined;
  private containerId = '';
  private startedAt = 0;
  private podIP = '';
  private threshold: Threshold;
  private stopped = false;
  private busy = false;

  constructor(
    private readonly manager: ProbeManager,
    private readonly deps: ProbeDeps,
    private readonly kind: ProbeKind,
    private pod: Pod,
    private container: Container,
  ) {
    this.threshold = new Threshold(this.probe);
  }

  private get probe(): Probe {
    return this.container[SPECS[this.kind]]!;
  }

  /** The container as it runs now; undefined: it does not. */
  update(pod: Pod, container: Container, running: { id: string; startedAt: number; podIP: string } | undefined): void {
    this.pod = pod;
    this.container = container;
    if (running) this.podIP = running.podIP;
    if ((running?.id ?? '') === this.containerId) return;
    this.timer?.cancel();
    this.containerId = running?.id ?? '';
    this.threshold = new Threshold(this.probe);
    if (!running) return;
    this.startedAt = running.startedAt;
    const due = this.startedAt + (this.probe.initialDelaySeconds ?? 0) * 1000;
    this.arm(Math.max(0, due - this.deps.env.clock.now()));
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Probe now, not at the period's end: what held it back is over. */
  kick(): void {
    if (this.containerId) this.arm(0);
  }

  private arm(ms: number): void {
    if (this.stopped) return;
    this.timer?.cancel();
    this.timer = this.deps.env.clock.after(ms, () => {
      this.tick().catch((e: Error) => this.deps.env.log.error('probe failed unexpectedly', { error: e.message }));
    });
  }

  /** How often it was asked, by outcome. */
  readonly outcomes: Record<Result, number> = { success: 0, failure: 0 };

  get about(): Omit<ProbeCount, 'result' | 'count'> {
    const { kind, pod, container } = this;
    return { kind, container: container.name, pod: pod.metadata.name ?? '', namespace: pod.metadata.namespace ?? '', podUid: uidOf(pod) };
  }

  private async tick(): Promise<void> {
    if (this.busy) return;
    const id = this.containerId;
    // While the startup probe has the word, the others wait; once it has succeeded it is done.
    const started = this.manager.isStarted(this.pod, this.container, id);
    if ((this.kind === 'startup') === started) {
      if (this.kind !== 'startup') this.arm((this.probe.periodSeconds ?? 10) * 1000);
      return;
    }
    this.busy = true;
    try {
      const result = await this.once();
      this.outcomes[result]++;
      if (this.stopped || id !== this.containerId) return;
      const verdict = this.threshold.add(result);
      if (verdict) this.manager.record(this.kind, this.pod, this.container, id, verdict);
      const hold = verdict === 'failure' && this.kind !== 'readiness'; // it will be killed: nothing more to ask
      if (!hold) this.arm((this.probe.periodSeconds ?? 10) * 1000);
    } finally {
      this.busy = false;
      if (this.containerId && this.containerId !== id) this.arm(0);
    }
  }

  private async once(): Promise<Result> {
    const { events, runtime, transport } = this.deps;
    const target = { runtime, transport, container: this.container, containerId: this.containerId, podIP: this.podIP };
    let outcome: ProbeOutcome | undefined;
    let error: Error | undefined;
    for (let i = 0; i < TRIES && !outcome; i++) {
      try {
        outcome = await runProbe(this.probe, target);
      } catch (e) {
        error = e as Error;
      }
    }
    if (this.stopped || target.containerId !== this.containerId) return 'failure'; // ended meanwhile: nobody wants to know
    const title = TITLES[this.kind];
    if (!outcome) {
      events.warn(this.pod, 'Unhealthy', `${title} probe errored and resulted in unknown state: ${error?.message}`, this.container);
      return 'failure';
    }
    if (outcome.result === 'warning') events.warn(this.pod, 'ProbeWarning', `${title} probe warning: ${outcome.output}`, this.container);
    if (outcome.result === 'failure') events.warn(this.pod, 'Unhealthy', `${title} probe failed: ${outcome.output}`, this.container);
    return outcome.result === 'failure' ? 'failure' : 'success';
  }
}

export interface ProbeCount {
  readonly kind: ProbeKind;
  readonly container: string;
  readonly pod: string;
  readonly namespace: string;
  readonly podUid: string;
  readonly result: Result;
  readonly count: number;
}

export class ProbeManager {
  private readonly workers = new Map<string, Map<string, Worker>>();
  private readonly results = new Map<string, Result>();

  constructor(private readonly deps: ProbeDeps) {}

  /** Starts, moves on and ends the workers of a pod by what runs now. */
  sync(pod: Pod, seen: PodSeen, podIP: string): void {
    const uid = uidOf(pod);
    const workers = this.workers.get(uid) ?? new Map<string, Worker>();
    this.workers.set(uid, workers);
    for (const c of [...initContainers(pod).filter(isSidecar), ...pod.spec.containers]) {
      const newest = latest(seen, c.name);
      const running = newest?.state === 'running' ? { id: newest.id, startedAt: newest.startedAt, podIP } : undefined;
      // A sidecar that was taken over has passed its startup probe, which is not asked again: those who wait for its verdict must hear of it.
      if (c.startupProbe && running && !this.results.has(`startup/${running.id}`) && takenOver(pod.status, c.name, running.id)?.started)
        this.results.set(`startup/${running.id}`, 'success');
      for (const kind of KINDS) {
        if (!c[SPECS[kind]]) continue;
        const key = `${kind}/${c.name}`;
        let worker = workers.get(key);
        if (!worker) workers.set(key, (worker = new Worker(this, this.deps, kind, pod, c)));
        worker.update(pod, c, running);
      }
    }
    // Results of containers that are gone.
    for (const s of seen.containers) if (s.state === 'exited') for (const kind of KINDS) this.results.delete(`${kind}/${s.id}`);
  }

  /** A terminating pod is not killed for its probes; its readiness still counts. */
  stopKilling(podUid: string): void {
    for (const [key, w] of this.workers.get(podUid) ?? []) if (!key.startsWith('readiness/')) w.stop();
  }

  remove(podUid: string): void {
    for (const w of this.workers.get(podUid)?.values() ?? []) w.stop();
    this.workers.delete(podUid);
  }

  stop(): void {
    for (const uid of [...this.workers.keys()]) this.remove(uid);
  }

  record(kind: ProbeKind, pod: Pod, c: Container, id: string, result: Result): void {
    const key = `${kind}/${id}`;
    if (this.results.get(key) === result) return;
    this.results.set(key, result);
    this.deps.env.log.debug('probe', { kind, result, pod: pod.metadata.name, container: c.name });
    if (kind === 'startup' && result === 'success') this.workers.get(uidOf(pod))?.get(`readiness/${c.name}`)?.kick();
    this.deps.onChange(uidOf(pod));
  }

  /** Has passed its startup probe, or has none. */
  isStarted(pod: Pod, c: Container, id: string): boolean {
    if (!c.startupProbe) return true;
    return this.results.get(`startup/${id}`) === 'success' || takenOver(pod.status, c.name, id)?.started === true;
  }

  /** Of the pods that are here. */
  counts(): ProbeCount[] {
    return [...this.workers.values()].flatMap((pod) =>
      [...pod.values()].flatMap((w) =>
        (['success', 'failure'] as const).filter((r) => w.outcomes[r]).map((result) => ({ ...w.about, result, count: w.outcomes[result] })),
      ),
    );
  }

  /** What `decide` asks. */
  verdicts(): ProbeResults {
    return { liveness: (id) => this.results.get(`liveness/${id}`), startup: (id) => this.results.get(`startup/${id}`) };
  }

  /** What the status asks. A container that this kubelet took over keeps what the API knows of it until a probe says otherwise. */
  readiness(pod: Pod): Readiness {
    const find = (name: string) => (named(pod.spec.containers, name) ?? named(initContainers(pod), name))!;
    const plain = (id: string) => id.slice(id.indexOf('://') + 3);
    return {
      started: (name, id) => this.isStarted(pod, find(name), plain(id)),
      ready: (name, id) => {
        if (!find(name).readinessProbe) return true;
        const result = this.results.get(`readiness/${plain(id)}`);
        return result ? result === 'success' : takenOver(pod.status, name, plain(id))?.ready === true;
      },
    };
  }
}

function takenOver(status: PodStatus | undefined, name: string, id: string): { ready: boolean; started?: boolean } | undefined {
  return [status?.containerStatuses, status?.initContainerStatuses]
    .map((list) => named(list ?? [], name))
    .find((s) => s?.containerID?.endsWith(`://${id}`) && s.state.running);
}
