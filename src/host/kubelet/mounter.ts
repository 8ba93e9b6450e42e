/** Mounts on the real machine, by mount(8): Node.js has no call of its own. */
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import type { Mounter } from '../../kubelet/host.js';
import { run } from '../containerd/run.js';

/** Spaces and the like are written in octal in /proc/self/mounts. */
const decodeOctal = (s: string): string => s.replace(/\\(\d{3})/g, (_, o: string) => String.fromCharCode(Number.parseInt(o, 8)));

/** Linux: a handle of the place alone. Node.js does not name it. */
const O_PATH = 0x200000;

export class MachineMounter implements Mounter {
  async tmpfs(path: string, { sizeBytes, mode = 0o777 }: { readonly sizeBytes?: number; readonly mode?: number }): Promise<void> {
    const options = [`mode=${mode.toString(8)}`, ...(sizeBytes ? [`size=${Math.floor(sizeBytes)}`] : [])];
    await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', path]);
  }

  async bind(source: string, target: string, within?: string): Promise<void> {
    if (within === undefined) {
      await run('mount', ['--no-canonicalize', '--bind', source, target]);
      return;
    }
    // Held open, it stays what was checked, whatever the pod's processes do to its name meanwhile.
    const held = await fs.open(source, O_PATH | constants.O_NOFOLLOW);
    try {
      const wanted = `${await fs.realpath(within)}${source.slice(within.length)}`;
      const real = await fs.readlink(`/proc/self/fd/${held.fd}`);
      if (real !== wanted) throw new Error(`${source} leads to ${real}, out of its place in the volume`);
      await run('mount', ['--no-canonicalize', '--bind', `/proc/${process.pid}/fd/${held.fd}`, target]);
    } finally {
      await held.close();
    }
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
