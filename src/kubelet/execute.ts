/** Does what `decide` says, step by step. The first step that fails ends the run; the next sync decides anew. */
import type { Container, Pod, Secret } from '../api/types/core/v1.js';
import type { WaitingReason } from './container-statuses.js';
import type { KubeletContext } from './context.js';
import { parseResolvConf, podDns } from './dns.js';
import { goDuration } from './duration.js';
import { hostNetworkHostsFile, hostsFile, podHostName } from './hostname.js';
import { killContainer, killPod } from './kill.js';
import { etcHosts, podLogDir } from './paths.js';
import { sandboxConfig } from './pod-config.js';
import { describePod, findContainer, initContainers, nameOf, namespaceOf, uidOf, usesHostNetwork } from './pods.js';
import type { SandboxConfig } from './runtime.js';
import { latest, type PodSeen } from './seen.js';
import { PodEnding, type StartInputs, startContainer } from './start-container.js';
import { StartError } from './start-error.js';
import type { Step } from './sync.js';
import { sandboxProblem } from './unsupported.js';
import type { MountedVolumes } from './volumes/volume-manager.js';

export interface ExecuteInputs {
  readonly pod: Pod;
  readonly seen: PodSeen;
  readonly volumes: MountedVolumes;
  /** Why containers wait; kept up to date here. */
  readonly reasons: Map<string, WaitingReason>;
  /** Aborts when the pod is to end: nothing more is started. */
  readonly signal: AbortSignal;
}

export interface ExecuteResult {
  /** Something changed in the runtime: look again at once. */
  readonly acted: boolean;
  /** Milliseconds after which to try again what has to wait; undefined: nothing waits. */
  readonly retryAfter?: number;
}

/** After a failure that names no time of its own. */
const RETRY_MS = 10_000;

interface Run extends ExecuteInputs {
  sandboxId: string;
  ips: readonly string[];
  config: SandboxConfig;
  readonly secrets: readonly Secret[];
}

