import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DiskFiles } from './files.js';
import { MachineMounter, mountOf } from './mounter.js';

const INFO = `21 1 8:1 / / rw,relatime - ext4 /dev/sda rw
22 21 0:5 / /var/lib rw shared:7 - tmpfs tmpfs rw
23 22 0:6 / /var/lib/a\\040b rw,nosuid master:1 - tmpfs tmpfs rw
24 22 0:7 / /var/lib/twice rw shared:9 - tmpfs tmpfs rw
25 24 0:8 / /var/lib/twice rw - tmpfs tmpfs rw
`;

it.each([
  ['/home', '/', false],
  ['/var/lib', '/var/lib', true],
  ['/var/lib/x', '/var/lib', true],
  ['/var/library', '/', false],
  ['/var/lib/a b/c', '/var/lib/a b', false],
  ['/var/lib/twice', '/var/lib/twice', false],
])('%s lies on %s, shared: %s', (path, point, shared) => expect(mountOf(INFO, path)).toEqual({ point, shared }));

it('runs mount(8) and umount(8) four at a time, whatever asks for them: each is a fork of this process', async () => {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-mounter-')));
  try {
    let now = 0;
    let most = 0;
    const done: string[] = [];
    const mounter = new MachineMounter(new DiskFiles([dir]), async (command, args) => {
      most = Math.max(most, ++now);
      await new Promise((r) => setTimeout(r, 1));
      done.push(`${command} ${args.find((a) => ['tmpfs', '--bind'].includes(a)) ?? ''}`.trim());
      now--;
      if (done.length % 10 === 0) throw new Error('refused');
    });
    const at = (i: number) => `${dir}/v${i}`;
    for (let i = 0; i < 60; i++) fs.mkdirSync(at(i));
    const work = Array.from({ length: 60 }, (_, i) => {
      if (i % 3 === 0) return mounter.tmpfs(at(i), {});
      return i % 3 === 1 ? mounter.bindInside(dir, 'v0', `${dir}/t${i}`) : mounter.unmount(at(i));
    });
    const failed = (await Promise.allSettled(work)).filter((r) => r.status === 'rejected').length;
    const count = (what: string) => done.filter((d) => d === what).length;
    expect([count('mount tmpfs'), count('mount --bind'), count('umount'), failed]).toEqual([20, 20, 20, 6]);
    expect([most, now]).toEqual([4, 0]);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

it('runs mount(8) where nobody says otherwise', () => {
  expect(() => new MachineMounter(new DiskFiles([]))).not.toThrow();
});
