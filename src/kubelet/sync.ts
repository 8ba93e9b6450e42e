/**
 * What to do about a pod: from what it should be, what the runtime has, and what its probes say, to a list of steps. Pure; `execute.ts` acts.
 * This is the heart of Kubernetes' kubelet. Rules: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ and …/init-containers/
 */
import type { Container, Pod } from '../api/types/core/v1.js';
import { containerHash, hashOf } from './labels.js';
import { ephemeralContainers, initContainers, isSidecar, restartsAfterKill, shouldRestart, usesHostNetwork } from './pods.js';
import { latest, type PodSeen, type SeenContainer } from './seen.js';

export type KillReason = 'Unknown' | 'StartupProbe' | 'LivenessProbe' | 'FailedPostStartHook';

export type Step =
  /** Every container, then the sandboxes. `recreate`: a new sandbox follows, and init containers begin again. */
  | { readonly do: 'kill-pod'; readonly recreate: boolean }
  | { readonly do: 'kill-container'; readonly id: string; readonly name: string; readonly message: string; readonly reason: KillReason }
  | { readonly do: 'create-sandbox'; readonly attempt: number }
  | { readonly do: 'start'; readonly kind: 'ephemeral' | 'init' | 'container'; readonly name: string };

/** What probes have found, by container id. Undefined: not known yet, or no such probe. */
export interface ProbeResults {
  readonly liveness: (id: string) => 'success' | 'failure' | undefined;
  readonly startup: (id: string) => 'success' | 'failure' | undefined;
}

/** Whether the pod needs another sandbox, and which attempt that is. */
export function sandboxChanged(pod: Pod, seen: PodSeen): { changed: boolean; attempt: number; id: string } {
  const [newest] = seen.sandboxes;
  if (!newest) return { changed: true, attempt: 0, id: '' };
  const again = { changed: true, attempt: newest.metadata.attempt + 1, id: newest.id };
  if (seen.sandboxes.filter((s) => s.state === 'ready').length !== 1 || newest.state !== 'ready') return again;
  if (newest.network !== (usesHostNetwork(pod) ? 'node' : 'pod')) return { ...again, id: '' };
  if (!usesHostNetwork(pod) && !newest.ips.length) return again;
  return { changed: false, attempt: newest.metadata.attempt, id: newest.id };
}

const anyRegularSeen = (pod: Pod, seen: PodSeen): boolean => pod.spec.containers.some((c) => latest(seen, c.name));

export function decide(pod: Pod, seen: PodSeen, probes: ProbeResults): Step[] {
  const sandbox = sandboxChanged(pod, seen);
  if (sandbox.changed) return beginAgain(pod, seen, sandbox.attempt);
  const steps: Step[] = [];
  for (const c of ephemeralContainers(pod)) if (!latest(seen, c.name)) steps.push({ do: 'start', kind: 'ephemeral', name: c.name });
  const init = decideInit(pod, seen, probes);
  if (init === 'failed') return [{ do: 'kill-pod', recreate: false }];
  if (!init.initialized) return [...init.kill, ...steps, ...init.start];
  const main = decideMain(pod, seen, probes);
  if (!main.keep && !main.start.length) return [{ do: 'kill-pod', recreate: false }];
  return [...init.kill, ...main.kill, ...steps, ...init.start, ...main.start];
}

/** There is no sandbox to run in: from the start, unless all is over already. */
function beginAgain(pod: Pod, seen: PodSeen, attempt: number): Step[] {
  const kill: Step[] = seen.sandboxes.length || seen.containers.length ? [{ do: 'kill-pod', recreate: true }] : [];
  const over: Step[] = [{ do: 'kill-pod', recreate: false }];
  const mayRestart = [...pod.spec.containers, ...initContainers(pod)].some((c) => restartsAfterKill(pod, c));
  if (!mayRestart && attempt > 0 && seen.containers.length) return over;
  const start = pod.spec.containers.filter((c) => {
    const status = latest(seen, c.name);
    const policy = c.restartPolicy ?? pod.spec.restartPolicy;
    return !(policy === 'OnFailure' && status?.state === 'exited' && status.exitCode === 0);
  });
  if (!start.length && anyRegularSeen(pod, seen)) return over;
  const [first] = initContainers(pod);
  const starts: Step[] = first
    ? [{ do: 'start', kind: 'init', name: first.name }]
    : start.map((c) => ({ do: 'start', kind: 'container', name: c.name }));
  return [...kill, { do: 'create-sandbox', attempt }, ...starts];
}

interface InitDecision {
  readonly initialized: boolean;
  readonly kill: Step[];
  readonly start: Step[];
}

const kill = (c: SeenContainer, message: string, reason: KillReason): Step => ({
  do: 'kill-container',
  id: c.id,
  name: c.name,
  message,
  reason,
});

/**
 * Init containers run one by one; a sidecar counts as done once it has started. Read from the last to the first, because the runtime
 * may have lost those that are done.
 */
