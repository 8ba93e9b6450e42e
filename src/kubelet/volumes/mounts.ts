/** The mounts of one container: its volumes (with sub-paths), `/etc/hosts`, and the file for its last words. */

import type { Container, Pod, VolumeMount } from '../../api/types/core/v1.js';
import { table } from '../../util/own.js';
import { Expansion } from '../expansion.js';
import type { Host } from '../host.js';
import { containerDir, etcHosts, type Folders, subPathDir, subPathsDir } from '../paths.js';
import { uidOf } from '../pods.js';
import type { Mount } from '../runtime.js';
import type { MountedVolumes } from './volume-manager.js';

const PROPAGATION = table({ None: 'private', HostToContainer: 'host-to-container', Bidirectional: 'bidirectional' } as const);

const MAX_PATH = 4096;

export interface MountContext {
  readonly host: Host;
  readonly folders: Folders;
}

export async function containerMounts(
  ctx: MountContext,
  pod: Pod,
  c: Container,
  volumes: MountedVolumes,
  env: readonly { name: string; value: string }[],
  restartCount: number,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  let read: ReturnType<typeof mountedSubPaths> | undefined;
  const mounted = () => (read ??= mountedSubPaths(ctx, pod));
  for (const [i, m] of (c.volumeMounts ?? []).entries()) {
    const volume = volumes.get(m.name);
    if (!volume) throw new Error(`cannot find volume ${JSON.stringify(m.name)} to mount into container ${JSON.stringify(c.name)}`);
    if (m.recursiveReadOnly === 'Enabled')
      throw new Error(
        'failed to resolve recursive read-only mode: volume requested recursive read-only mode, but it is not supported by the runtime',
      );
    const subPath = subPathOf(m, env);
    mounts.push({
      containerPath: m.mountPath.startsWith('/') ? m.mountPath : `/${m.mountPath}`,
      hostPath: subPath ? await prepareSubPath(ctx, pod, c, m, i, volume.path, subPath, mounted) : volume.path,
      readonly: m.readOnly === true || volume.readonly,
      propagation: PROPAGATION[m.mountPropagation ?? 'None'],
    });
  }
  if (!mounts.some((m) => m.containerPath === '/etc/hosts')) {
    mounts.push({ containerPath: '/etc/hosts', hostPath: etcHosts(ctx.folders, uidOf(pod)), readonly: false, propagation: 'private' });
  }
  const dir = containerDir(ctx.folders, uidOf(pod), c.name);
  const words = `${dir}/${restartCount}`;
  await ctx.host.files.mkdir(dir, 0o755);
  await ctx.host.files.write(words, '', 0o666);
  mounts.push({
    containerPath: c.terminationMessagePath ?? '/dev/termination-log',
    hostPath: words,
    readonly: false,
    propagation: 'private',
  });
  return mounts;
}

function subPathOf(m: VolumeMount, env: readonly { name: string; value: string }[]): string {
  let path = m.subPath ?? '';
  if (m.subPathExpr) {
    const values = new Map(env.map((e) => [e.name, e.value]));
    const missing = new Set<string>();
    const lookup = (name: string) => {
      const value = values.get(name);
      if (!value) missing.add(name);
      return value ?? '';
    };
    path = new Expansion(MAX_PATH).expand(m.subPathExpr, lookup, 'subPathExpr');
    if (missing.size) throw new Error(`missing value for ${[...missing].sort().join(', ')}`);
  }
  if (path.startsWith('/')) throw new Error(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..')) throw new Error(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  return path;
}

/** What earlier starts left mounted, by the place of its sub-path. The machine's list is read once for all places. */
async function mountedSubPaths(ctx: MountContext, pod: Pod): Promise<ReadonlyMap<string, readonly string[]>> {
  const base = subPathsDir(ctx.folders, uidOf(pod));
  const places = new Map<string, string[]>();
  for (const mount of await ctx.host.mounter.mountsUnder(base)) {
    const place = `${base}/${mount
      .slice(base.length + 1)
      .split('/', 3)
      .join('/')}`;
    const there = places.get(place);
    if (there) there.push(mount);
    else places.set(place, [mount]);
  }
  return places;
}

/** A sub-path is bound to a place of the kubelet's own, so that a link which the pod's processes plant later cannot lead the next mount astray. */
async function prepareSubPath(
  ctx: MountContext,
  pod: Pod,
  c: Container,
  m: VolumeMount,
  index: number,
  root: string,
  subPath: string,
  mounted: () => Promise<ReadonlyMap<string, readonly string[]>>,
): Promise<string> {
  const { mounter } = ctx.host;
  const target = subPathDir(ctx.folders, uidOf(pod), m.name, c.name, index);
  for (const mount of (await mounted()).get(target) ?? []) await mounter.unmount(mount);
  await mounter.bindInside(root, subPath, target).catch((e: Error) => {
    throw new Error(
      `failed to prepare subPath for volumeMount ${JSON.stringify(m.name)} of container ${JSON.stringify(c.name)}: ${e.message}`,
    );
  });
  return target;
}
