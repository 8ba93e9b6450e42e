/** `/stats/summary`: what the node, its pods and their containers use. Source: https://kubernetes.io/docs/reference/instrumentation/node-metrics/ */
import type { Pod } from '../../api/types/core/v1.js';
import { timestamp } from '../../util/clock.js';
import type { KubeletContext } from '../context.js';
import type { NetworkUsage } from '../host.js';
import { CONTAINER_NAME, POD_UID, podUidOf } from '../labels.js';
import { podDir } from '../paths.js';
import { nameOf, namespaceOf, uidOf } from '../pods.js';
import { podCgroup } from '../qos.js';
import type { ContainerStats } from '../runtime.js';

interface CpuStats {
  readonly time: string;
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds?: number;
}
interface MemoryStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly usageBytes?: number;
  readonly workingSetBytes?: number;
  readonly rssBytes?: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
}
interface FsStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly capacityBytes?: number;
  readonly usedBytes?: number;
  readonly inodesFree?: number;
  readonly inodes?: number;
  readonly inodesUsed?: number;
}
interface NetworkStats {
  readonly time: string;
  readonly name?: string;
  readonly rxBytes?: number;
  readonly rxErrors?: number;
  readonly txBytes?: number;
  readonly txErrors?: number;
  readonly interfaces: readonly NetworkUsage[];
}
export interface ContainerSummary {
  readonly name: string;
  readonly startTime: string;
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly rootfs: FsStats;
  readonly logs: FsStats;
}
export interface PodSummary {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string;
  readonly containers: readonly ContainerSummary[];
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly network?: NetworkStats;
  readonly 'ephemeral-storage': FsStats;
  readonly process_stats?: { readonly process_count: number };
}
export interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string;
    readonly cpu: CpuStats;
    readonly memory: MemoryStats;
    readonly network: NetworkStats;
    readonly fs: FsStats;
    readonly runtime: { readonly imageFs: FsStats };
    readonly rlimit: { readonly time: string; readonly maxpid: number; readonly curproc: number };
  };
  readonly pods: readonly PodSummary[];
}

interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly rate: number | undefined;
}

/** Rates need two readings; one that is younger than this serves again. */
const MIN_INTERVAL_MS = 500;
const MAX_SAMPLES = 10_000;
const DISK_MS = 60_000;

export class StatsCollector {
  private readonly samples = new Map<string, Sample>();

  constructor(private readonly ctx: KubeletContext) {}

  /** Nanoseconds of CPU a second since the last reading. */
  private rate(key: string, at: number, cpu: number | undefined): number | undefined {
    if (cpu === undefined) return undefined;
    const last = this.samples.get(key);
    if (last && at - last.at < MIN_INTERVAL_MS) return last.rate;
    const rate = last && cpu >= last.cpu ? Math.round(((cpu - last.cpu) * 1000) / (at - last.at)) : undefined;
    this.samples.delete(key);
    this.samples.set(key, { at, cpu, rate });
    if (this.samples.size > MAX_SAMPLES) this.samples.delete(this.samples.keys().next().value!);
    return rate;
  }

  private cpu(key: string, at: number, cpu: number | undefined): CpuStats {
    const rate = this.rate(key, at, cpu);
    return {
      time: timestamp(at),
      ...(rate !== undefined ? { usageNanoCores: rate } : {}),
      ...(cpu !== undefined ? { usageCoreNanoSeconds: Math.round(cpu) } : {}),
    };
  }

  /** Takes a reading now and then, so that the first asker gets rates, too. */
  async sample(pods: readonly Pod[]): Promise<void> {
    await this.summary(pods, false);
  }

  async summary(pods: readonly Pod[], disks = true): Promise<Summary> {
    const { host, config, nodeName, runtime, env } = this.ctx;
    const [usage, stats, disk, images, sandboxes] = await Promise.all([
      host.machine.usage(),
      runtime.containerStats(),
      host.files.capacity(config.folders.root),
      runtime.imageFilesystem(),
      runtime.listSandboxes(),
    ]);
    const now = timestamp(env.clock.now());
    const fs: FsStats = {
      time: now,
      availableBytes: disk.availableBytes,
      capacityBytes: disk.totalBytes,
      usedBytes: disk.totalBytes - disk.availableBytes,
      inodesFree: disk.freeInodes,
      inodes: disk.totalInodes,
      inodesUsed: disk.totalInodes - disk.freeInodes,
    };
    const byPod = new Map<string, ContainerStats[]>();
    for (const s of stats) {
      const list = byPod.get(s.labels[POD_UID] ?? '');
      if (list) list.push(s);
      else byPod.set(s.labels[POD_UID] ?? '', [s]);
    }
    const sandboxOf = new Map(sandboxes.filter((s) => s.state === 'ready').map((s) => [podUidOf(s), s.id]));
    const running = pods.filter((p) => byPod.has(uidOf(p)));
    return {
      node: {
        nodeName,
        startTime: timestamp(usage.bootTime),
        cpu: this.cpu('node', usage.timestamp, usage.cpuNanoSeconds),
        memory: {
          time: timestamp(usage.timestamp),
          availableBytes: usage.memoryAvailable,
          usageBytes: usage.memoryUsage,
          workingSetBytes: usage.memoryWorkingSet,
          rssBytes: usage.memoryRss,
          pageFaults: usage.pageFaults,
          majorPageFaults: usage.majorPageFaults,
        },
        network: network(usage.networks, timestamp(usage.timestamp)),
        fs,
        runtime: {
          imageFs: {
            ...fs,
            usedBytes: images.reduce((n, i) => n + i.usedBytes, 0),
            inodesUsed: images.reduce((n, i) => n + i.inodesUsed, 0),
          },
        },
        rlimit: { time: now, maxpid: usage.maxProcesses, curproc: usage.processes },
      },
      pods: await Promise.all(running.map((p) => this.pod(p, byPod.get(uidOf(p))!, sandboxOf.get(uidOf(p)), fs, disks))),
    };
  }

