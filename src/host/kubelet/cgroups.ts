/** Control groups of the real machine, through the files of version 1 (a hierarchy for each controller) or version 2 (one for all). */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { CgroupLimits, Cgroups, CgroupUsage } from '../../kubelet/host.js';
import { QOS_GROUPS } from '../../kubelet/qos.js';

const ROOT = '/sys/fs/cgroup';
/** Hierarchies that pods are limited or measured in; runc joins the others by itself. */
const CONTROLLERS = [
  'cpu',
  'cpuacct',
  'memory',
  'pids',
  'cpuset',
  'blkio',
  'devices',
  'freezer',
  'systemd',
  'net_cls',
  'net_prio',
  'perf_event',
  'hugetlb',
] as const;
const KILL_TRIES = 50;
const KILL_PAUSE_MS = 20;

const exists = (p: string): Promise<boolean> =>
  fs.access(p).then(
    () => true,
    () => false,
  );
const text = (p: string): Promise<string> => fs.readFile(p, 'utf8').catch(() => '');
const number = async (p: string): Promise<number> => Number((await text(p)).trim() || 0);

/** `key value` lines. */
function table(content: string): Map<string, number> {
  return new Map(
    content
      .split('\n')
      .map((l) => l.split(' '))
      .map(([k, v]) => [k ?? '', Number(v ?? 0)] as const),
  );
}

/** -1: no limit. */
const orMax = (limit: number | undefined): number | string | undefined => (limit === -1 ? 'max' : limit);

async function set(dir: string, file: string, value: number | string | undefined): Promise<void> {
  if (value !== undefined) await fs.writeFile(path.join(dir, file), String(value));
}

/** Removes a group with those below it. One that has processes left has them killed. */
async function removeTree(dir: string): Promise<void> {
  const entries = await fs.readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const e of entries) if (e.isDirectory()) await removeTree(path.join(dir, e.name));
  for (let i = 0; i < KILL_TRIES; i++) {
    try {
      await fs.rmdir(dir);
      return;
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY') throw e;
    }
    for (const pid of (await text(path.join(dir, 'cgroup.procs'))).split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // ended by itself
      }
    }
    await new Promise((resolve) => setTimeout(resolve, KILL_PAUSE_MS));
  }
  throw new Error(`cgroup ${dir} cannot be removed: it is busy`);
}

class CgroupsV1 implements Cgroups {
  constructor(
    private readonly root: string,
    private readonly controllers: readonly string[],
    /** All that are mounted: runc makes a pod's group in each, also in the `unified` one of a hybrid machine. */
    private readonly hierarchies: readonly string[],
  ) {}

  private dir(controller: string, group: string): string {
    return path.join(this.root, controller, group);
  }

  async ensure(group: string, limits: CgroupLimits): Promise<void> {
    for (const c of this.controllers) {
      await fs.mkdir(this.dir(c, group), { recursive: true });
      if (c === 'cpuset') await this.inheritCpuset(group);
    }
    const has = (c: string) => this.controllers.includes(c);
    if (has('cpu')) {
      await set(this.dir('cpu', group), 'cpu.shares', limits.cpuShares);
      await set(this.dir('cpu', group), 'cpu.cfs_period_us', limits.cpuPeriod);
      await set(this.dir('cpu', group), 'cpu.cfs_quota_us', limits.cpuQuota);
    }
    if (has('memory')) await set(this.dir('memory', group), 'memory.limit_in_bytes', limits.memoryLimit);
    if (has('pids')) await set(this.dir('pids', group), 'pids.max', orMax(limits.pidsLimit));
  }

  /** A new cpuset is empty, and nothing may run in it. */
  private async inheritCpuset(group: string): Promise<void> {
    let parent = path.join(this.root, 'cpuset');
    for (const part of group.split('/').filter(Boolean)) {
      const dir = path.join(parent, part);
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        if (!(await text(path.join(dir, file))).trim()) await set(dir, file, (await text(path.join(parent, file))).trim());
      }
      parent = dir;
    }
  }

  async remove(group: string): Promise<void> {
    for (const h of this.hierarchies) await removeTree(this.dir(h, group));
  }

  async usage(group: string): Promise<CgroupUsage | undefined> {
    const memory = this.dir('memory', group);
    if (!(await exists(memory))) return undefined;
    const stat = table(await text(path.join(memory, 'memory.stat')));
    const memoryUsage = await number(path.join(memory, 'memory.usage_in_bytes'));
    const inactive = stat.get('total_inactive_file') ?? 0;
    return {
      timestamp: Date.now(),
      cpuNanoSeconds: await number(path.join(this.dir('cpuacct', group), 'cpuacct.usage')),
      memoryUsage,
      memoryWorkingSet: Math.max(0, memoryUsage - inactive),
      memoryRss: stat.get('total_rss') ?? 0,
      pageFaults: stat.get('total_pgfault') ?? 0,
      majorPageFaults: stat.get('total_pgmajfault') ?? 0,
      processes: await number(path.join(this.dir('pids', group), 'pids.current')),
    };
  }

  children(group: string): Promise<string[]> {
    return folders(this.dir('memory', group));
  }
}

