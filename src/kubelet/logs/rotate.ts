/** Keeps container logs small: a log past the size is moved aside and packed, the runtime opens a new one, the oldest go. */
import { eachApart } from '../../util/apart.js';
import type { Clock } from '../../util/clock.js';
import type { FileSystem } from '../host.js';
import type { ContainerRuntime } from '../runtime.js';

export interface RotationLimits {
  readonly maxBytes: number;
  /** With the one being written. */
  readonly maxFiles: number;
}

export const DEFAULT_ROTATION: RotationLimits = { maxBytes: 10 * 1024 * 1024, maxFiles: 5 };

const stamp = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/[-:T]/g, '')
    .slice(0, 14)
    .replace(/^(\d{8})/, '$1-');

/** Which rotated files of a log to drop, and which to pack. Pure: names only, oldest first. */
export function plan(rotated: readonly string[], maxFiles: number): { remove: string[]; pack: string[] } {
  const logs = rotated.filter((n) => !n.endsWith('.tmp')).sort();
  const remove = [...rotated.filter((n) => n.endsWith('.tmp')), ...logs.slice(0, Math.max(0, logs.length - (maxFiles - 2)))];
  const kept = logs.filter((n) => !remove.includes(n));
  // The one that is about to be moved aside stays plain: someone may be reading it.
  return { remove, pack: kept.filter((n) => !n.endsWith('.gz')) };
}

export async function rotateLogs(files: FileSystem, runtime: ContainerRuntime, clock: Clock, limits: RotationLimits): Promise<void> {
  await eachApart(await runtime.listContainers(), async (c) => {
    if (c.state !== 'running') return;
    const { logPath } = await runtime.containerStatus(c.id);
    const info = await files.stat(logPath);
    if (info && info.size >= limits.maxBytes) await rotate(files, runtime, clock, limits, c.id, logPath);
  });
}

async function rotate(
  files: FileSystem,
  runtime: ContainerRuntime,
  clock: Clock,
  limits: RotationLimits,
  id: string,
  path: string,
): Promise<void> {
  const dir = path.slice(0, path.lastIndexOf('/'));
  const base = path.slice(dir.length + 1);
  const rotated = (await files.list(dir)).filter((n) => n.startsWith(`${base}.`));
  const { remove, pack } = plan(rotated, limits.maxFiles);
  for (const name of remove) await files.remove(`${dir}/${name}`);
  for (const name of pack) {
    await files.gzip(`${dir}/${name}`, `${dir}/${name}.gz.tmp`);
    await files.rename(`${dir}/${name}.gz.tmp`, `${dir}/${name}.gz`);
    await files.remove(`${dir}/${name}`);
  }
  const aside = `${path}.${stamp(clock.now())}`;
  await files.rename(path, aside);
  try {
    await runtime.reopenLog(id);
  } catch (e) {
    await files.rename(aside, path); // the runtime still writes there
    throw e;
  }
}
