/** Takes away what pods leave behind: their containers and sandboxes, volumes, cgroups, logs; and what a crash left of pods nobody knows. */

import type { Pod } from '../api/types/core/v1.js';
import { eachApart } from '../util/apart.js';
import type { KubeletContext } from './context.js';
import { killPod } from './kill.js';
import { POD_NAME, POD_NAMESPACE, podFromLabels, podUidOf } from './labels.js';
import { logLink, podLogDir } from './paths.js';
import { findContainer, uidOf } from './pods.js';
import { podCgroup, QOS_GROUPS } from './qos.js';
import { lookAt, type PodSeen, type SeenContainer } from './seen.js';

/** Containers that have ended and are kept, by name: for their logs and their last state. */
const KEPT_DEAD = 1;

/** Of a pod whose containers have all ended: what holds resources, but not the containers, whose logs may still be read. */
export async function releaseResources(ctx: KubeletContext, pod: Pod): Promise<void> {
  await ctx.volumes.tearDown(uidOf(pod));
  await ctx.host.cgroups.remove(podCgroup(ctx.config.cgroupRoot, pod));
}

/** Everything of a pod that is deleted. */
export async function removePod(ctx: KubeletContext, pod: Pod, seen: PodSeen): Promise<void> {
  for (const c of seen.containers) await ctx.runtime.removeContainer(c.id);
  for (const s of seen.sandboxes) {
    await ctx.runtime.stopSandbox(s.id);
    await ctx.runtime.removeSandbox(s.id);
  }
  await releaseResources(ctx, pod);
  const { folders } = ctx.config;
  for (const c of seen.containers) await ctx.host.files.remove(logLink(folders, pod, c.name, c.id));
  await ctx.host.files.remove(podLogDir(folders, pod));
  ctx.images.forget(uidOf(pod));
  ctx.crashes.forget(`${uidOf(pod)}_`);
}

/** With what rotations have moved aside. */
async function removeLog(ctx: KubeletContext, path: string): Promise<void> {
  const { files } = ctx.host;
  const dir = path.slice(0, path.lastIndexOf('/'));
  const names = (await files.stat(dir)) ? await files.list(dir) : [];
  for (const name of names) if (`${dir}/${name}` === path || `${dir}/${name}`.startsWith(`${path}.`)) await files.remove(`${dir}/${name}`);
}

/** Containers to forget: all but the newest dead one of each name, and those of names that the pod has no more. Pure. */
export function surplusContainers(pod: Pod, seen: PodSeen): SeenContainer[] {
  const kept = new Map<string, number>();
  return seen.containers.filter((c) => {
    if (c.state !== 'exited') return false;
    if (!findContainer(pod, c.name)) return true;
    const n = kept.get(c.name) ?? 0;
    kept.set(c.name, n + 1);
    return n >= KEPT_DEAD;
  });
}

export async function collectDead(ctx: KubeletContext, pod: Pod, seen: PodSeen): Promise<void> {
  const writers = new Map<string, number>();
  for (const c of seen.containers) writers.set(c.logPath, (writers.get(c.logPath) ?? 0) + 1);
  for (const c of surplusContainers(pod, seen)) {
    await ctx.runtime.removeContainer(c.id);
    await ctx.host.files.remove(logLink(ctx.config.folders, pod, c.name, c.id));
    if (c.logPath && writers.get(c.logPath) === 1) await removeLog(ctx, c.logPath);
  }
  const [, ...older] = seen.sandboxes;
  for (const s of older) {
    if (s.state === 'ready' || seen.containers.some((c) => c.state === 'running')) continue;
    await ctx.runtime.removeSandbox(s.id);
  }
}

/** Pods that run here and that nobody knows: ended without grace, and removed. `known` is asked anew for each: pods come while this goes on. */
export async function removeOrphans(ctx: KubeletContext, known: (uid: string) => boolean): Promise<void> {
  const sandboxes = await ctx.runtime.listSandboxes();
  const inRuntime = async (uid: string | undefined) => {
    if (!uid || known(uid)) return;
    const newest = sandboxes.find((s) => podUidOf(s) === uid)!;
    const pod = podFromLabels(newest, await ctx.runtime.listContainers({ podUid: uid }));
    ctx.env.log.info('removing a pod that is no more', { pod: newest.labels[POD_NAME], namespace: newest.labels[POD_NAMESPACE], uid });
    const seen = await lookAt(ctx.runtime, ctx.host.files, uid);
    await killPod(ctx, pod, seen, 1);
    await removePod(ctx, pod, await lookAt(ctx.runtime, ctx.host.files, uid));
    for (const qos of QOS_GROUPS) await ctx.host.cgroups.remove(`${ctx.config.cgroupRoot}${qos}/pod${uid}`);
  };
  const onDisk = async (uid: string) => {
    if (!known(uid)) await ctx.volumes.tearDown(uid);
  };
  const inGroup = (group: string) => async (name: string) => {
    if (name.startsWith('pod') && !known(name.slice(3))) await ctx.host.cgroups.remove(`${group}/${name}`);
  };
  // One that cannot be removed does not keep the others here.
  await eachApart(
    [
      () => eachApart(new Set(sandboxes.map(podUidOf)), inRuntime),
      async () => eachApart(await ctx.volumes.podsOnDisk(), onDisk),
      ...QOS_GROUPS.map((qos) => async () => {
        const group = `${ctx.config.cgroupRoot}${qos}`;
        await eachApart(await ctx.host.cgroups.children(group), inGroup(group));
      }),
    ],
    (work) => work(),
  );
}

/** Links whose log is gone. */
export async function removeDeadLinks(ctx: KubeletContext): Promise<void> {
  const { folders } = ctx.config;
  const { files } = ctx.host;
  for (const name of (await files.stat(folders.containerLogs)) ? await files.list(folders.containerLogs) : []) {
    const link = `${folders.containerLogs}/${name}`;
    const target = (await files.lstat(link))?.type === 'symlink' ? await files.readlink(link) : '';
    // Another kubelet may keep its links here, too.
    if (target.startsWith(`${folders.podLogs}/`) && !(await files.stat(target))) await files.remove(link);
  }
}
