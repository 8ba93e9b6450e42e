/** What the runtime has of one pod: its sandboxes and containers, the newest first. */

import { named } from '../util/named.js';
import type { FileSystem } from './host.js';
import { messagePathOf, messagePolicyOf, restartCountOf } from './labels.js';
import { tailText } from './logs/tail.js';
import { type ContainerRuntime, type ContainerStatus, isRuntimeNotFound, type SandboxStatus } from './runtime.js';

export interface SeenContainer extends ContainerStatus {
  readonly restartCount: number;
}

export interface PodSeen {
  readonly sandboxes: readonly SandboxStatus[];
  readonly containers: readonly SeenContainer[];
  /** Of the ready sandbox; empty for the host's network. */
  readonly ips: readonly string[];
}

export const NOTHING_SEEN: PodSeen = { sandboxes: [], containers: [], ips: [] };

/** The newest container of a name. */
export const latest = (seen: PodSeen, name: string): SeenContainer | undefined => named(seen.containers, name);

/** Asks the runtime. What vanishes between the list and its status was removed meanwhile. */
export async function lookAt(runtime: ContainerRuntime, files: FileSystem, podUid: string): Promise<PodSeen> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes({ podUid }), runtime.listContainers({ podUid })]);
  const [sandboxStatuses, statuses] = await Promise.all([
    Promise.all(sandboxes.map((s) => unlessGone(runtime.sandboxStatus(s.id)))),
    Promise.all(containers.map((c) => unlessGone(runtime.containerStatus(c.id)))),
  ]);
  const present = statuses.filter((s) => s !== undefined);
  return seenOf(
    sandboxStatuses.filter((s) => s !== undefined),
    await Promise.all(present.map((s) => withLastWords(files, s))),
  );
}

export function seenOf(sandboxes: readonly SandboxStatus[], containers: readonly ContainerStatus[]): PodSeen {
  const newest = <T extends { createdAt: number }>(list: readonly T[]) => [...list].sort((a, b) => b.createdAt - a.createdAt);
  const ordered = newest(sandboxes);
  return {
    sandboxes: ordered,
    containers: newest(containers).map((c) => ({ ...c, restartCount: restartCountOf(c) })),
    ips: ordered.find((s) => s.state === 'ready')?.ips ?? [],
  };
}

/** What a container wrote for its status, or the end of its log. Source: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
const MAX_MESSAGE = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

async function withLastWords(files: FileSystem, status: ContainerStatus): Promise<ContainerStatus> {
  if (status.state !== 'exited') return status;
  let message = status.message;
  const path = messagePathOf(status);
  // The kubelet's own stands behind those of the Pod, and is the one that the container sees.
  const mount = path && status.mounts.findLast((m) => m.containerPath === path);
  const add = (text: string) => {
    message = message ? `${message}: ${text}` : text;
  };
  try {
    let words = '';
    if (mount) words = new TextDecoder().decode(await files.readRange(mount.hostPath, 0, MAX_MESSAGE));
    if (!words && messagePolicyOf(status) === 'FallbackToLogsOnError' && status.exitCode !== 0) {
      words = await tailText(files, status.logPath, MAX_LOG_LINES, MAX_LOG_BYTES);
    }
    if (words) add(words);
  } catch (e) {
    if (mount) add(`Error on reading termination log ${mount.hostPath}: ${(e as Error).message}`);
  }
  return { ...status, message };
}

async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (e) {
    if (isRuntimeNotFound(e)) return undefined;
    throw e;
  }
}
