/**
 * One pod's life on this node, from its first sync to its last trace. Syncs never overlap. The phases are one way:
 * `syncing` (make it so) -> `terminating` (end every container) -> `terminated` (nothing runs; clean up, and let the API forget it).
 */
import type { Pod, PodStatus } from '../api/types/core/v1.js';
import type { Timer } from '../util/clock.js';
import type { WaitingReason } from './container-statuses.js';
import { downwardFacts, type KubeletContext } from './context.js';
import { execute } from './execute.js';
import { killPod } from './kill.js';
import { podDir } from './paths.js';
import { isStatic, isTerminalPhase, nameOf, uidOf, usesHostNetwork } from './pods.js';
import { podCgroup, podLimits } from './qos.js';
import { lookAt, NOTHING_SEEN, type PodSeen } from './seen.js';
import { podStatus } from './status.js';
import type { StatusManager } from './status-manager.js';
import { decide } from './sync.js';
import { VolumeError } from './volumes/volume-manager.js';

export type WorkerPhase = 'syncing' | 'terminating' | 'terminated';

export interface WorkerDeps {
  readonly ctx: KubeletContext;
  readonly statuses: StatusManager;
  /** Of a static pod: its mirror in the API. */
  readonly mirrorOf: (pod: Pod) => Pod | undefined;
  readonly admit: (pod: Pod) => Promise<{ reason: string; message: string } | undefined>;
  /** Undefined: pods may have networks. */
  readonly networkProblem: () => string | undefined;
  /** Nothing runs any more and everything is cleaned up. */
  readonly onTerminated: (worker: PodWorker) => Promise<void>;
}

/** A pod at rest is looked at again this often, with some jitter. */
const RESYNC_MS = 60_000;
const NETWORK_RETRY_MS = 1000;
const RETRY_MS = 10_000;
const VOLUME_RETRY_MS = 500;
const MAX_VOLUME_RETRY_MS = 122_000;
/** Event text of a missing network. */
const NETWORK_NOT_READY = 'network is not ready';

export class PodWorker {
  phase: WorkerPhase = 'syncing';
  private seen: PodSeen = NOTHING_SEEN;
  private readonly reasons = new Map<string, WaitingReason>();
  private failure: { reason: string; message: string; refused?: boolean } | undefined;
  private graceOverride: number | undefined;
  private admitted = false;
  private volumeFailures = 0;
  private timer: Timer | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  /** Aborts when the pod is to end, or the kubelet goes: a start under way is given up. */
  private readonly ending = new AbortController();
  /** Gone from its source: no status, no delete. */
  orphan = false;

  constructor(
    public pod: Pod,
    private readonly deps: WorkerDeps,
  ) {}

  get uid(): string {
    return uidOf(this.pod);
  }

  /** What was last found in the runtime. */
  get lastSeen(): PodSeen {
    return this.seen;
  }

  update(pod: Pod): void {
    const shorter = graceOf(pod) < graceOf(this.pod);
    this.pod = pod;
    if (pod.metadata.deletionTimestamp && this.phase === 'terminating' && shorter) this.hurry(graceOf(pod));
    if (pod.metadata.deletionTimestamp || (isTerminalPhase(pod.status?.phase) && !isStatic(pod))) this.terminate();
    this.wake();
  }

  /** Removed from the API or the manifest folder. */
  remove(): void {
    this.orphan = true;
    this.terminate();
    this.wake();
  }

  /** Ends the pod as Failed with these words: eviction, deadline, refusal. */
  fail(reason: string, message: string, graceSeconds?: number): void {
    if (this.phase !== 'syncing') return;
    this.failure = { reason, message };
    this.graceOverride = graceSeconds;
    this.terminate();
    this.wake();
  }