class CgroupsV2 implements Cgroups {
  constructor(private readonly root: string) {}

  private dir(group: string): string {
    return path.join(this.root, group);
  }

  async ensure(group: string, limits: CgroupLimits): Promise<void> {
    let dir = this.root;
    for (const part of group.split('/').filter(Boolean)) {
      // A controller works in a group only if the one above hands it down.
      for (const c of ['cpu', 'memory', 'pids', 'cpuset', 'io', 'hugetlb'])
        await fs.writeFile(path.join(dir, 'cgroup.subtree_control'), `+${c}`).catch(() => {});
      dir = path.join(dir, part);
      await fs.mkdir(dir, { recursive: true });
    }
    const { cpuShares, cpuQuota, cpuPeriod = 100_000, memoryLimit, pidsLimit } = limits;
    // The kernel's weight of 1 to 10000 for shares of 2 to 262144.
    if (cpuShares !== undefined) await set(dir, 'cpu.weight', Math.floor(1 + ((cpuShares - 2) * 9999) / 262_142));
    if (cpuQuota !== undefined) await set(dir, 'cpu.max', `${cpuQuota > 0 ? cpuQuota : 'max'} ${cpuPeriod}`);
    await set(dir, 'memory.max', orMax(memoryLimit));
    await set(dir, 'pids.max', orMax(pidsLimit));
  }

  remove(group: string): Promise<void> {
    return removeTree(this.dir(group));
  }

  async usage(group: string): Promise<CgroupUsage | undefined> {
    const dir = this.dir(group);
    if (!(await exists(dir))) return undefined;
    const cpu = table(await text(path.join(dir, 'cpu.stat')));
    const stat = table(await text(path.join(dir, 'memory.stat')));
    const memoryUsage = await number(path.join(dir, 'memory.current'));
    return {
      timestamp: Date.now(),
      cpuNanoSeconds: (cpu.get('usage_usec') ?? 0) * 1000,
      memoryUsage,
      memoryWorkingSet: Math.max(0, memoryUsage - (stat.get('inactive_file') ?? 0)),
      memoryRss: stat.get('anon') ?? 0,
      pageFaults: stat.get('pgfault') ?? 0,
      majorPageFaults: stat.get('pgmajfault') ?? 0,
      processes: await number(path.join(dir, 'pids.current')),
    };
  }

  children(group: string): Promise<string[]> {
    return folders(this.dir(group));
  }
}

async function folders(dir: string): Promise<string[]> {
  return (await fs.readdir(dir, { withFileTypes: true }).catch(() => [])).filter((e) => e.isDirectory()).map((e) => e.name);
}

/** For the version that this machine has mounted. @param root where; another for tests. */
export async function machineCgroups(root = ROOT): Promise<Cgroups> {
  if (await exists(path.join(root, 'cgroup.controllers'))) return new CgroupsV2(root);
  const present: string[] = [];
  for (const c of CONTROLLERS) if (await exists(path.join(root, c, 'tasks'))) present.push(c);
  if (!present.includes('memory') || !present.includes('cpu'))
    throw new Error(`no cgroup hierarchies for cpu and memory are mounted below ${root}`);
  const linked = (await fs.readdir(root, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name);
  return new CgroupsV1(root, present, linked);
}

/** The groups of these pods, and the root of all pods where no other kubelet's are left in it. */
export async function removePodGroups(root: string, uids: readonly string[]): Promise<void> {
  const cgroups = await machineCgroups();
  let others = 0;
  for (const qos of QOS_GROUPS) {
    for (const uid of uids) await cgroups.remove(`${root}${qos}/pod${uid}`);
    others += (await cgroups.children(`${root}${qos}`)).filter((n) => n.startsWith('pod')).length;
  }
  if (!others) await cgroups.remove(root);
  else await cgroups.ensure(root, { memoryLimit: -1, pidsLimit: -1 });
}
