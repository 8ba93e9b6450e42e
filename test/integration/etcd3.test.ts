/** The npm client `etcd3` against the etcd server. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Etcd3, EtcdPermissionDeniedError, type IOptions, type IWatchResponse } from 'etcd3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningEtcd, startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

let dir: string;
let server: RunningEtcd;
let client: Etcd3;
const others: Etcd3[] = [];

const connect = (options: Partial<IOptions> = {}): Etcd3 => {
  const made = new Etcd3({ hosts: server.server.urls[0]!, ...options });
  others.push(made);
  return made;
};

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcd3-'));
  server = await startEtcd({ dataDir: dir, listen: ['http://127.0.0.1:0'], env, auth: { bcryptCost: 4 } });
  client = connect();
});
afterEach(async () => {
  for (const c of others.splice(0)) c.close();
  await server.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('etcd3', () => {
  it('puts, gets and deletes, one key and ranges', async () => {
    for (const key of ['a/1', 'a/2', 'b/1']) await client.put(key).value(`value of ${key}`);
    expect(await client.get('a/1').string()).toBe('value of a/1');
    expect(await client.get('none').string()).toBeNull();
    expect(await client.getAll().prefix('a/').strings()).toEqual({ 'a/1': 'value of a/1', 'a/2': 'value of a/2' });
    expect(await client.getAll().keys()).toEqual(['a/1', 'a/2', 'b/1']);
    expect(await client.getAll().sort('Key', 'Descend').limit(1).keys()).toEqual(['b/1']);
    expect((await client.delete().prefix('a/')).deleted).toBe('2');
    expect(await client.getAll().count()).toBe(1);
  });

  it('watches a prefix', async () => {
    const watcher = await client.watch().prefix('w/').create();
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => {
      watcher.on('data', (r: IWatchResponse) => {
        for (const e of r.events) seen.push(`${e.type} ${e.kv.key.toString()} ${e.kv.value.toString()}`);
        if (seen.length === 3) resolve();
      });
    });
    await client.put('w/1').value('x');
    await client.put('other').value('x');
    await client.put('w/1').value('y');
    await client.delete().key('w/1');
    await done;
    expect(seen).toEqual(['Put w/1 x', 'Put w/1 y', 'Delete w/1 ']);
    await watcher.cancel();
  });

  it('keeps a lease, whose keys go with it', async () => {
    const lease = client.lease(10);
    await lease.put('leased').value('x');
    expect(await client.get('leased').string()).toBe('x');
    await lease.keepaliveOnce();
    await lease.revoke();
    expect(await client.get('leased').string()).toBeNull();
  });

  it('locks', async () => {
    const held = await client.lock('door').acquire();
    await expect(connect().lock('door').acquire()).rejects.toThrow('Failed to acquire a lock');
    await held.release();
    const next = await connect().lock('door').acquire();
    await next.release();
  });

  it('makes transactions', async () => {
    await client.put('n').value('1');
    const swap = (from: string, to: string) =>
      client.if('n', 'Value', '==', from).then(client.put('n').value(to)).else(client.get('n')).commit();
    expect((await swap('1', '2')).succeeded).toBe(true);
    expect((await swap('1', '3')).succeeded).toBe(false);
    expect(await client.get('n').string()).toBe('2');
    await Promise.all(
      Array.from({ length: 5 }, () =>
        client.stm({ retries: 20 }).transact((tx) =>
          tx
            .get('n')
            .number()
            .then((n) => tx.put('n').value(n! + 1)),
        ),
      ),
    );
    expect(await client.get('n').number()).toBe(7);
  });

  it('elects', async () => {
    const election = client.election('boss', 10);
    const campaign = election.campaign('me');
    await new Promise((resolve) => campaign.on('elected', () => resolve(undefined)));
    expect(await election.leader()).toBe('me');
    await campaign.resign();
  });

  it('is a user with rights', async () => {
    await client.put('open/1').value('x');
    await client.put('shut').value('x');
    const reader = client.role('reader');
    await reader.create();
    await reader.grant({ permission: 'Read', range: client.range({ prefix: 'open/' }) });
    await client.role('root').create();
    for (const [name, role] of [
      ['root', 'root'],
      ['ann', 'reader'],
    ] as const) {
      const user = client.user(name);
      await user.create('pw');
      await user.addRole(role);
    }
    await client.auth.authEnable();
    const ann = connect({ auth: { username: 'ann', password: 'pw' } });
    expect(await ann.getAll().prefix('open/').strings()).toEqual({ 'open/1': 'x' });
    await expect(ann.get('shut').string()).rejects.toThrow(EtcdPermissionDeniedError);
    await expect(ann.put('open/1').value('y')).rejects.toThrow(EtcdPermissionDeniedError);
    const root = connect({ auth: { username: 'root', password: 'pw' } });
    expect(await root.get('shut').string()).toBe('x');
    expect((await root.getUsers()).map((u) => u.name)).toEqual(['ann', 'root']);
    await root.auth.authDisable();
    expect(await client.get('shut').string()).toBe('x');
  });
});
