/** Mounts on the real machine, by mount(8): Node.js has no call of its own. */
import fs from 'node:fs/promises';
import type { Mounter } from '../../kubelet/host.js';
import { run } from '../containerd/run.js';

/** Spaces and the like are written in octal in /proc/self/mounts. */
const decodeOctal = (s: string): string => s.replace(/\\(\d{3})/g, (_, o: string) => String.fromCharCode(Number.parseInt(o, 8)));

export class MachineMounter implements Mounter {
  async tmpfs(path: string, { sizeBytes, mode = 0o777 }: { readonly sizeBytes?: number; readonly mode?: number }): Promise<void> {
    const options = [`mode=${mode.toString(8)}`, ...(sizeBytes ? [`size=${Math.floor(sizeBytes)}`] : [])];
    await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', path]);
  }

  async bind(source: string, target: string): Promise<void> {
    await run('mount', ['--no-canonicalize', '--bind', source, target]);
  }

  async unmount(path: string): Promise<void> {
    await run('umount', [path]);
  }

  async mountsUnder(path: string): Promise<string[]> {
    const mounts = (await fs.readFile('/proc/self/mounts', 'utf8'))
      .split('\n')
      .map((l) => decodeOctal(l.split(' ')[1] ?? ''))
      .filter((m) => m === path || m.startsWith(`${path}/`));
    return mounts.sort((a, b) => b.length - a.length);
  }
}
