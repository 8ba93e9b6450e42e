/**
 * Snapshots between k8ts and the real etcd, both ways: what one saves the other restores, starts on, and has every key at every revision.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { printStatus } from '../../src/cli/etcd-snapshot.js';
import { SnapshotFile } from '../../src/cli/snapshot-file.js';
import { restoreForStart, restoreSnapshot } from '../../src/cli/snapshot-restore.js';
import { saveSnapshot } from '../../src/cli/snapshot-save.js';
import { startEtcd } from '../../src/etcd/listen/start.js';
import { snapshotStatus } from '../../src/etcd/snapshot/status.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { runEtcdctl } from './etcdctl-run.js';
import { freePort } from './ports.js';
import { leftOut, missing } from './programs.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

/** Runs etcdctl; fails with what it said. */
async function ctl(args: readonly string[], input = ''): Promise<string> {
  const { code, out, err } = await runEtcdctl(args, input);
  if (code !== 0) throw new Error(`etcdctl ${args.join(' ').slice(0, 200)}: ${out}${err}`);
  return out;
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

const absent = missing('etcd', 'etcdctl');

describe.skipIf(absent)(`Snapshots to and from the real etcd${leftOut(absent)}`, () => {
  let dir: string;
  let count = 0;
  const running: Server[] = [];
  const fresh = (name: string) => path.join(dir, `${name}-${++count}`);

  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-snapshot-'));
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  const keep = (server: Server): Server => {
    running.push(server);
    return server;
  };

  async function startReal(dataDir: string): Promise<Server> {
    const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    const child: ChildProcess = spawn(
      'etcd',
      ['--data-dir', dataDir, '--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr!.on('data', (c) => {
      said = (said + c).slice(-4000);
    });
    const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const stop = async () => {
      child.kill('SIGKILL');
      await gone;
    };
    for (let tries = 0; ; tries++) {
      try {
        await ctl(['--endpoints', client, 'endpoint', 'health']);
        return keep({ url: client, stop });
      } catch (e) {
        if (child.exitCode !== null || tries > 20) throw new Error(`etcd does not start: ${said}`, { cause: e });
      }
    }
  }

  async function startOurs(dataDir: string): Promise<Server> {
    const etcd = await startEtcd({ dataDir, listen: ['http://127.0.0.1:0'], env });
    return keep({ url: etcd.server.urls[0]!, stop: () => etcd.stop() });
  }

  /** Some of everything that a store can hold. */
  async function fill({ url }: Server): Promise<void> {
    const run = (args: readonly string[], input?: string) => ctl(['--endpoints', url, ...args], input);
    for (let i = 0; i < 6; i++) await run(['put', 'a', `before the compaction ${i}`]);
    await run(['put', 'gone', 'x']);
    await run(['del', 'gone']);
    const granted = /lease (\w+) granted/.exec(await run(['lease', 'grant', '5000']))![1]!;
    await run(['put', 'leased/1', 'v', `--lease=${granted}`]);
    await run(['put', 'leased/2', 'v', `--lease=${granted}`]);
    await run(['compaction', '7', '--physical']);
    for (let i = 0; i < 4; i++) await run(['put', 'a', `after the compaction ${i}`]);
    await run(['txn'], '\nput t1 a\nput t2 b\ndel a\n\n\n');
    await run(['put', 'a', 'created again']);
    await run(['put', 'bin\u00e9\u4e16', '\u0001\u00ff']);
    await run(['put', 'large'], 'y'.repeat(700_000));
    await run(['put', 'large'], 'z'.repeat(1_200_000));
    for (let i = 0; i < 40; i++) await run(['put', `many/${i}`, `${i}`.repeat(100)]);
    await run(['del', 'many/1', 'many/19']);
  }

  /** All that a client can see, at every revision that can be read. */
  async function contents({ url }: Server): Promise<unknown> {
    const run = async (args: readonly string[]) => JSON.parse(await ctl(['--endpoints', url, ...args, '-w', 'json']));
    const now = await run(['get', 'x']);
    const revision = now.header.revision as number;
    const [{ HashKV: hash }] = await run(['endpoint', 'hashkv']);
    const revisions: unknown[] = [];
    for (let r = 7; r <= revision; r++) {
      const { kvs, count } = await run(['get', '', '--from-key', `--rev=${r}`]);
      revisions.push({ r, count, kvs });
    }
    const leases = [];
    const listed = await ctl(['--endpoints', url, 'lease', 'list']);
    for (const hex of listed.match(/^[0-9a-f]{8,}$/gm) ?? []) {
      const { 'granted-ttl': granted, keys, ...rest } = await run(['lease', 'timetolive', hex, '--keys']);
      leases.push({ granted, keys: [...(keys ?? [])].sort(), known: (rest as { ttl: number }).ttl > 0 });
    }
    const compacted = await ctl(['--endpoints', url, 'get', 'a', '--rev=5']).catch((e: Error) =>
      /required revision has been compacted/.test(e.message),
    );
    return { revision, hash: hash.hash, compactRevision: hash.compact_revision, revisions, leases, compacted };
  }

  it('a real etcd starts on a snapshot of ours, with everything in it', async () => {
    const ours = await startOurs(fresh('ours'));
    await fill(ours);
    const file = fresh('saved.db');
    await ctl(['--endpoints', ours.url, 'snapshot', 'save', file]);
    expect(fs.statSync(file).size % 4096).toBe(32);
    const told = JSON.parse(await ctl(['snapshot', 'status', file, '-w', 'json']));
    const mine = await SnapshotFile.with(file, (f) => snapshotStatus(f.database()));
    expect(mine).toMatchObject({ hash: told.hash, revision: told.revision, totalSize: told.totalSize });
    const restored = fresh('real');
    await ctl(['snapshot', 'restore', file, '--data-dir', restored]);
    const real = await startReal(restored);
    const before = await contents(ours);
    expect(await contents(real)).toEqual(before);
    expect(before).toMatchObject({
      compactRevision: 7,
      compacted: true,
      leases: [
        { granted: 5000, keys: [Buffer.from('leased/1').toString('base64'), Buffer.from('leased/2').toString('base64')], known: true },
      ],
    });
    // It goes on from there: writes, deletes over whole pages, a compaction.
    await ctl(['--endpoints', real.url, 'del', 'many', '--prefix']);
    const { header } = JSON.parse(await ctl(['--endpoints', real.url, 'put', 'more', 'x', '-w', 'json']));
    await ctl(['--endpoints', real.url, 'compaction', String(header.revision), '--physical']);
    await ctl(['--endpoints', real.url, 'defrag']);
    expect(await ctl(['--endpoints', real.url, 'get', 'more'])).toBe('more\nx\n');
  });

  it('ours starts on a snapshot of a real etcd, with everything in it', async () => {
    const real = await startReal(fresh('real'));
    await fill(real);
    const file = fresh('saved.db');
    await ctl(['--endpoints', real.url, 'snapshot', 'save', file]);
    const told = JSON.parse(await ctl(['snapshot', 'status', file, '-w', 'json']));
    const mine = await SnapshotFile.with(file, (f) => snapshotStatus(f.database()));
    expect(mine).toMatchObject({ hash: told.hash, revision: told.revision, totalSize: told.totalSize });
    const dataDir = fresh('ours');
    const { revision } = await restoreSnapshot({ file, dir: dataDir, env });
    expect(revision).toBe(told.revision);
    const ours = await startOurs(dataDir);
    const before = await contents(real);
    expect(await contents(ours)).toEqual(before);
    expect(before).toMatchObject({
      compactRevision: 7,
      compacted: true,
      leases: [
        { granted: 5000, keys: [Buffer.from('leased/1').toString('base64'), Buffer.from('leased/2').toString('base64')], known: true },
      ],
    });
    // And the same again after a restart, which reads the log.
    await ours.stop();
    running.splice(running.indexOf(ours), 1);
    expect(await contents(await startOurs(dataDir))).toEqual(before);
  });

  it('saves from either, and restores the file of a real data directory', async () => {
    const data = fresh('real');
    const real = await startReal(data);
    await ctl(['--endpoints', real.url, 'put', 'a', '1']);
    const ours = await startOurs(fresh('ours'));
    await ctl(['--endpoints', ours.url, 'put', 'a', '1']);
    for (const [server, version] of [
      [real, ''],
      [ours, '3.6.0'],
    ] as const) {
      const file = fresh('saved.db');
      expect(await saveSnapshot({ endpoint: server.url, file })).toBe(version);
      expect(fs.existsSync(`${file}.part`)).toBe(false);
      const dir = fresh('restored');
      expect(await restoreSnapshot({ file, dir, env })).toEqual({ revision: 2, keys: 1 });
    }
    await real.stop();
    const copy = path.join(data, 'member', 'snap', 'db');
    await expect(restoreSnapshot({ file: copy, dir: fresh('x'), env })).rejects.toThrow(
      'snapshot missing hash but --skip-hash-check=false',
    );
    expect(await restoreSnapshot({ file: copy, dir: fresh('x'), skipHashCheck: true, env })).toEqual({ revision: 2, keys: 1 });
  });

  it('is of one moment while writes go on', async () => {
    const ours = await startOurs(fresh('ours'));
    let over = false;
    let written = 0;
    const writing = (async () => {
      while (!over) {
        const value = `${written++}`.padEnd(20_000, '.');
        await ctl(['--endpoints', ours.url, 'txn'], `\nput left ${value}\nput right ${value}\nput more/${written} ${value}\n\n\n`);
      }
    })();
    while (written < 20) await new Promise((resolve) => setImmediate(resolve));
    const files = [];
    for (let i = 0; i < 3; i++) {
      const file = fresh('saved.db');
      await ctl(['--endpoints', ours.url, 'snapshot', 'save', file]);
      files.push(file);
    }
    over = true;
    await writing;
    for (const file of files) {
      const restored = fresh('ours');
      await restoreSnapshot({ file, dir: restored, env });
      const copy = await startOurs(restored);
      const get = async (key: string) => JSON.parse(await ctl(['--endpoints', copy.url, 'get', key, '-w', 'json'])).kvs[0];
      const [left, right] = [await get('left'), await get('right')];
      expect(left).toMatchObject({ value: right.value, mod_revision: right.mod_revision, version: right.version });
      const { count } = JSON.parse(await ctl(['--endpoints', copy.url, 'get', 'more/', '--prefix', '--limit=1', '-w', 'json']));
      expect(count).toBe(left.version);
    }
  });

  it('refuses a broken file and a directory that is not empty, and leaves nothing', async () => {
    const ours = await startOurs(fresh('ours'));
    await ctl(['--endpoints', ours.url, 'put', 'a', '1']);
    const file = fresh('saved.db');
    await saveSnapshot({ endpoint: ours.url, file });
    const target = fresh('target');
    const broken = fresh('broken.db');
    const bytes = fs.readFileSync(file);
    bytes[5000]! ^= 1;
    fs.writeFileSync(broken, bytes);
    await expect(restoreSnapshot({ file: broken, dir: target, env })).rejects.toThrow(
      /expected sha256 \[(\d+ ){31}\d+\], got \[(\d+ ){31}\d+\]$/,
    );
    fs.writeFileSync(broken, 'no database');
    await expect(restoreSnapshot({ file: broken, dir: target, skipHashCheck: true, env })).rejects.toThrow(
      /broken.db-\d+: invalid database/,
    );
    await expect(restoreSnapshot({ file: `${file}.none`, dir: target, env })).rejects.toThrow(/cannot open the snapshot .*: no such file/);
    expect(fs.existsSync(target)).toBe(false);
    expect(fs.readdirSync(dir).filter((name) => name.includes('.restoring'))).toEqual([]);
    fs.mkdirSync(path.join(target, 'store'), { recursive: true });
    fs.writeFileSync(path.join(target, 'store', 'x'), '');
    await expect(restoreSnapshot({ file, dir: target, env })).rejects.toThrow(/^data-dir ".*" not empty or could not be read/);
    await expect(restoreForStart(file, target, env)).rejects.toThrow(/^--from-snapshot: .* already holds a store/);
    await expect(saveSnapshot({ endpoint: 'http://127.0.0.1:1', file: fresh('none') })).rejects.toThrow(
      /cannot reach etcd at http:\/\/127.0.0.1:1/,
    );
    expect(fs.readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('keeps what is protected protected: users, passwords and roles go along', async () => {
    const real = await startReal(fresh('real'));
    const run = (...args: string[]) => ctl(['--endpoints', real.url, ...args]);
    await run('user', 'add', 'root:pw');
    await run('role', 'add', 'reader');
    await run('role', 'grant-permission', 'reader', 'read', 'a');
    await run('user', 'add', 'eva:word');
    await run('user', 'grant-role', 'eva', 'reader');
    await run('put', 'a', 'kept');
    await run('auth', 'enable');
    const file = fresh('saved.db');
    await run('--user', 'root:pw', 'snapshot', 'save', file);
    const dir = fresh('protected');
    await restoreSnapshot({ file, dir, env });
    const ours = await startEtcd({ dataDir: dir, listen: ['http://127.0.0.1:0'], env });
    try {
      const ask = (...args: string[]) => ctl(['--endpoints', ours.server.urls[0]!, ...args]);
      expect(await ask('--user', 'eva:word', 'get', 'a')).toContain('kept');
      await expect(ask('--user', 'eva:word', 'put', 'a', 'b')).rejects.toThrow('permission denied');
      await expect(ask('--user', 'eva:wrong', 'get', 'a')).rejects.toThrow('authentication failed');
      await expect(ask('get', 'a')).rejects.toThrow('user name is empty');
      expect(await ask('--user', 'root:pw', 'user', 'list')).toBe('eva\nroot\n');
    } finally {
      await ours.stop();
    }
  });

  it('prints as etcdutl does', () => {
    const status = { hash: 0xcebad3de, revision: 7, totalKey: 2, totalSize: 20480, version: '3.6.0' };
    expect(printStatus(status, 'simple')).toBe('cebad3de, 7, 2, 20 kB, 3.6.0');
    expect(printStatus(status, 'json')).toBe('{"hash":3468350430,"revision":7,"totalKey":2,"totalSize":20480,"version":"3.6.0"}');
    expect(printStatus(status, 'table')).toBe(
      [
        '+----------+----------+------------+------------+---------+',
        '|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE | VERSION |',
        '+----------+----------+------------+------------+---------+',
        '| cebad3de |        7 |          2 |      20 kB |   3.6.0 |',
        '+----------+----------+------------+------------+---------+',
      ].join('\n'),
    );
  });
});