  private readonly usages = new Map<string, { at: number; value: Promise<{ usedBytes: number; inodes: number }> }>();

  /** A pod may have millions of files: counted once in a while, whoever asks. */
  private diskUsage(uid: string): Promise<{ usedBytes: number; inodes: number }> {
    const { host, config, env } = this.ctx;
    const now = env.clock.now();
    const known = this.usages.get(uid);
    if (known && now - known.at < DISK_MS) return known.value;
    this.usages.delete(uid);
    const value = host.files.usage(podDir(config.folders, uid));
    value.catch(() => this.usages.delete(uid));
    this.usages.set(uid, { at: now, value });
    if (this.usages.size > MAX_SAMPLES) this.usages.delete(this.usages.keys().next().value!);
    return value;
  }

  private async pod(
    pod: Pod,
    stats: readonly ContainerStats[],
    sandbox: string | undefined,
    fs: FsStats,
    disks: boolean,
  ): Promise<PodSummary> {
    const { host, config, env } = this.ctx;
    const at = env.clock.now();
    const now = timestamp(at);
    const group = await host.cgroups.usage(podCgroup(config.cgroupRoot, pod));
    const containers = stats.map((s) => this.container(pod, s, fs));
    const sum = (read: (c: ContainerSummary) => number | undefined) => containers.reduce((n, c) => n + (read(c) ?? 0), 0);
    const nets = sandbox && !pod.spec.hostNetwork ? await host.machine.podNetwork(sandbox) : undefined;
    const disk = disks ? await this.diskUsage(uidOf(pod)) : { usedBytes: 0, inodes: 0 };
    return {
      podRef: { name: nameOf(pod), namespace: namespaceOf(pod), uid: uidOf(pod) },
      startTime: pod.status?.startTime ?? now,
      containers,
      cpu: this.cpu(`pod/${uidOf(pod)}`, group?.timestamp ?? at, group?.cpuNanoSeconds ?? sum((c) => c.cpu.usageCoreNanoSeconds)),
      memory: {
        time: now,
        usageBytes: group?.memoryUsage ?? sum((c) => c.memory.usageBytes),
        workingSetBytes: group?.memoryWorkingSet ?? sum((c) => c.memory.workingSetBytes),
        rssBytes: group?.memoryRss ?? sum((c) => c.memory.rssBytes),
        pageFaults: group?.pageFaults ?? sum((c) => c.memory.pageFaults),
        majorPageFaults: group?.majorPageFaults ?? sum((c) => c.memory.majorPageFaults),
      },
      ...(nets?.length ? { network: network(nets, now) } : {}),
      'ephemeral-storage': {
        ...fs,
        usedBytes: disk.usedBytes + sum((c) => c.rootfs.usedBytes),
        inodesUsed: disk.inodes + sum((c) => c.rootfs.inodesUsed),
      },
      ...(group ? { process_stats: { process_count: group.processes } } : {}),
    };
  }

  private container(pod: Pod, s: ContainerStats, fs: FsStats): ContainerSummary {
    const time = timestamp(s.timestamp);
    const name = s.labels[CONTAINER_NAME] ?? s.name;
    const started = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((c) => c.name === name)
      ?.state.running?.startedAt;
    const { usedBytes: _u, inodesUsed: _i, ...disk } = fs;
    return {
      name,
      startTime: started ?? time,
      cpu: this.cpu(`container/${s.id}`, s.timestamp, s.cpuNanoSeconds),
      memory: {
        time,
        usageBytes: s.memoryUsage ?? 0,
        workingSetBytes: s.memoryWorkingSet ?? 0,
        rssBytes: s.memoryRss ?? 0,
        pageFaults: s.pageFaults ?? 0,
        majorPageFaults: s.majorPageFaults ?? 0,
      },
      rootfs: { ...disk, usedBytes: s.writableLayerBytes ?? 0, inodesUsed: s.writableLayerInodes ?? 0 },
      logs: disk,
    };
  }
}

/** The first interface stands for the whole, as `eth0` does in a pod. */
function network(interfaces: readonly NetworkUsage[], time: string): NetworkStats {
  const [first] = interfaces;
  return { time, ...(first ?? {}), interfaces };
}
