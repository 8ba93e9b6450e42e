/** `k8ts etcd` on a disk that is really full: a small tmpfs. Needs root (to mount) and etcdctl; left out, with the reason, without. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningEtcd, startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { etcdctl } from './etcdctl-run.js';
import { leftOut, missing } from './programs.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const DISK = '6m';
const VALUE = 'v'.repeat(100_000);

const left = process.getuid?.() === 0 ? missing('etcdctl') : 'not root';

describe.skipIf(left !== undefined)(`a full disk${leftOut(left)}`, () => {
  let dir: string;
  let etcd: RunningEtcd;
  const start = async () => {
    etcd = await startEtcd({ dataDir: path.join(dir, 'data'), listen: ['http://127.0.0.1:0'], env });
  };
  beforeEach(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', dir]);
    await start();
  });
  afterEach(async () => {
    await etcd.stop();
    execFileSync('umount', [dir]);
    fs.rmSync(dir, { recursive: true });
  });

  const ctl = async (...args: string[]): Promise<string> => {
    const { out, err } = await etcdctl(etcd.server.urls[0]!, args);
    return out + err;
  };

  it('the write fails by name, reads go on, the alarm is up, nothing acknowledged is lost, and with room it goes on', async () => {
    let acknowledged = 0;
    let said = '';
    for (let i = 0; i < 100 && !said; i++) {
      const answer = await ctl('put', `k${String(i).padStart(3, '0')}`, VALUE);
      if (answer === 'OK\n') acknowledged++;
      else said = answer;
    }
    expect(acknowledged).toBeGreaterThan(10);
    expect(said).toMatch(/etcdserver: mvcc: database space exceeded .*ENOSPC/);
    expect(await ctl('put', 'small', 'v')).toContain('database space exceeded');
    expect(await ctl('alarm', 'list')).toMatch(/^memberID:\d+ alarm:NOSPACE/);
    const count = async () => (await ctl('get', 'k', '--prefix', '--keys-only')).split('\n').filter(Boolean).length;
    expect(await count()).toBe(acknowledged);

    await etcd.stop();
    execFileSync('mount', ['-o', 'remount,size=64m', dir]);
    await start();
    expect(await count()).toBe(acknowledged);
    expect(await ctl('alarm', 'list')).toBe('');
    expect(await ctl('put', 'k999', VALUE)).toBe('OK\n');
    expect(await count()).toBe(acknowledged + 1);
  });
});
