/** Starts one container: image, configuration, create, start, postStart. Fails with a StartError that says why in the API's words. */
import type { Container, Pod, Secret } from '../api/types/core/v1.js';
import { downwardFacts, type KubeletContext } from './context.js';
import { environment, envReferences } from './env-vars.js';
import { runHandler } from './handlers.js';
import { killContainer } from './kill.js';
import { logLink, logPath, podLogDir } from './paths.js';
import { containerConfig } from './pod-config.js';
import { namespaceOf } from './pods.js';
import type { ContainerConfig, SandboxConfig } from './runtime.js';
import { verifyNonRoot } from './security.js';
import { latest, type PodSeen } from './seen.js';
import { StartError } from './start-error.js';
import { containerMounts } from './volumes/mounts.js';
import type { MountedVolumes } from './volumes/volume-manager.js';

export interface StartInputs {
  readonly pod: Pod;
  readonly seen: PodSeen;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  readonly ips: readonly string[];
  readonly volumes: MountedVolumes;
  readonly secrets: readonly Secret[];
  /** Aborts when the pod is to end. */
  readonly signal: AbortSignal;
}

/** Thrown out of a start whose pod is to end. */
export class PodEnding extends Error {
  constructor() {
    super('the pod is to end');
    this.name = 'PodEnding';
  }
}

/** Waits for `work` while the pod is to run: a pull or a hook may go on for ever, and nobody would end the pod. */
async function whileWanted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new PodEnding();
  let ended = () => {};
  const ending = new Promise<never>((_, reject) => {
    ended = () => reject(new PodEnding());
    signal.addEventListener('abort', ended, { once: true });
  });
  try {
    return await Promise.race([work(), ending]);
  } finally {
    signal.removeEventListener('abort', ended);
  }
}

/** Makes errors of one stage a StartError with the stage's reason, and tells of it in an event. */
async function stage<T>(ctx: KubeletContext, pod: Pod, c: Container, reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    if (e instanceof PodEnding) throw e;
    if (e instanceof StartError) {
      ctx.events.warn(pod, 'Failed', `Error: ${e.reason}`, c);
      throw e;
    }
    const message = plain((e as Error).message);
    ctx.events.warn(pod, 'Failed', `Error: ${message}`, c);
    throw new StartError(reason, message);
  }
}

/** The runtime's own words, without gRPC's frame. */
const plain = (message: string): string => message.replace(/^rpc error: code = \w+ desc = /, '');

export async function startContainer(ctx: KubeletContext, inputs: StartInputs, c: Container): Promise<void> {
  const { pod, signal } = inputs;
  const ready = await stage(ctx, pod, c, 'ErrImagePull', () =>
    whileWanted(signal, () => ctx.images.ensure(pod, c, inputs.secrets, inputs.sandbox)),
  );
  const restartCount = await restartCountOf(ctx, pod, c, inputs.seen);
  const config = await stage(ctx, pod, c, 'CreateContainerConfigError', async () => {
    verifyNonRoot(pod, c, ready.image);
    return makeConfig(ctx, inputs, c, ready, restartCount);
  });
  if (signal.aborted) throw new PodEnding();
  const id = await stage(ctx, pod, c, 'CreateContainerError', () => ctx.runtime.createContainer(inputs.sandboxId, config, inputs.sandbox));
  ctx.events.normal(pod, 'Created', 'Container created', c);
  await stage(ctx, pod, c, 'RunContainerError', () => ctx.runtime.startContainer(id));
  ctx.events.normal(pod, 'Started', 'Container started', c);
  await linkLog(ctx, pod, c, id, restartCount);
  if (c.lifecycle?.postStart) await postStart(ctx, inputs, c, id);
}

