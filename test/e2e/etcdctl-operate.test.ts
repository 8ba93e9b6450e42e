/** The real etcdctl on what has no transcript: client certificates as users, a full store, locks and elections. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningEtcd, startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { createAuthority, issue } from '../../src/util/x509.js';
import { etcdctl } from './etcdctl-run.js';
import { leftOut, missing } from './programs.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

const why = leftOut(missing('etcdctl'));

describe.skipIf(why !== '')(`etcdctl operates k8ts${why}`, () => {
  let dir: string;
  const running: RunningEtcd[] = [];
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcdctl-'));
  });
  afterAll(async () => {
    for (const etcd of running) await etcd.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  async function start(name: string, options: Partial<Parameters<typeof startEtcd>[0]> = {}): Promise<RunningEtcd> {
    const etcd = await startEtcd({ dataDir: `${dir}/${name}`, listen: ['http://127.0.0.1:0'], env, auth: { bcryptCost: 4 }, ...options });
    running.push(etcd);
    return etcd;
  }

  /** The files of an authority and of certificates that it signed. */
  async function certificates(...names: string[]): Promise<void> {
    const ca = await createAuthority('ca', env.clock.now(), 2);
    const write = (name: string, text: string) => fs.writeFileSync(`${dir}/${name}`, text);
    write('ca.crt', ca.certificate);
    for (const name of names) {
      const pair = await issue(ca, { commonName: name, usages: ['client', 'server'], ips: ['127.0.0.1'], days: 2 }, env.clock.now());
      write(`${name}.crt`, pair.certificate);
      write(`${name}.key`, pair.key);
    }
  }

  it('refuses clients without a certificate where an authority is named, and asks their name only with clientCertAuth', async () => {
    await certificates('server', 'root');
    const tls = { certFile: `${dir}/server.crt`, keyFile: `${dir}/server.key`, trustedCaFile: `${dir}/ca.crt` };
    const etcd = await start('ca-alone', { tls, listen: ['https://127.0.0.1:0'] });
    const [url] = etcd.server.urls as [string];
    const bare = await etcdctl(url, ['--cacert', `${dir}/ca.crt`, 'get', 'a']);
    expect(bare.code).not.toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    const root = (...args: string[]) =>
      etcdctl(url, ['--cacert', `${dir}/ca.crt`, '--cert', `${dir}/root.crt`, '--key', `${dir}/root.key`, ...args]);
    expect((await root('put', 'a', '1')).out).toBe('OK\n');
    for (const step of [
      ['user', 'add', 'root', '--no-password'],
      ['user', 'grant-role', 'root', 'root'],
      ['auth', 'enable'],
    ])
      expect((await root(...step)).code).toBe(0);
    expect((await root('get', 'a')).err).toContain('etcdserver: user name is empty');
  });

  it("takes a client certificate's name as the user, also after a restart", async () => {
    await certificates('server', 'root', 'ann', 'stranger');
    const tls = { certFile: `${dir}/server.crt`, keyFile: `${dir}/server.key`, trustedCaFile: `${dir}/ca.crt`, clientCertAuth: true };
    let etcd = await start('tls', { tls, listen: ['https://127.0.0.1:0'] });
    const as = (name: string, ...args: string[]) =>
      etcdctl(etcd.server.urls[0]!, ['--cacert', `${dir}/ca.crt`, '--cert', `${dir}/${name}.crt`, '--key', `${dir}/${name}.key`, ...args]);
    const steps = [
      ['put', 'a', '1'],
      ['user', 'add', 'root', '--no-password'],
      ['user', 'grant-role', 'root', 'root'],
      ['user', 'add', 'ann', '--no-password'],
      ['role', 'add', 'reader'],
      ['role', 'grant-permission', 'reader', 'read', 'a'],
      ['user', 'grant-role', 'ann', 'reader'],
    ];
    for (const step of steps) await as('root', ...step);
    expect((await as('root', 'auth', 'enable')).out).toBe('Authentication Enabled\n');
    const check = async () => {
      expect((await as('ann', 'get', 'a')).out).toBe('a\n1\n');
      expect((await as('ann', 'put', 'a', '2')).err).toContain('etcdserver: permission denied');
      expect((await as('stranger', 'get', 'a')).err).toContain('etcdserver: permission denied');
      expect((await as('root', 'put', 'b', '2')).out).toBe('OK\n');
      expect((await as('ann', 'user', 'list')).err).toContain('etcdserver: permission denied');
    };
    await check();
    await etcd.stop();
    running.splice(running.indexOf(etcd), 1);
    etcd = await start('tls', { tls, listen: ['https://127.0.0.1:0'] });
    await check();
  });

  it('raises NOSPACE when the quota is used up, and goes on when there is room again', async () => {
    const etcd = await start('full', { limits: { quotaBackendBytes: 4 * 1024 * 1024 } });
    const [url] = etcd.server.urls as [string];
    const value = 'x'.repeat(100_000);
    let last = await etcdctl(url, ['put', 'k', value]);
    for (let i = 0; i < 200 && last.code === 0; i++) last = await etcdctl(url, ['put', 'k', value]);
    expect(last.err).toContain('etcdserver: mvcc: database space exceeded');
    expect((await etcdctl(url, ['alarm', 'list'])).out).toMatch(/^memberID:\d+ alarm:NOSPACE \n$/);
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.text()]).toEqual([503, '{"health":"false","reason":"ALARM NOSPACE"}\n']);
    expect((await fetch(`${url}/health?exclude=NOSPACE`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz?verbose`)).text()).toContain('[+]linearizable_read ok\n');
    expect((await etcdctl(url, ['get', 'k', '--keys-only'])).code).toBe(0);
    expect((await etcdctl(url, ['del', 'k'])).out).toBe('1\n');
    const header = JSON.parse((await etcdctl(url, ['get', 'k', '-w', 'json'])).out) as { header: { revision: number } };
    await etcdctl(url, ['compact', String(header.header.revision), '--physical=true']);
    expect((await etcdctl(url, ['defrag'])).code).toBe(0);
    expect((await etcdctl(url, ['alarm', 'disarm'])).out).toMatch(/^memberID:\d+ alarm:NOSPACE \n$/);
    expect((await etcdctl(url, ['alarm', 'list'])).out).toBe('');
    expect((await etcdctl(url, ['put', 'k', 'small'])).out).toBe('OK\n');
  });

  it('holds a lock and an election for as long as their clients live', async () => {
    const etcd = await start('turns');
    const [url] = etcd.server.urls as [string];
    for (const command of [
      ['lock', 'door'],
      ['elect', 'boss', 'me'],
    ]) {
      const first = await holding(url, command);
      const got = first.line;
      expect(got).toMatch(new RegExp(`^${command[1]}/[0-9a-f]+$`));
      const second = hold(url, command);
      await until(
        async () => (await etcdctl(url, ['get', `${command[1]}/`, '--prefix', '--keys-only'])).out.trim().split(/\n+/).length === 2,
      );
      first.child.kill('SIGINT');
      await first.gone;
      expect(await second.first).not.toBe(got);
      second.child.kill('SIGINT');
      await second.gone;
    }
  });

  it('is its own leader, and stays the only member', async () => {
    const etcd = await start('member');
    const [url] = etcd.server.urls as [string];
    const id = (await etcdctl(url, ['member', 'list'])).out.split(',')[0]!;
    expect((await etcdctl(url, ['member', 'remove', id])).err).toContain('re-configuration failed due to not enough started members');
    expect((await etcdctl(url, ['member', 'promote', id])).err).toContain('etcdserver: can only promote a learner member');
    expect((await etcdctl(url, ['member', 'add', 'two', '--peer-urls=http://127.0.0.1:9'])).err).toContain('use a real etcd cluster');
  });
});

interface Held {
  readonly child: ChildProcess;
  readonly first: Promise<string>;
  readonly gone: Promise<unknown>;
}

/** etcdctl that stays; `first`: its first line. */
function hold(url: string, command: readonly string[]): Held {
  const child = spawn('etcdctl', ['--endpoints', url, ...command], {
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise((resolve) => child.on('close', resolve));
  const first = new Promise<string>((resolve) => {
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) resolve(out.split('\n')[0]!);
    });
  });
  return { child, first, gone };
}

async function holding(url: string, command: readonly string[]): Promise<Held & { readonly line: string }> {
  const held = hold(url, command);
  return { ...held, line: await held.first };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