function decideInit(pod: Pod, seen: PodSeen, probes: ProbeResults): InitDecision | 'failed' {
  const list = initContainers(pod);
  if (!list.length) return { initialized: true, kill: [], start: [] };
  const kills: Step[] = [];
  const start = new Set<number>();
  let initialized = pod.spec.containers.some((c) => ['created', 'running'].includes(latest(seen, c.name)?.state ?? ''));
  let previous = initialized;
  for (let i = list.length - 1; i >= 0; i--) {
    const c = list[i]!;
    const status = latest(seen, c.name);
    if (!status) {
      if (previous && isSidecar(c)) start.add(i);
      continue;
    }
    if (previous && !isSidecar(c)) continue;
    const verdict = initVerdict(pod, c, status, probes, previous);
    if (verdict === 'failed') return 'failed';
    if (verdict.kill) kills.push(verdict.kill);
    if (verdict.restart) start.add(i);
    if (verdict.done) {
      if (i === list.length - 1) initialized = true;
      else if (!previous) start.add(i + 1);
    }
    previous = true;
  }
  if (!previous) start.add(0);
  const steps: Step[] = [...start].sort((a, b) => a - b).map((i) => ({ do: 'start', kind: 'init', name: list[i]!.name }));
  return { initialized, kill: kills, start: steps };
}

interface Verdict {
  readonly done?: boolean;
  readonly restart?: boolean;
  readonly kill?: Step;
}

function initVerdict(pod: Pod, c: Container, status: SeenContainer, probes: ProbeResults, previous: boolean): Verdict | 'failed' {
  if (status.state === 'created') return { restart: true };
  if (status.state === 'running') return isSidecar(c) ? sidecarVerdict(c, status, probes) : {};
  if (status.state === 'exited') {
    if (isSidecar(c)) return { restart: true, done: previous };
    if (status.exitCode === 0) return { done: true };
    return shouldRestart(pod, c, status.exitCode) ? { restart: true } : 'failed';
  }
  if (!restartsAfterKill(pod, c)) return 'failed';
  return { restart: true, kill: kill(status, `Init container is in "${status.state}" state, try killing it before restart`, 'Unknown') };
}

function sidecarVerdict(c: Container, status: SeenContainer, probes: ProbeResults): Verdict {
  if (c.startupProbe) {
    const startup = probes.startup(status.id);
    if (startup === undefined) return {};
    if (startup === 'failure')
      return { restart: true, kill: kill(status, `Init container ${c.name} failed startup probe`, 'StartupProbe') };
  }
  if (hashOf(status) !== containerHash(c))
    return { done: true, restart: true, kill: kill(status, `Init container ${c.name} definition changed`, 'Unknown') };
  if (c.livenessProbe && probes.liveness(status.id) === 'failure') {
    return { done: true, restart: true, kill: kill(status, `Init container ${c.name} failed liveness probe`, 'LivenessProbe') };
  }
  return { done: true };
}

interface MainDecision {
  /** Containers that run and go on. */
  readonly keep: number;
  readonly kill: Step[];
  readonly start: Step[];
}

function decideMain(pod: Pod, seen: PodSeen, probes: ProbeResults): MainDecision {
  let keep = 0;
  const kills: Step[] = [];
  const start: Step[] = [];
  for (const c of pod.spec.containers) {
    const status = latest(seen, c.name);
    if (status?.state !== 'running') {
      if (!needsStart(pod, c, status)) continue;
      start.push({ do: 'start', kind: 'container', name: c.name });
      if (status?.state === 'unknown')
        kills.push(kill(status, `Container is in "${status.state}" state, try killing it before restart`, 'Unknown'));
      continue;
    }
    const why = whyKill(pod, c, status, probes);
    if (!why) {
      keep++;
      continue;
    }
    kills.push(kill(status, why.restart ? `${why.message}, will be restarted` : why.message, why.reason));
    if (why.restart) start.push({ do: 'start', kind: 'container', name: c.name });
  }
  return { keep, kill: kills, start };
}

/** For a container that does not run. */
export function needsStart(pod: Pod, c: Container, status: SeenContainer | undefined): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  if (!status) return true;
  if (status.state === 'running') return false;
  if (status.state !== 'exited') return true;
  return shouldRestart(pod, c, status.exitCode);
}

function whyKill(
  pod: Pod,
  c: Container,
  status: SeenContainer,
  probes: ProbeResults,
): { message: string; reason: KillReason; restart: boolean } | undefined {
  if (hashOf(status) !== containerHash(c)) return { message: `Container ${c.name} definition changed`, reason: 'Unknown', restart: true };
  const restart = restartsAfterKill(pod, c);
  if (probes.liveness(status.id) === 'failure')
    return { message: `Container ${c.name} failed liveness probe`, reason: 'LivenessProbe', restart };
  if (probes.startup(status.id) === 'failure')
    return { message: `Container ${c.name} failed startup probe`, reason: 'StartupProbe', restart };
  return undefined;
}
