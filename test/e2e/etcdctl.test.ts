/**
 * The real etcdctl against k8ts and against the real etcd: the same commands, the same output. What differs by nature (ids, ports,
 * sizes, times, versions) is blanked in both.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningEtcd, startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { blank, during, etcdctl, type Result } from './etcdctl-run.js';
import { freePort } from './ports.js';
import { leftOut, missing } from './programs.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

const left = missing('etcd', 'etcdctl', 'openssl', 'curl');
const why = leftOut(left);

describe.skipIf(left !== undefined)(`etcdctl against k8ts and etcd${why}`, () => {
  let dir: string;
  let real: ChildProcess;
  let realUrl: string;
  let ours: RunningEtcd;
  let oursUrl: string;

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcdctl-'));
    const [client, peer] = [await freePort(), await freePort()];
    realUrl = `http://127.0.0.1:${client}`;
    real = spawn(
      'etcd',
      ['--data-dir', `${dir}/real`, '--listen-client-urls', realUrl, '--advertise-client-urls', realUrl]
        .concat(['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`])
        .concat(['--initial-cluster', `default=http://127.0.0.1:${peer}`]),
      { stdio: 'ignore' },
    );
    ours = await startEtcd({ dataDir: `${dir}/ours`, listen: ['http://127.0.0.1:0'], env });
    oursUrl = ours.server.urls[0]!;
    for (let i = 0; i < 50; i++) if ((await etcdctl(realUrl, ['endpoint', 'health'])).code === 0) break;
  });

  afterAll(async () => {
    await ours.stop();
    real.kill();
    await new Promise((resolve) => real.on('close', resolve));
    fs.rmSync(dir, { recursive: true, force: true });
  });

  async function same(args: readonly string[], input?: string): Promise<void> {
    const [a, b] = await Promise.all([etcdctl(realUrl, args, input), etcdctl(oursUrl, args, input)]);
    const shape = (r: Result) => ({ args, code: r.code, out: blank(r.out), err: blank(r.err) });
    expect(shape(b)).toEqual(shape(a));
  }

  const json = ['-w', 'json'];

  it('puts, gets and deletes', async () => {
    await same(['put', 'foo', 'bar']);
    await same(['put', 'foo', 'bar2', '--prev-kv', ...json]);
    await same(['put', 'foo/1', 'one']);
    await same(['put', 'foo/2', 'two', ...json]);
    await same(['put', 'fop', 'x']);
    for (const form of ['simple', 'json', 'fields']) {
      await same(['get', 'foo', '-w', form]);
      await same(['get', 'foo', '--prefix', '-w', form]);
      await same(['get', 'nothing', '-w', form]);
    }
    await same(['get', '', '--prefix', '--keys-only']);
    await same(['get', 'foo', '--prefix', '--limit=2', ...json]);
    await same(['get', 'foo', 'fop', ...json]);
    await same(['get', 'foo/2', '--from-key', ...json]);
    await same(['get', 'foo', '--prefix', '--print-value-only']);
    await same(['get', 'foo', '--rev=2', ...json]);
    await same(['get', 'foo', '--rev=999']);
    for (const by of ['CREATE', 'KEY', 'MODIFY', 'VALUE', 'VERSION']) {
      for (const order of ['ASCEND', 'DESCEND'])
        await same(['get', 'foo', '--prefix', `--sort-by=${by}`, `--order=${order}`, '--keys-only', '--limit=1']);
    }
    await same(['put', 'foo', '--ignore-value', ...json]);
    await same(['put', 'missing', '--ignore-value']);
    await same(['put', 'foo', 'x', '--ignore-lease']);
    await same(['put', '', 'x']);
    await same(['put', 'foo', 'x', '--lease=1234']);
    await same(['del', 'foo/1', '--prev-kv']);
    await same(['del', 'foo', '--prefix', ...json]);
    await same(['del', 'foo']);
    await same(['get', '', '--from-key', ...json]);
  });

  it('keeps binary keys and large values', async () => {
    await same(['put', 'bin\u00e9\u4e16', '\u0001\u0002\u00ff']);
    await same(['get', 'bin', '--prefix', ...json]);
    const big = 'x'.repeat(100_000);
    await same(['put', 'big', big]);
    await same(['get', 'big']);
    await same(['put', 'huge'], 'y'.repeat(1_400_000));
    await same(['get', 'huge', '--print-value-only']);
    await same(['put', 'huge'], 'y'.repeat(1_800_000));
    await same(['put', 'huge'], 'y'.repeat(3_000_000));
    await same(['del', '', '--from-key']);
  });

  it('runs transactions', async () => {
    await same(['put', 'k', '1']);
    await same(['txn'], 'value("k") = "1"\n\nput k 2\nget k\n\nget k\n\n');
    await same(['txn', ...json], 'value("k") = "1"\n\nput k 2\n\nget k\nput other 3\n\n');
    await same(['txn', ...json], 'mod("k") > "0"\nversion("none") = "0"\ncreate("k") < "99"\n\ndel k\nget k\nput k again\n\n\n');
    await same(['txn', ...json], 'val("k") != "0"\n\nput k a\nput l b\ndel none\nget "" --prefix\n\n\n');
    await same(['txn'], '\nput k a\nput k b\n\n\n');
    await same(['txn'], '\nput x a\ndel x\n\n\n');
    await same(['get', 'k', ...json]);
  });

  it('compacts, and refuses what is compacted or to come', async () => {
    for (let i = 0; i < 5; i++) await same(['put', 'c', String(i)]);
    const at = (JSON.parse((await etcdctl(oursUrl, ['get', 'c', ...json])).out) as { header: { revision: number } }).header.revision;
    await same(['compaction', String(at - 2)]);
    await same(['compaction', String(at - 2)]);
    await same(['compaction', String(at + 100)]);
    await same(['get', 'c', `--rev=${at - 3}`]);
    await same(['get', 'c', `--rev=${at - 1}`, ...json]);
    await same(['watch', 'c', `--rev=${at - 4}`]);
    await same(['compaction', String(at), '--physical']);
    await same(['get', '', '--from-key', ...json]);
  });

  it('has the same hash over the same history', async () => {
    const hashes = async (url: string) => {
      const [{ HashKV }] = JSON.parse((await etcdctl(url, ['endpoint', 'hashkv', ...json])).out) as [
        { HashKV: { hash: number; compact_revision: number } },
      ];
      return [HashKV.hash, HashKV.compact_revision];
    };
    expect(await hashes(oursUrl)).toEqual(await hashes(realUrl));
    await same(['put', 'h', '1']);
    await same(['txn', ...json], '\nput h1 a\nput h2 b\ndel h\n\n\n');
    await same(['put', 'h1', 'again']);
    expect(await hashes(oursUrl)).toEqual(await hashes(realUrl));
  });

  it('grants, keeps, tells and revokes leases', async () => {
    await same(['lease', 'list']);
    await same(['lease', 'grant', '1']);
    await same(['lease', 'grant', '9999999999']);
    await same(['lease', 'revoke', '1234']);
    await same(['lease', 'timetolive', '1234']);
    await same(['lease', 'keep-alive', '1234', '--once']);
    const outputs = await Promise.all(
      [realUrl, oursUrl].map(async (url) => {
        const id = /lease (\w+) granted/.exec((await etcdctl(url, ['lease', 'grant', '100'])).out)![1]!;
        const steps = [
          ['put', 'leased/1', 'a', `--lease=${id}`],
          ['put', 'leased/2', 'b', `--lease=${id}`],
          ['lease', 'timetolive', id, '--keys'],
          ['lease', 'keep-alive', id, '--once'],
          ['lease', 'revoke', id],
          ['get', 'leased', '--prefix', ...json],
        ];
        const out: string[] = [];
        for (const step of steps) out.push(blank((await etcdctl(url, step)).out));
        return out;
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it('ends a lease by itself', async () => {
    const outputs = await Promise.all(
      [realUrl, oursUrl].map(async (url) => {
        const id = /lease (\w+) granted/.exec((await etcdctl(url, ['lease', 'grant', '2'])).out)![1]!;
        await etcdctl(url, ['put', 'short', 'x', `--lease=${id}`]);
        for (let i = 0; i < 60 && (await etcdctl(url, ['get', 'short'])).out !== ''; i++) await new Promise((r) => setTimeout(r, 100));
        return blank((await etcdctl(url, ['get', 'short', ...json])).out);
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it('watches', async () => {
    const rev = (JSON.parse((await etcdctl(oursUrl, ['get', 'w', ...json])).out) as { header: { revision: number } }).header.revision;
    const outputs = await Promise.all(
      [realUrl, oursUrl].map(async (url) => {
        const out = await during(url, ['watch', 'w', '--prefix', '--prev-kv'], 13, async () => {
          await etcdctl(url, ['put', 'w1', 'a']);
          await etcdctl(url, ['put', 'w1', 'b']);
          await etcdctl(url, ['put', 'other', 'b']);
          await etcdctl(url, ['txn'], '\nput w2 c\ndel w1\n\n\n');
        });
        const past = await during(url, ['watch', 'w', '--prefix', `--rev=${rev + 1}`, '-w', 'json'], 1, async () => {});
        return [blank(out), blank(past)];
      }),
    );
    expect(outputs[0]![0]).toContain('PUT\nw1\na\nw1\nb\n');
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it('answers the operator', async () => {
    await same(['endpoint', 'health']);
    await same(['endpoint', 'status', ...json]);
    await same(['alarm', 'list']);
    await same(['alarm', 'disarm']);
    await same(['defrag']);
    const members = await Promise.all([realUrl, oursUrl].map(async (url) => (await etcdctl(url, ['member', 'list'])).out));
    expect(members[1]).toMatch(/^[0-9a-f]+, started, default, http:\/\/localhost:2380, http:\/\/127.0.0.1:\d+, false\n$/);
    expect(members[0]!.split(', ')).toHaveLength(members[1]!.split(', ').length);
    const refused = await etcdctl(oursUrl, ['member', 'add', 'x', '--peer-urls=http://127.0.0.1:1']);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('the embedded store has one member');
  });

  it('locks and elects', async () => {
    for (const url of [oursUrl]) {
      const lock = await during(url, ['lock', 'my-lock'], 1, async () => {
        const waiting = during(url, ['lock', 'my-lock'], 1, async () => {});
        await new Promise((r) => setTimeout(r, 700));
        expect((await etcdctl(url, ['get', 'my-lock', '--prefix', '--keys-only'])).out.trim().split('\n\n')).toHaveLength(2);
        void waiting;
      });
      expect(lock).toMatch(/^my-lock\/[0-9a-f]+\n/);
      const elected = await during(url, ['elect', 'chief', 'me'], 2, async () => {
        const listener = await during(url, ['elect', '-l', 'chief'], 2, async () => {});
        expect(listener).toMatch(/^chief\/[0-9a-f]+\nme\n/);
      });
      expect(elected).toMatch(/^chief\/[0-9a-f]+\nme\n/);
    }
    const locked = await Promise.all([realUrl, oursUrl].map((url) => etcdctl(url, ['lock', 'l2', 'echo', 'have it'])));
    expect(locked[1]).toMatchObject({ code: locked[0]!.code, out: locked[0]!.out });
  });

  it('answers plain HTTP on the same port', async () => {
    expect(await (await fetch(`${oursUrl}/health`)).json()).toEqual({ health: 'true', reason: '' });
    expect(await (await fetch(`${oursUrl}/version`)).json()).toHaveProperty('etcdserver');
    expect(await (await fetch(`${oursUrl}/metrics`)).text()).toMatch(/^etcd_server_has_leader 1$/m);
    expect((await fetch(`${oursUrl}/nothing`)).status).toBe(404);
  });

  it('speaks TLS, and only to clients with a certificate of its authority', async () => {
    const ssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
    const issue = (name: string, ca: string) => {
      ssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      fs.writeFileSync(`${dir}/${name}.ext`, 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
      ssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${ca}.crt`,
        '-CAkey',
        `${ca}.key`,
        '-CAcreateserial',
        '-days',
        '2',
        '-out',
        `${name}.crt`,
        '-extfile',
        `${name}.ext`,
      );
    };
    for (const ca of ['ca', 'other-ca'])
      ssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${ca}.key`, '-out', `${ca}.crt`, '-subj', `/CN=${ca}`, '-days', '2');
    issue('server', 'ca');
    issue('client', 'ca');
    issue('stranger', 'other-ca');
    const tls = { certFile: `${dir}/server.crt`, keyFile: `${dir}/server.key`, trustedCaFile: `${dir}/ca.crt` };
    const secure = await startEtcd({ dataDir: `${dir}/tls`, listen: ['https://127.0.0.1:0', 'http://127.0.0.1:0'], tls, env });
    try {
      const [https, http] = secure.server.urls as [string, string];
      const as = (name: string) => [
        '--cacert',
        `${dir}/ca.crt`,
        '--cert',
        `${dir}/${name}.crt`,
        '--key',
        `${dir}/${name}.key`,
        '--command-timeout=2s',
      ];
      expect((await etcdctl(https, [...as('client'), 'put', 'a', 'tls'])).out).toBe('OK\n');
      expect((await etcdctl(http, ['get', 'a'])).out).toBe('a\ntls\n');
      expect((await etcdctl(https, [...as('stranger'), 'get', 'a'])).code).not.toBe(0);
      expect((await etcdctl(https, ['--cacert', `${dir}/ca.crt`, '--command-timeout=2s', 'get', 'a'])).code).not.toBe(0);
      expect((await etcdctl(https.replace('https', 'http'), ['--command-timeout=2s', 'get', 'a'])).code).not.toBe(0);
      for (const version of ['--http1.1', '--http2']) {
        const files = ['--cacert', `${dir}/ca.crt`, '--cert', `${dir}/client.crt`, '--key', `${dir}/client.key`];
        const { stdout } = await promisify(execFile)('curl', ['-s', version, ...files, `${https}/health`]);
        expect(JSON.parse(stdout)).toEqual({ health: 'true', reason: '' });
      }
    } finally {
      await secure.stop();
    }
  });

  it('is the same cluster, with the same data and leases, after a restart', async () => {
    const data = `${dir}/restart`;
    let etcd = await startEtcd({ dataDir: data, listen: ['http://127.0.0.1:0'], env });
    const header = async () =>
      (JSON.parse((await etcdctl(etcd.server.urls[0]!, ['get', 'a', ...json])).out) as { header: Record<string, number> }).header;
    const id = /lease (\w+) granted/.exec((await etcdctl(etcd.server.urls[0]!, ['lease', 'grant', '100'])).out)![1]!;
    await etcdctl(etcd.server.urls[0]!, ['put', 'a', '1', `--lease=${id}`]);
    const before = await header();
    await etcd.stop();
    etcd = await startEtcd({ dataDir: data, listen: ['http://127.0.0.1:0'], env });
    const after = await header();
    expect(after).toMatchObject({ cluster_id: before['cluster_id'], member_id: before['member_id'], revision: before['revision'] });
    expect(after['raft_term']).toBeGreaterThan(before['raft_term']!);
    expect((await etcdctl(etcd.server.urls[0]!, ['lease', 'timetolive', id, '--keys'])).out).toMatch(
      /granted with TTL\(100s\), remaining\(\d+s\), attached keys\(\[a\]\)/,
    );
    await etcd.stop();
  });
});
