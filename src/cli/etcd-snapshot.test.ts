import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { snapshotImage } from '../etcd/snapshot/export.js';
import { openEmbeddedStore } from '../store/embedded/open.js';
import { openMemoryStore } from '../store/memory.js';
import { realClock } from '../util/clock.js';
import { silentLogger } from '../util/logger.js';
import { realRandom } from '../util/random.js';
import { humanBytes, snapshotCommand } from './etcd-snapshot.js';
import { restoreForStart } from './snapshot-restore.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

describe('k8ts etcd snapshot', () => {
  let dir: string;
  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcd-snapshot-'));
    const store = openMemoryStore({ env });
    await store.txn({ compare: [], success: [{ put: { key: 'a', value: Uint8Array.of(1) } }], failure: [] });
    const image = await snapshotImage(store.snapshot(), { memberId: 1n, name: 'm', raftTerm: 1n, clientUrls: [], peerUrls: [] });
    fs.writeFileSync(path.join(dir, 'db'), Buffer.concat([...image.pages()]));
    await store.close();
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  /** The command under a parent that has flags of the same names. */
  async function run(...args: string[]): Promise<{ out: string[]; dataDir: string }> {
    const program = new Command('k8ts');
    const etcd = program
      .command('etcd')
      .option('--data-dir <dir>', '', 'of etcd')
      .action(() => undefined);
    snapshotCommand(etcd);
    const out: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line));
    try {
      await program.parseAsync(['node', 'k8ts', 'etcd', ...args]);
    } finally {
      log.mockRestore();
    }
    return { out, dataDir: etcd.opts<{ dataDir: string }>().dataDir };
  }

  it('restores into the directory that is named behind it', async () => {
    const target = path.join(dir, 'restored');
    const { out, dataDir } = await run('snapshot', 'restore', path.join(dir, 'db'), '--data-dir', target, '--skip-hash-check');
    expect(out).toEqual([`restored 1 keys of revision 2 into ${target}`]);
    expect(dataDir).toBe('of etcd');
    const store = await openEmbeddedStore({ dir: target, env });
    expect((await store.range({ key: 'a' })).kvs).toMatchObject([{ key: 'a', modRevision: 2, version: 1 }]);
    await store.close();
  });

  it('tells the status in the form that is asked for', async () => {
    const { out } = await run('snapshot', 'status', path.join(dir, 'db'), '-w', 'json');
    expect(JSON.parse(out[0]!)).toMatchObject({ revision: 2, totalKey: 1, version: '3.6.0' });
  });

  it.each([
    ['k8s\0\n', 'in the binary \\(protobuf\\) form'],
    ['k8s:enc:aescbc:v1:', 'encrypted'],
  ])('does not begin a cluster with objects that it cannot read (%j)', async (value, what) => {
    const file = path.join(dir, 'foreign');
    const store = openMemoryStore({ env });
    const put = (key: string) => ({ put: { key, value: new TextEncoder().encode(value) } });
    await store.txn({ compare: [], success: [put('elsewhere'), put('/registry/pods/a/b')], failure: [] });
    const image = await snapshotImage(store.snapshot(), { memberId: 1n, name: 'm', raftTerm: 1n, clientUrls: [], peerUrls: [] });
    const bytes = Buffer.concat([...image.pages()]);
    fs.writeFileSync(file, bytes);
    await expect(restoreForStart(file, path.join(dir, 'cluster'), env)).rejects.toThrow(
      /snapshot missing hash .*: k8ts etcd snapshot restore/,
    );
    fs.writeFileSync(file, Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]));
    await expect(restoreForStart(file, path.join(dir, 'cluster'), env)).rejects.toThrow(new RegExp(`/registry/pods/a/b is stored ${what}`));
    expect(fs.readdirSync(path.join(dir, 'cluster'))).toEqual([]);
    await store.close();
  });

  it('leaves etcd’s own flags to etcd', async () => {
    expect((await run('--data-dir', 'x')).dataDir).toBe('x');
  });

  it.each([
    [9, '9 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [20480, '20 kB'],
    [21504, '22 kB'],
    [261603328, '262 MB'],
    [2.5e9, '2.5 GB'],
  ])('says %i bytes as %s', (n, text) => {
    expect(humanBytes(n)).toBe(text);
  });
});
