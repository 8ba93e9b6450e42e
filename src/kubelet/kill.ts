/** Ends containers: preStop, the stop signal, and after the grace SIGKILL; sidecars last, in reverse order. */
import type { Container, Pod } from '../api/types/core/v1.js';
import { sleep } from '../util/clock.js';
import type { KubeletContext } from './context.js';
import { runHandler } from './handlers.js';
import { findContainer, gracePeriod, initContainers, isSidecar } from './pods.js';
import type { PodSeen, SeenContainer } from './seen.js';
import type { KillReason } from './sync.js';

/** A container always gets this long, whatever its hooks have used up. */
const MIN_GRACE_SECONDS = 2;
/** How long a container that goes may wait for the node's service rules to forget it. */
const WITHDRAW_MS = 6_000;

/** The grace of a container that is killed for `reason`: a probe may have its own. */
export function containerGrace(pod: Pod, c: Container | undefined, reason: KillReason): number {
  const own =
    reason === 'LivenessProbe'
      ? c?.livenessProbe?.terminationGracePeriodSeconds
      : reason === 'StartupProbe'
        ? c?.startupProbe?.terminationGracePeriodSeconds
        : undefined;
  return pod.metadata.deletionGracePeriodSeconds ?? own ?? gracePeriod(pod);
}

export interface KillOrder {
  readonly message?: string;
  readonly reason?: KillReason;
  /** In place of the pod's own. */
  readonly grace?: number;
  /** Resolves when it is this container's turn. */
  readonly turn?: Promise<void>;
}

export async function killContainer(
  ctx: KubeletContext,
  pod: Pod,
  seen: Pick<SeenContainer, 'id' | 'name'>,
  podIP: string,
  order: KillOrder = {},
): Promise<void> {
  const c = findContainer(pod, seen.name);
  const total = order.grace ?? containerGrace(pod, c, order.reason ?? 'Unknown');
  ctx.events.normal(pod, 'Killing', order.message ?? `Stopping container ${seen.name}`, c);
  const { clock } = ctx.env;
  const began = clock.now();
  const left = () => total - Math.floor((clock.now() - began) / 1000);
  const preStop = c?.lifecycle?.preStop;
  if (preStop && total > 0) await withinGrace(ctx, total, (signal) => hook(ctx, pod, c, seen.id, podIP, signal));
  if (pod.metadata.deletionTimestamp && ctx.withdrawn && podIP && !pod.spec.hostNetwork) await ctx.withdrawn([podIP], WITHDRAW_MS);
  if (order.turn && left() > 0) await withinGrace(ctx, left(), () => order.turn!);
  await ctx.runtime.stopContainer(seen.id, Math.max(MIN_GRACE_SECONDS, left()));
}

async function hook(ctx: KubeletContext, pod: Pod, c: Container, id: string, podIP: string, signal: AbortSignal): Promise<void> {
  try {
    await runHandler(
      { runtime: ctx.runtime, transport: ctx.host.probes, clock: ctx.env.clock },
      pod,
      c,
      id,
      podIP,
      c.lifecycle!.preStop!,
      signal,
    );
  } catch (e) {
    ctx.env.log.info('preStop hook failed', { pod: pod.metadata.name, container: c.name, error: (e as Error).message });
    ctx.events.warn(pod, 'FailedPreStopHook', 'PreStopHook failed', c); // without its output: that may hold secrets
  }
}

async function withinGrace(ctx: KubeletContext, seconds: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work(done.signal), sleep(ctx.env.clock, seconds * 1000, done.signal)]);
  } finally {
    done.abort();
  }
}

/** A sidecar waits for the main containers and for the sidecars that began after it: absent where there are none. */
function turnsOf(sidecars: readonly Container[], ends: ReadonlyMap<string, Promise<void>>): Map<string, Promise<void>> {
  const names = new Set(sidecars.map((c) => c.name));
  const main = [...ends].filter(([name]) => !names.has(name)).map(([, end]) => end);
  const all = (promises: readonly Promise<void>[]) => Promise.all(promises).then(() => {});
  let before = main.length ? all(main) : undefined;
  const turns = new Map<string, Promise<void>>();
  for (const { name } of sidecars.toReversed()) {
    const end = ends.get(name);
    if (!end) continue;
    if (before) turns.set(name, before);
    before = before ? all([before, end]) : end;
  }
  return turns;
}

/** Ends every running container of a pod. Rejects with the first failure, when all have been tried. */
export async function killContainers(ctx: KubeletContext, pod: Pod, seen: PodSeen, grace?: number): Promise<void> {
  const running = seen.containers.filter((c) => c.state === 'running' || c.state === 'unknown');
  const podIP = seen.ips[0] ?? pod.status?.podIP ?? '';
  const sidecars = initContainers(pod).filter(isSidecar);
  const ended = new Map<string, () => void>();
  const ends = new Map(running.map((c) => [c.name, new Promise<void>((resolve) => ended.set(c.name, resolve))] as const));
  const turns = turnsOf(sidecars, ends);
  const results = await Promise.allSettled(
    running.map(async (c) => {
      const turn = turns.get(c.name);
      try {
        await killContainer(ctx, pod, c, podIP, { ...(grace === undefined ? {} : { grace }), ...(turn ? { turn } : {}) });
      } finally {
        ended.get(c.name)?.();
      }
    }),
  );
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Every container, then every sandbox of the pod. */
export async function killPod(ctx: KubeletContext, pod: Pod, seen: PodSeen, grace?: number): Promise<void> {
  await killContainers(ctx, pod, seen, grace);
  for (const s of seen.sandboxes) await ctx.runtime.stopSandbox(s.id);
}
