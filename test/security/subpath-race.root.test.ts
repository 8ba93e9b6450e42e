/**
 * A Pod's process exchanges a file (or folder) of its volume with a link to the host, as fast as it can, while the kubelet mounts sub-paths of it:
 * what is mounted is never the host's. K8TS_RACE_STARTS says how many times each is tried.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiskFiles } from '../../src/host/kubelet/files.js';
import { MachineMounter } from '../../src/host/kubelet/mounter.js';
import type { Host } from '../../src/kubelet/host.js';
import { containerMounts } from '../../src/kubelet/volumes/mounts.js';
import { reason as machine } from '../e2e/own-containerd.js';
import { missing } from '../e2e/programs.js';
import { type RealKubelet, realKubelet } from '../e2e/real-kubelet.js';
import { pod } from '../kubelet/simulated.js';

const STARTS = Number(process.env.K8TS_RACE_STARTS ?? 100);
const AT_ONCE = 4;
const SECRET = 'of the host\n';
const reason = process.getuid?.() !== 0 ? 'not root' : missing('go');

function build(program: string): void {
  execFileSync('go', ['build', '-o', program, './exchange'], {
    cwd: path.join(import.meta.dirname, '../clients/go'),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
  });
}

describe.skipIf(reason)(`sub-paths under exchange${reason ? ` (left out: ${reason})` : ''}`, () => {
  let dir: string;
  let program: string;
  let host: Pick<Host, 'files' | 'mounter'>;
  const mounts = () =>
    fs
      .readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((l) => l.includes(dir));

  beforeAll(() => {
    dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-race-')));
    program = `${dir}/exchange`;
    build(program);
    fs.mkdirSync(`${dir}/host/deep`, { recursive: true });
    fs.writeFileSync(`${dir}/host/secret`, SECRET, { mode: 0o600 });
    fs.writeFileSync(`${dir}/host/deep/secret`, SECRET, { mode: 0o600 });
    const files = new DiskFiles([`${dir}/kubelet`]);
    host = { files, mounter: new MachineMounter(files) };
  });
  afterAll(() => {
    for (const line of mounts()) execFileSync('umount', ['-c', '-l', line.split(' ')[1]!]);
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it.each<[string, string, (volume: string) => void]>([
    [
      'a file with a link to a file of the host',
      'x',
      (v) => {
        fs.writeFileSync(`${v}/x`, 'of the pod\n');
        fs.symlinkSync(`${dir}/host/secret`, `${v}/y`);
      },
    ],
    [
      'a folder on the way with a link to a folder of the host',
      'x/secret',
      (v) => {
        fs.mkdirSync(`${v}/x`);
        fs.writeFileSync(`${v}/x/secret`, 'of the pod\n');
        fs.symlinkSync(`${dir}/host/deep`, `${v}/y`);
      },
    ],
    [
      'a folder that would be made in the host',
      'x/made',
      (v) => {
        fs.mkdirSync(`${v}/x`);
        fs.symlinkSync(`${dir}/host/deep`, `${v}/y`);
      },
    ],
    [
      'a link inside with a link to the host',
      'x',
      (v) => {
        fs.writeFileSync(`${v}/file`, 'of the pod\n');
        fs.symlinkSync('file', `${v}/x`);
        fs.symlinkSync(`../../../../../../host/secret`, `${v}/y`);
      },
    ],
  ])('%s', { timeout: 3_600_000 }, async (name, subPath, prepare) => {
    const uid = `uid-${name.replaceAll(' ', '-')}`;
    const volume = `${dir}/kubelet/pods/${uid}/volumes/kubernetes.io~empty-dir/v`;
    fs.mkdirSync(volume, { recursive: true });
    prepare(volume);
    const exchangers: ChildProcess[] = ['100us', '3ms'].map((pause) => spawn(program, ['x', 'y', pause], { cwd: volume }));
    const containers = Array.from({ length: AT_ONCE }, (_, i) => ({
      name: `c${i}`,
      volumeMounts: [{ name: 'v', mountPath: '/m', subPath }],
    }));
    const p = pod({ name: 'p', metadata: { uid }, containers });
    const folders = { root: `${dir}/kubelet`, podLogs: `${dir}/log`, containerLogs: `${dir}/links` };
    const volumes = new Map([['v', { path: volume, readonly: false }]]);
    const seen = { mounted: 0, refused: 0, host: 0 };
    const start = async (c: (typeof p.spec.containers)[number]) => {
      try {
        const list = await containerMounts({ host: host as Host, folders }, p, c, volumes, [], 0);
        const at = list[0]!.hostPath;
        seen.mounted++;
        const isLink = fs.lstatSync(at).isSymbolicLink();
        const content = fs.lstatSync(at).isFile() ? fs.readFileSync(at, 'utf8') : '';
        if (isLink || content === SECRET) seen.host++;
      } catch {
        seen.refused++;
      }
    };
    try {
      for (let i = 0; i < STARTS; i += AT_ONCE) await Promise.all(p.spec.containers.map(start));
    } finally {
      for (const e of exchangers) e.kill('SIGKILL');
    }
    for (const m of await host.mounter.mountsUnder(`${dir}/kubelet/pods/${uid}`)) await host.mounter.unmount(m);
    await host.files.remove(`${dir}/kubelet/pods/${uid}`);
    expect(mounts()).toEqual([]);
    expect(fs.existsSync(`${dir}/kubelet/pods/${uid}`)).toBe(false);
    expect(seen.host, JSON.stringify(seen)).toBe(0);
    expect(seen.mounted, JSON.stringify(seen)).toBeGreaterThan(0);
    expect(fs.readFileSync(`${dir}/host/secret`, 'utf8')).toBe(SECRET);
    expect(fs.readdirSync(`${dir}/host/deep`)).toEqual(['secret']);
  });
});

describe.skipIf(reason || machine)(
  `Pods whose process exchanges the sub-paths of others${reason || machine ? ` (left out: ${reason || machine})` : ''}`,
  () => {
    let k: RealKubelet;
    beforeAll(async () => {
      const built = `${fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-race-'))}/exchange`;
      build(built);
      k = await realKubelet(2, [{ path: 'bin/exchange', data: fs.readFileSync(built) }]);
      fs.rmSync(path.dirname(built), { recursive: true });
      fs.writeFileSync(`${k.dir}/secret`, SECRET, { mode: 0o600 });
    });
    afterAll(() => k?.stop());

    it('see what is in the volume, never the host', async () => {
      const VICTIMS = 8;
      const names = ['race-a', 'race-b', 'race-c', 'race-d'];
      const script = `cd /v; echo of the pod > x; ln -s ${k.dir}/secret y; exchange x y 2ms`;
      for (const name of names) {
        k.put({
          name,
          spec: { restartPolicy: 'Never', volumes: [{ name: 'v', emptyDir: {} }] },
          containers: [
            { command: ['sh', '-c', script], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
            ...Array.from({ length: VICTIMS }, (_, i) => ({
              name: `victim${i}`,
              command: ['sh', '-c', 'cat /m > /dev/termination-log; echo overwritten >> /m'],
              volumeMounts: [{ name: 'v', mountPath: '/m', subPath: 'x' }],
            })),
          ],
        });
      }
      const victims = () => names.flatMap((n) => Array.from({ length: VICTIMS }, (_, i) => k.state(n, `victim${i}`)));
      await k.until(() => victims().every((s) => s?.state.terminated || s?.state.waiting?.reason === 'CreateContainerConfigError'), 60_000);
      expect(victims().filter((s) => s?.state.terminated?.message?.includes(SECRET.trim()))).toEqual([]);
      expect(victims().some((s) => s?.state.terminated?.message?.includes('of the pod'))).toBe(true);
      expect(fs.readFileSync(`${k.dir}/secret`, 'utf8')).toBe(SECRET);
      await k.gone(...names);
      expect(k.mounts()).toEqual([]);
      expect(fs.readdirSync(`${k.dir}/kubelet/pods`)).toEqual([]);
    });
  },
);