  wake(): void {
    if (this.stopped) return;
    this.again = true;
    this.timer?.cancel();
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
      if (this.again) this.wake(); // woken between the loop's last look and here
    });
  }

  /** The kubelet goes away; containers run on. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.ending.abort();
    this.timer?.cancel();
    await this.running;
  }

  private terminate(): void {
    if (this.phase === 'syncing') this.phase = 'terminating';
    this.ending.abort();
  }

  private async loop(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      const { ctx } = this.deps;
      let next = RESYNC_MS * (1 + ctx.env.random.float() / 2);
      try {
        next = (await this.once()) ?? next;
      } catch (e) {
        ctx.env.log.warn('pod sync failed', { pod: nameOf(this.pod), phase: this.phase, error: (e as Error).message });
        next = RETRY_MS;
      }
      if (!this.again && !this.stopped && next !== Number.POSITIVE_INFINITY) {
        this.timer = ctx.env.clock.after(next, () => this.wake());
      }
    }
  }

  /** Milliseconds to the next sync; undefined: the usual; Infinity: only when woken. */
  private async once(): Promise<number | undefined> {
    if (this.phase === 'syncing') return this.sync();
    if (this.phase === 'terminating') return this.end();
    await this.deps.onTerminated(this);
    return Number.POSITIVE_INFINITY;
  }

  private async look(): Promise<void> {
    this.seen = await lookAt(this.deps.ctx.runtime, this.deps.ctx.host.files, this.uid);
  }

  private report(over: boolean): PodStatus {
    const { ctx, statuses, mirrorOf } = this.deps;
    const target = isStatic(this.pod) ? mirrorOf(this.pod) : this.pod;
    const status = podStatus({
      pod: this.pod,
      old: statuses.get(this.uid) ?? this.pod.status ?? {},
      seen: this.seen,
      runtimeName: ctx.runtimeName,
      reasons: this.reasons,
      probes: ctx.probes.readiness(this.pod),
      hostIPs: ctx.hostIPs,
      over,
      ...(this.failure ? { failure: this.failure } : {}),
      now: ctx.env.clock.now(),
    });
    if (!this.orphan) statuses.set(this.uid, target, status);
    return status;
  }

  private async sync(): Promise<number | undefined> {
    const { ctx } = this.deps;
    await this.look();
    if (!this.admitted && !this.seen.containers.length) {
      const refusal = await this.deps.admit(this.pod);
      if (refusal) return this.reject({ ...refusal, refused: true });
    }
    this.admitted = true;
    const late = this.pastDeadline();
    if (late !== undefined && late <= 0) {
      ctx.events.normal(this.pod, 'DeadlineExceeded', DEADLINE_MESSAGE);
      return this.reject({ reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE });
    }
    const ips = usesHostNetwork(this.pod) ? ctx.hostIPs : this.seen.ips;
    ctx.probes.sync(this.pod, this.seen, ips[0] ?? '');
    const status = this.report(false);
    if (isTerminalPhase(status.phase)) {
      this.phase = 'terminating';
      this.again = true;
      return undefined;
    }
    const problem = this.deps.networkProblem();
    if (problem && !usesHostNetwork(this.pod)) {
      ctx.events.warn(this.pod, 'NetworkNotReady', `${NETWORK_NOT_READY}: ${problem}`);
      return NETWORK_RETRY_MS;
    }
    const next = await this.act(ips);
    return late === undefined ? next : Math.min(late, next ?? RESYNC_MS);
  }

  private reject(refusal: { reason: string; message: string; refused?: boolean }): undefined {
    if (refusal.reason !== 'DeadlineExceeded') this.deps.ctx.events.warn(this.pod, refusal.reason, refusal.message);
    this.failure = {
      ...(refusal.refused ? { refused: true } : {}),
      reason: refusal.reason,
      message: refusal.message.startsWith('Pod was') ? refusal.message : `Pod was rejected: ${refusal.message}`,
    };
    this.phase = 'terminating';
    this.again = true;
    return undefined;
  }

  /** Milliseconds left of activeDeadlineSeconds; undefined without one. */
  private pastDeadline(): number | undefined {
    const seconds = this.pod.spec.activeDeadlineSeconds;
    const start = this.deps.statuses.get(this.uid)?.startTime ?? this.pod.status?.startTime;
    if (seconds === undefined || !start) return seconds === undefined ? undefined : seconds * 1000;
    return Date.parse(start) + seconds * 1000 - this.deps.ctx.env.clock.now();
  }

  /** Makes it so: cgroup, volumes, then the steps. */
  private async act(ips: readonly string[]): Promise<number | undefined> {
    const { ctx } = this.deps;
    const steps = decide(this.pod, this.seen, ctx.probes.verdicts());
    if (!steps.length) {
      await this.refreshVolumes(ips);
      return undefined;
    }
    try {
      await ctx.host.cgroups.ensure(podCgroup(ctx.config.cgroupRoot, this.pod), podLimits(this.pod, ctx.podPidsLimit));
    } catch (e) {
      ctx.events.warn(this.pod, 'FailedCreatePodContainer', `unable to ensure pod container exists: ${(e as Error).message}`);
      throw e;
    }
    await ctx.host.files.mkdir(podDir(ctx.config.folders, this.uid), 0o750);
    const volumes = await this.mountVolumes(ips);
    if (!volumes) return this.volumeRetry();
    if (this.phase !== 'syncing') return undefined;
    const inputs = { pod: this.pod, seen: this.seen, volumes, reasons: this.reasons, signal: this.ending.signal };
    const result = await execute(ctx, steps, inputs);
    if (result.acted && result.retryAfter === undefined) {
      this.again = true; // look at what came of it
      return undefined;
    }
    if (result.acted) await this.look();
    this.report(false); // why containers wait
    return result.retryAfter;
  }

  private async mountVolumes(ips: readonly string[]) {
    const { ctx } = this.deps;
    try {
      const volumes = await ctx.volumes.setUp(this.pod, downwardFacts(ctx, ips));
      this.volumeFailures = 0;
      return volumes;
    } catch (e) {
      if (!(e instanceof VolumeError)) throw e;
      ctx.events.warn(this.pod, 'FailedMount', e.message);
      ctx.env.log.info('volume not ready', { pod: nameOf(this.pod), error: e.message });
      return undefined;
    }
  }

  private volumeRetry(): number {
    return Math.min(MAX_VOLUME_RETRY_MS, VOLUME_RETRY_MS * 2 ** this.volumeFailures++);
  }

  private async refreshVolumes(ips: readonly string[]): Promise<void> {
    const { ctx } = this.deps;
    try {
      await ctx.volumes.refresh(this.pod, downwardFacts(ctx, ips));
    } catch (e) {
      ctx.env.log.info('volumes not refreshed', { pod: nameOf(this.pod), error: (e as Error).message });
    }
  }

  /** A shorter grace than the one that is being waited for. */
  private hurry(grace: number): void {
    const { ctx } = this.deps;
    for (const c of this.seen.containers) {
      if (c.state === 'running')
        ctx.runtime.stopContainer(c.id, grace).catch((e: Error) => ctx.env.log.debug('shorter stop failed', { error: e.message }));
    }
  }

  private async end(): Promise<undefined> {
    const { ctx } = this.deps;
    await this.look();
    const before = this.report(false);
    ctx.probes.stopKilling(this.uid);
    const grace =
      this.graceOverride ?? (this.orphan && !this.pod.metadata.deletionTimestamp && !isStatic(this.pod) ? ORPHAN_GRACE : undefined);
    try {
      await killPod(ctx, this.pod, this.seen, grace);
    } catch (e) {
      ctx.events.warn(this.pod, 'FailedKillPod', `error killing pod: ${(e as Error).message}`);
      throw e;
    }
    ctx.probes.remove(this.uid);
    await this.look();
    const alive = this.seen.containers.filter((c) => c.state === 'running');
    if (alive.length) throw new Error(`containers run on after they were stopped: ${alive.map((c) => c.id).join(', ')}`);
    // The sandbox's address is gone with it; the status keeps it.
    if (!this.seen.ips.length) this.seen = { ...this.seen, ips: (before.podIPs ?? []).map((p) => p.ip) };
    this.report(true);
    this.phase = 'terminated';
    this.again = true;
    return undefined;
  }
}

/** A pod that the API no longer has was killed by force: no time for last words. */
const ORPHAN_GRACE = 1;
const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline';

const graceOf = (pod: Pod): number =>
  pod.metadata.deletionTimestamp ? (pod.metadata.deletionGracePeriodSeconds ?? 30) : Number.POSITIVE_INFINITY;