async function makeConfig(
  ctx: KubeletContext,
  inputs: StartInputs,
  c: Container,
  ready: { ref: string; image: Parameters<typeof containerConfig>[2]['image'] },
  restartCount: number,
): Promise<ContainerConfig> {
  const { pod, ips } = inputs;
  const env = await containerEnv(ctx, pod, c, ips);
  const mounts = await containerMounts({ host: ctx.host, folders: ctx.config.folders }, pod, c, inputs.volumes, env, restartCount);
  await ctx.host.files.mkdir(`${podLogDir(ctx.config.folders, pod)}/${c.name}`, 0o755);
  const target = targetOf(pod, c, inputs.seen);
  return containerConfig(
    pod,
    c,
    { image: ready.image, imageRef: ready.ref, env, mounts, restartCount, ...(target ? { targetId: target } : {}) },
    ctx.config,
  );
}

export async function containerEnv(
  ctx: KubeletContext,
  pod: Pod,
  c: Container,
  ips: readonly string[],
): Promise<{ name: string; value: string }[]> {
  const namespace = namespaceOf(pod);
  const needs = envReferences(c);
  const fetch = async <T>(names: readonly string[], get: (name: string) => Promise<T>) => {
    const entries = await Promise.all(names.map(async (n) => [n, await get(n).catch((e: Error) => e)] as const));
    const map = new Map(entries);
    return (name: string): T => {
      const value = map.get(name);
      if (value instanceof Error) throw value;
      return value as T;
    };
  };
  const [configMap, secret, services] = await Promise.all([
    fetch(needs.configMaps, (n) => ctx.objects.configMap(namespace, n)),
    fetch(needs.secrets, (n) => ctx.objects.secret(namespace, n)),
    ctx.services(namespace),
  ]);
  return environment(pod, c, { ...downwardFacts(ctx, ips), configMap, secret, services });
}

/** An ephemeral container may share the processes of another. */
function targetOf(pod: Pod, c: Container, seen: PodSeen): string | undefined {
  const name = (c as { targetContainerName?: string }).targetContainerName;
  if (!name) return undefined;
  const target = latest(seen, name);
  if (!target) throw new Error(`unable to find target container ${name} in pod ${pod.metadata.name}`);
  return target.id;
}

/** One more than the last, or, where the runtime has lost its memory, than the newest log on disk. */
async function restartCountOf(ctx: KubeletContext, pod: Pod, c: Container, seen: PodSeen): Promise<number> {
  const known = latest(seen, c.name);
  if (known) return known.restartCount + 1;
  const dir = `${podLogDir(ctx.config.folders, pod)}/${c.name}`;
  if (!(await ctx.host.files.stat(dir))) return 0;
  const counts = (await ctx.host.files.list(dir)).flatMap((n) => (/^\d+\.log/.test(n) ? [Number.parseInt(n, 10) + 1] : []));
  return Math.max(0, ...counts);
}

async function linkLog(ctx: KubeletContext, pod: Pod, c: Container, id: string, restartCount: number): Promise<void> {
  const { folders } = ctx.config;
  const link = logLink(folders, pod, c.name, id);
  try {
    await ctx.host.files.remove(link);
    await ctx.host.files.symlink(`${podLogDir(folders, pod)}/${logPath(c.name, restartCount)}`, link);
  } catch (e) {
    ctx.env.log.warn('log link not made', { link, error: (e as Error).message });
  }
}

async function postStart(ctx: KubeletContext, inputs: StartInputs, c: Container, id: string): Promise<void> {
  const { pod, ips } = inputs;
  try {
    const deps = { runtime: ctx.runtime, transport: ctx.host.probes, clock: ctx.env.clock };
    await whileWanted(inputs.signal, () => runHandler(deps, pod, c, id, ips[0] ?? '', c.lifecycle!.postStart!, inputs.signal));
  } catch (e) {
    if (e instanceof PodEnding) throw e; // whoever ends the pod ends this container, too
    ctx.events.warn(pod, 'FailedPostStartHook', 'PostStartHook failed', c);
    await killContainer(ctx, pod, { id, name: c.name }, ips[0] ?? '', { message: 'FailedPostStartHook', reason: 'FailedPostStartHook' });
    throw new StartError('PostStartHookError', (e as Error).message);
  }
}
