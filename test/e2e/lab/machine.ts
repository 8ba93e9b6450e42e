/** What is on a machine that a cluster could leave behind. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const lines = (command: string, args: string[]): string[] => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')
      .filter(Boolean);
  } catch {
    return [];
  }
};

export interface MachineState {
  readonly [what: string]: readonly string[];
}

export function machineState(): MachineState {
  const counters = (l: string) => l.replace(/\[\d+:\d+\]/, '').trim();
  // Only what differs by name counts: a program's own threads and the test's processes come and go.
  const processes = fs
    .readdirSync('/proc')
    .filter((p) => /^\d+$/.test(p))
    .map((p) => {
      try {
        return fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').split('\0').join(' ').trim();
      } catch {
        return '';
      }
    })
    .filter((c) => /containerd|k8ts|nginx|busybox httpd|pause/.test(c) && !/vitest|esbuild|node .*test/.test(c));
  return {
    processes,
    mounts: fs
      .readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((l) => l.split(' ')[1] ?? ''),
    links: lines('ip', ['-o', 'link']).map((l) => l.split(': ')[1] ?? l),
    routes: lines('ip', ['route', 'show', 'table', 'all']),
    netns: fs.existsSync('/run/netns') ? fs.readdirSync('/run/netns') : [],
    iptables: [...lines('iptables-save', [])]
      .filter((l) => l.startsWith(':') || l.startsWith('-A'))
      .map(counters)
      .filter((l) => !/^:(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) /.test(l)),
    cgroups: ['/sys/fs/cgroup', '/sys/fs/cgroup/memory'].flatMap((d) =>
      fs.existsSync(d) ? fs.readdirSync(d).filter((n) => /kubepods|k8ts/.test(n)) : [],
    ),
    logs: ['/var/log/pods', '/var/log/containers'].flatMap((d) => (fs.existsSync(d) ? fs.readdirSync(d) : [])),
  };
}

/** What is there after and was not before. */
export const differences = (before: MachineState, after: MachineState): string[] =>
  Object.entries(after).flatMap(([what, list]) => list.filter((x) => !before[what]?.includes(x)).map((x) => `${what}: ${x}`));