export async function execute(ctx: KubeletContext, steps: readonly Step[], inputs: ExecuteInputs): Promise<ExecuteResult> {
  if (!steps.length) return { acted: false };
  const { pod, seen } = inputs;
  const current = seen.sandboxes[0];
  const config = await makeSandboxConfig(ctx, pod, current?.metadata.attempt ?? 0, false);
  const starts = steps.some((s) => s.do === 'start');
  const run: Run = {
    ...inputs,
    sandboxId: current?.id ?? '',
    ips: usesHostNetwork(pod) ? ctx.hostIPs : seen.ips,
    config,
    secrets: starts ? await pullSecrets(ctx, pod) : [],
  };
  if (starts && current && !steps.some((s) => s.do === 'create-sandbox')) await writeHostsFile(ctx, pod, run.ips);
  let acted = false;
  let retryAfter: number | undefined;
  for (const step of steps) {
    const result = await perform(ctx, step, run);
    acted ||= result.acted;
    if (result.retryAfter !== undefined) retryAfter = Math.min(retryAfter ?? Number.POSITIVE_INFINITY, result.retryAfter);
    if (result.stop) break;
  }
  return { acted, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

interface StepResult {
  readonly acted: boolean;
  readonly retryAfter?: number;
  readonly stop?: boolean;
}

async function perform(ctx: KubeletContext, step: Step, run: Run): Promise<StepResult> {
  const { pod, seen } = run;
  switch (step.do) {
    case 'kill-pod':
      if (step.recreate && seen.sandboxes.length)
        ctx.events.normal(pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      await killPod(ctx, pod, seen);
      if (step.recreate) await forgetInit(ctx, pod, seen);
      return { acted: true };
    case 'kill-container':
      await killContainer(ctx, pod, step, run.ips[0] ?? '', { message: step.message, reason: step.reason });
      return { acted: true };
    case 'create-sandbox':
      return createSandbox(ctx, step.attempt, run);
    case 'start':
      return start(ctx, step, run);
  }
}

/** In a new sandbox init containers run again: what the old ones did must not count. */
async function forgetInit(ctx: KubeletContext, pod: Pod, seen: PodSeen): Promise<void> {
  const names = new Set(initContainers(pod).map((c) => c.name));
  for (const c of seen.containers) if (names.has(c.name)) await ctx.runtime.removeContainer(c.id);
}

async function makeSandboxConfig(ctx: KubeletContext, pod: Pod, attempt: number, warn: boolean): Promise<SandboxConfig> {
  const inputs = {
    clusterDNS: ctx.clusterDNS,
    clusterDomain: ctx.config.clusterDomain,
    host: parseResolvConf(await ctx.host.machine.resolvConf()),
  };
  const { dns, warnings } = podDns(pod, inputs, describePod(pod));
  if (warn) for (const w of warnings) ctx.events.warn(pod, w.reason, w.message);
  return sandboxConfig(pod, attempt, dns, ctx.config);
}

async function createSandbox(ctx: KubeletContext, attempt: number, run: Run): Promise<StepResult> {
  const { pod } = run;
  try {
    const problem = sandboxProblem(pod);
    if (problem) throw new Error(problem);
    run.config = await makeSandboxConfig(ctx, pod, attempt, true);
    await ctx.host.files.mkdir(podLogDir(ctx.config.folders, pod), 0o755);
    run.sandboxId = await ctx.runtime.runSandbox(run.config, await runtimeHandler(ctx, pod));
  } catch (e) {
    ctx.events.warn(pod, 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${(e as Error).message}`);
    return { acted: false, retryAfter: RETRY_MS, stop: true };
  }
  const status = await ctx.runtime.sandboxStatus(run.sandboxId);
  if (!usesHostNetwork(pod)) run.ips = status.ips;
  await writeHostsFile(ctx, pod, run.ips);
  return { acted: true };
}

async function runtimeHandler(ctx: KubeletContext, pod: Pod): Promise<string> {
  const name = pod.spec.runtimeClassName;
  if (!name) return '';
  const found = await ctx.objects.get({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', name } as const, 'runtimeclass');
  return found.handler;
}

async function writeHostsFile(ctx: KubeletContext, pod: Pod, ips: readonly string[]): Promise<void> {
  const text = usesHostNetwork(pod)
    ? hostNetworkHostsFile(pod, await ctx.host.machine.hostsFile())
    : hostsFile(pod, ips, podHostName(pod, ctx.config.clusterDomain));
  await ctx.host.files.write(etcHosts(ctx.config.folders, uidOf(pod)), text, 0o644);
}

async function pullSecrets(ctx: KubeletContext, pod: Pod): Promise<Secret[]> {
  const names = (pod.spec.imagePullSecrets ?? []).flatMap((r) => (r.name ? [r.name] : []));
  const missing: string[] = [];
  const found = await Promise.all(
    names.map((n) =>
      ctx.objects.secret(namespaceOf(pod), n).catch(() => {
        missing.push(n);
        return undefined;
      }),
    ),
  );
  if (missing.length) {
    ctx.events.warn(
      pod,
      'FailedToRetrieveImagePullSecret',
      `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
    );
  }
  return found.filter((s) => s !== undefined);
}

/** The key of a container's crash back-off: a container of the same name but another image starts anew. */
const crashKey = (pod: Pod, c: Container): string => `${uidOf(pod)}_${namespaceOf(pod)}_${nameOf(pod)}_${c.name}_${c.image}`;

async function start(ctx: KubeletContext, step: Extract<Step, { do: 'start' }>, run: Run): Promise<StepResult> {
  const { pod, seen, reasons } = run;
  const c = findContainer(pod, step.name)!;
  const stopsOthers = step.kind === 'init';
  const wait = backOff(ctx, pod, c, seen);
  if (wait) {
    reasons.set(c.name, { reason: 'CrashLoopBackOff', message: wait.message });
    return { acted: false, retryAfter: wait.ms, stop: stopsOthers };
  }
  const inputs: StartInputs = {
    pod,
    seen,
    sandboxId: run.sandboxId,
    sandbox: run.config,
    ips: run.ips,
    volumes: run.volumes,
    secrets: run.secrets,
    signal: run.signal,
  };
  try {
    await startContainer(ctx, inputs, c);
    reasons.delete(c.name);
    return { acted: true };
  } catch (e) {
    if (e instanceof PodEnding) return { acted: true, stop: true };
    if (!(e instanceof StartError)) throw e;
    reasons.set(c.name, { reason: e.reason, message: e.message });
    ctx.env.log.info('container not started', { pod: nameOf(pod), container: c.name, reason: e.reason, error: e.message });
    return { acted: false, retryAfter: e.retryAfter || RETRY_MS, stop: stopsOthers };
  }
}

function backOff(ctx: KubeletContext, pod: Pod, c: Container, seen: PodSeen): { ms: number; message: string } | undefined {
  const newest = latest(seen, c.name);
  const last = newest && newest.state !== 'exited' ? seen.containers.find((s) => s.name === c.name && s.state === 'exited') : newest;
  if (!last) return undefined;
  const key = crashKey(pod, c);
  const ms = ctx.crashes.remaining(key, last.finishedAt);
  if (ms <= 0) {
    ctx.crashes.next(key, last.finishedAt);
    return undefined;
  }
  ctx.events.warn(pod, 'BackOff', `Back-off restarting failed container ${c.name} in pod ${describePod(pod)}`, c);
  return { ms, message: `back-off ${goDuration(ctx.crashes.delay(key))} restarting failed container=${c.name} pod=${describePod(pod)}` };
}
