/** Mounts on the real machine, by mount(8): Node.js has no call of its own. Paths go to it through descriptors, so that it resolves no name. */
import fs from 'node:fs/promises';
import type { Mounter } from '../../kubelet/host.js';
import { AtMost } from '../../util/at-most.js';
import { run as runCommand } from '../containerd/run.js';
import { openInside, openPlain, outside, using } from './beneath.js';
import type { DiskFiles } from './files.js';

/** Spaces and the like are written in octal in /proc/self/mounts. */
const decodeOctal = (s: string): string => s.replace(/\\(\d{3})/g, (_, o: string) => String.fromCharCode(Number.parseInt(o, 8)));

const encodeOctal = (s: string): string => s.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** The mount that a path lies on, by /proc/self/mountinfo: of several at one place the last one shows. Pure. */
export function mountOf(mountinfo: string, path: string): { point: string; shared: boolean } {
  let found = { point: '', shared: false };
  for (const line of mountinfo.split('\n')) {
    const words = line.split(' ');
    const point = decodeOctal(words[4] ?? '');
    const above = point === '/' || path === point || path.startsWith(`${point}/`);
    if (point && above && point.length >= found.point.length)
      found = { point, shared: words.slice(6, words.indexOf('-')).some((w) => w.startsWith('shared:')) };
  }
  return found;
}

/** Processes that mount at once: each is a fork of this one, which stands still for it. */
const AT_ONCE = 4;

export class MachineMounter implements Mounter {
  private readonly turns = new AtMost(AT_ONCE);

  /** @param run how mount(8) is run; another for tests. */
  constructor(
    private readonly files: DiskFiles,
    private readonly run: (command: string, args: readonly string[]) => Promise<unknown> = runCommand,
  ) {}

  async tmpfs(path: string, { sizeBytes, mode = 0o777 }: { readonly sizeBytes?: number; readonly mode?: number }): Promise<void> {
    const options = [`mode=${mode.toString(8)}`, ...(sizeBytes ? [`size=${Math.floor(sizeBytes)}`] : [])];
    await this.turns.run(() =>
      this.files.inFolder(path, (parent, name) =>
        using(openPlain(parent, name), (at) =>
          this.run('mount', ['--no-canonicalize', '-t', 'tmpfs', '-o', options.join(','), 'tmpfs', outside(at)]),
        ),
      ),
    );
  }

  bindInside(volume: string, subPath: string, target: string): Promise<void> {
    return this.turns.run(() => this.bind(volume, subPath, target));
  }

  private async bind(volume: string, subPath: string, target: string): Promise<void> {
    await using(openInside(volume, subPath), async (source) => {
      if ((await source.stat()).isDirectory()) await this.files.mkdir(target, 0o750);
      else {
        await this.files.mkdir(target.slice(0, target.lastIndexOf('/')), 0o750);
        await this.files.write(target, '', 0o640);
      }
      await this.files.inFolder(target, (parent, name) =>
        using(openPlain(parent, name), (at) => this.run('mount', ['--no-canonicalize', '--bind', outside(source), outside(at)])),
      );
    });
  }

  /**
   * Mounts that come in a folder reach the containers that asked for them (`mountPropagation: HostToContainer`): the folder becomes a shared mount of
   * its own where the one it lies on is private.
   */
  async share(path: string): Promise<void> {
    const real = await fs.realpath(path);
    const at = mountOf(await fs.readFile('/proc/self/mountinfo', 'utf8'), real);
    if (at.shared) return;
    if (at.point !== real) await this.run('mount', ['--no-canonicalize', '--bind', real, real]);
    await this.run('mount', ['--no-canonicalize', '--make-rshared', real]);
  }

  async unmount(path: string): Promise<void> {
    await this.turns.run(() =>
      this.files.inFolder(path, (parent, name) => this.run('umount', ['--no-canonicalize', `${outside(parent)}/${name}`])),
    );
  }

  async mountsUnder(path: string): Promise<string[]> {
    const all = await fs.readFile('/proc/self/mounts', 'utf8');
    if (!all.includes(encodeOctal(path))) return [];
    const mounts = all
      .split('\n')
      .map((l) => decodeOctal(l.split(' ')[1] ?? ''))
      .filter((m) => m === path || m.startsWith(`${path}/`));
    return mounts.sort((a, b) => b.length - a.length);
  }
}
