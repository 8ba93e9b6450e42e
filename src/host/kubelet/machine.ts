/** What the real machine is and uses, from /proc, /sys and /etc. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import type { Cgroups, Machine, MachineFacts, MachineUsage, NetworkUsage } from '../../kubelet/host.js';
import { primaryAddress } from '../address.js';
import { goArchitecture } from '../containerd/daemon.js';

const text = (p: string): Promise<string> => fs.readFile(p, 'utf8').catch(() => '');
const KIB = 1024;
const USER_HZ = 100;
const NANOS = 1e9;
/** The first interface stands for the machine. */
const PHYSICAL = /^(eth|en)/;

async function meminfo(): Promise<Map<string, number>> {
  return new Map(
    (await text('/proc/meminfo'))
      .split('\n')
      .map((l) => l.split(/:\s+/))
      .map(([k, v]) => [k ?? '', Number.parseInt(v ?? '0', 10) * KIB] as const),
  );
}

async function hugepages(): Promise<Record<string, number>> {
  const dir = '/sys/kernel/mm/hugepages';
  const out: Record<string, number> = {};
  for (const name of await fs.readdir(dir).catch(() => [])) {
    const kib = Number(/hugepages-(\d+)kB/.exec(name)?.[1] ?? 0);
    if (!kib) continue;
    const size = kib >= KIB * KIB ? `${kib / KIB / KIB}Gi` : kib >= KIB ? `${kib / KIB}Mi` : `${kib}Ki`;
    out[size] = Number(await text(`${dir}/${name}/nr_hugepages`)) * kib * KIB;
  }
  return out;
}

/** Counters of the interfaces that a process sees. */
async function networks(process: string): Promise<NetworkUsage[]> {
  return (await text(`/proc/${process}/net/dev`))
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name, ...rest] = line.trim().split(/[:\s]+/);
      const n = rest.map(Number);
      return name && name !== 'lo' ? [{ name, rxBytes: n[0]!, rxErrors: n[2]!, txBytes: n[8]!, txErrors: n[10]! }] : [];
    })
    .sort((a, b) => Number(PHYSICAL.test(b.name)) - Number(PHYSICAL.test(a.name)));
}

/**
 * The machine's resolvers as a Pod can reach them: a stub on the machine's loopback is not there in a Pod, so that what systemd-resolved
 * itself asks is taken instead.
 */
export async function resolvConf(read: (path: string) => Promise<string>): Promise<string> {
  const own = await read('/etc/resolv.conf');
  const servers = [...own.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map((m) => m[1]!);
  if (servers.length === 0 || !servers.every((s) => s.startsWith('127.') || s === '::1')) return own;
  return (await read('/run/systemd/resolve/resolv.conf')) || own;
}

export interface MachineOptions {
  readonly cgroups: Cgroups;
  readonly resolvConf?: string;
  /** Process id of a sandbox; undefined: not known. */
  readonly sandboxPid: (sandboxId: string) => Promise<number | undefined>;
}

export function realMachine(options: MachineOptions): Machine {
  let known: Promise<MachineFacts> | undefined;
  const fallbackId = randomUUID().replaceAll('-', '');
  const readFacts = async (): Promise<MachineFacts> => {
    const memory = await meminfo();
    const release = await text('/etc/os-release');
    const machineID = ((await text('/etc/machine-id')) || (await text('/var/lib/dbus/machine-id'))).trim() || fallbackId;
    return {
      hostname: os.hostname().toLowerCase(),
      addresses: [primaryAddress()],
      cpus: os.availableParallelism(),
      memoryBytes: memory.get('MemTotal') ?? os.totalmem(),
      architecture: goArchitecture(),
      os: 'linux',
      osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(release)?.[1] ?? 'Linux',
      kernelVersion: os.release(),
      appArmor: (await text('/sys/module/apparmor/parameters/enabled')).startsWith('Y'),
      machineID,
      systemUUID: (await text('/sys/class/dmi/id/product_uuid')).trim() || machineID,
      bootID: (await text('/proc/sys/kernel/random/boot_id')).trim(),
      swapBytes: memory.get('SwapTotal') ?? 0,
      hugepages: await hugepages(),
    };
  };
  return {
    facts: () => (known ??= readFacts()),
    usage: () => machineUsage(options.cgroups),
    async podNetwork(sandboxId) {
      const pid = await options.sandboxPid(sandboxId);
      return pid === undefined ? undefined : networks(String(pid));
    },
    resolvConf: () => (options.resolvConf ? text(options.resolvConf) : resolvConf(text)),
    hostsFile: () => text('/etc/hosts'),
  };
}

async function machineUsage(cgroups: Cgroups): Promise<MachineUsage> {
  const [memory, whole, stat, load, ...most] = await Promise.all([
    meminfo(),
    cgroups.usage('/'),
    text('/proc/stat'),
    text('/proc/loadavg'),
    text('/proc/sys/kernel/pid_max'),
    text('/proc/sys/kernel/threads-max'),
  ]);
  const cpu = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  const busy = (cpu[0] ?? 0) + (cpu[1] ?? 0) + (cpu[2] ?? 0) + (cpu[5] ?? 0) + (cpu[6] ?? 0);
  const total = memory.get('MemTotal') ?? 0;
  const available = memory.get('MemAvailable') ?? 0;
  return {
    timestamp: Date.now(),
    bootTime: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    cpuNanoSeconds: (busy / USER_HZ) * NANOS,
    memoryUsage: total - (memory.get('MemFree') ?? 0),
    memoryWorkingSet: total - available,
    memoryAvailable: available,
    memoryRss: memory.get('AnonPages') ?? 0,
    pageFaults: whole?.pageFaults ?? 0,
    majorPageFaults: whole?.majorPageFaults ?? 0,
    processes: Number(/\/(\d+)/.exec(load)?.[1] ?? 0),
    maxProcesses: Math.min(...most.map((n) => Number(n.trim() || 4_194_304))),
    networks: await networks('self'),
  };
}
