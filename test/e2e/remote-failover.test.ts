/** Members of a real etcd are killed (kill -9) under load: nothing acknowledged is lost, a watch sees every revision once and in order. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer } from '../../src/cluster/api-server.js';
import { Identities } from '../../src/cluster/identities.js';
import { Cluster, isAlreadyExists } from '../../src/index.js';
import { openRemoteStore } from '../../src/store/remote/open.js';
import type { RemoteStore } from '../../src/store/remote/store.js';
import { CompactedError, prefixEnd } from '../../src/store/store.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { Recorder } from '../compliance/store.js';
import { leftOut, missing } from './programs.js';
import { RealEtcd } from './real-etcd.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const why = missing('etcd', 'etcdctl', 'openssl');
const bytes = (s: string) => new TextEncoder().encode(s);
const string = (b: Uint8Array) => new TextDecoder().decode(b);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const put = (store: RemoteStore, key: string, value: string) =>
  store.txn({ compare: [], success: [{ put: { key, value: bytes(value) } }], failure: [] });

/** Puts numbers until it is stopped, a few at a time; remembers which were acknowledged and under which revision. */
class Load {
  readonly acknowledged = new Map<string, number>();
  failed = 0;
  private on = true;
  private readonly done: Promise<unknown>;

  constructor(
    private readonly store: RemoteStore,
    private readonly prefix: string,
    width = 4,
  ) {
    this.done = Promise.all(Array.from({ length: width }, (_, i) => this.one(i)));
  }

  private async one(lane: number): Promise<void> {
    for (let n = 0; this.on; n++) {
      const key = `${this.prefix}${lane}/${n}`;
      try {
        this.acknowledged.set(key, (await put(this.store, key, String(n))).revision);
      } catch {
        this.failed++;
      }
    }
  }

  /** Resolves when `n` more were acknowledged. */
  async more(n: number): Promise<void> {
    const goal = this.acknowledged.size + n;
    while (this.acknowledged.size < goal) await pause(10);
  }

  async stop(): Promise<void> {
    this.on = false;
    await this.done;
  }
}

describe.skipIf(why !== undefined)(`a remote store whose members fail${leftOut(why)}`, () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start(3);
    await etcd.waitForLeader();
  });
  afterAll(() => etcd?.stop());

  it('loses nothing that was acknowledged, and its watch sees every revision once', async () => {
    const store = await openRemoteStore({ endpoints: etcd.endpoints, env, openTimeoutMs: 60_000 });
    const watch = new Recorder();
    const first = store.revision + 1;
    store.watch({ key: 'load/', end: prefixEnd('load/') }, watch.sink);
    const load = new Load(store, 'load/');
    await load.more(100);
    const leader = await etcd.waitForLeader();
    const follower = (leader + 1) % 3;
    await etcd.kill(follower);
    await load.more(100);
    etcd.run(follower);
    await load.more(100);
    await etcd.kill(leader);
    await load.more(100);
    etcd.run(leader);
    await load.more(100);
    await load.stop();

    const there = await store.range({ key: 'load/', end: prefixEnd('load/') });
    const revisions = new Map(there.kvs.map((kv) => [kv.key, kv.modRevision]));
    for (const [key, revision] of load.acknowledged) expect([key, revisions.get(key)]).toEqual([key, revision]);
    // What failed with an unknown outcome was carried out once or not at all.
    expect(there.kvs.every((kv) => kv.version === 1)).toBe(true);
    await watch.until(() => watch.events.length >= there.count);
    // Nothing else writes to this etcd: the revisions are without a gap.
    expect(watch.events.map((e) => e.kv.modRevision)).toEqual(Array.from({ length: there.count }, (_, i) => first + i));
    expect(watch.events.map((e) => e.kv.key).sort()).toEqual([...revisions.keys()].sort());
    expect(watch.ended).toBe(false);
    await store.close();
    expect(watch.ended).toBe(true);
  });

  it('goes on while all are gone, when they come back', async () => {
    const store = await openRemoteStore({ endpoints: etcd.endpoints, env, requestTimeoutMs: 1500 });
    const watch = new Recorder();
    store.watch({ key: 'gone/', end: prefixEnd('gone/') }, watch.sink);
    await put(store, 'gone/1', 'a');
    for (const i of [0, 1, 2]) await etcd.kill(i);
    await expect(store.range({ key: 'gone/1' })).rejects.toThrow(/no etcd answers at http:.*: check that it runs/);
    // Refused before it was sent: it is certain that it was not carried out.
    await expect(put(store, 'gone/2', 'b')).rejects.toMatchObject({ unknownOutcome: false });
    for (const i of [0, 1, 2]) etcd.run(i);
    for (;;) {
      if (
        await put(store, 'gone/3', 'c').then(
          () => true,
          () => false,
        )
      )
        break;
    }
    await watch.until(() => watch.texts().includes('put:gone/3=c'));
    expect(watch.texts()[0]).toBe('put:gone/1=a');
    expect((await store.range({ key: 'gone/2' })).count).toBe(0);
    await store.close();
  });

  it('resumes a watch behind a compaction with CompactedError', async () => {
    const store = await openRemoteStore({ endpoints: etcd.endpoints, env });
    const other = await openRemoteStore({ endpoints: etcd.endpoints, env });
    for (let i = 0; i < 5; i++) await put(other, 'old', String(i));
    const start = other.revision - 3;
    await other.compact(other.revision);
    const watch = new Recorder();
    store.watch({ key: 'old', startRevision: start }, watch.sink);
    await watch.until(() => watch.ended);
    expect(watch.error).toBeInstanceOf(CompactedError);
    expect((watch.error as CompactedError).compactRevision).toBe(other.revision);
    expect((await store.status()).compactRevision).toBe(other.revision);
    // A delete whose own revision was compacted: an old etcd has forgotten it and does not say so.
    await other.txn({ compare: [], success: [{ delete: { key: 'old' } }], failure: [] });
    const { revision } = other;
    await other.compact(revision);
    const late = new Recorder();
    store.watch({ key: 'old', startRevision: revision }, late.sink);
    await late.until(() => late.ended);
    expect(late.error).toBeInstanceOf(CompactedError);
    await Promise.all([store.close(), other.close()]);
  });

  it('reports progress over writes of others that a watch does not cover', async () => {
    const store = await openRemoteStore({ endpoints: etcd.endpoints, env });
    const other = await openRemoteStore({ endpoints: etcd.endpoints, env });
    const watch = new Recorder();
    const handle = store.watch({ key: 'quiet' }, watch.sink);
    const { revision } = await put(other, 'loud', '1');
    handle.requestProgress();
    await watch.until(() => watch.progress.some((r) => r >= revision));
    expect(watch.events).toEqual([]);
    await Promise.all([store.close(), other.close()]);
  });

  it('a control plane goes on while a member and then the leader is killed', async () => {
    const store = await openRemoteStore({ endpoints: etcd.endpoints, env });
    const behind = { endpoints: etcd.endpoints };
    const c = await Cluster.start({ nodes: 2, etcd: behind });
    try {
      const made: string[] = [];
      let on = true;
      const making = (async () => {
        for (let n = 0; on; n++) {
          const name = `cm-${n}`;
          // A create whose outcome is not known is asked again, as clients do.
          for (let done = false; !done; )
            done = await c.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } } as never).then(
              () => true,
              (e) => isAlreadyExists(e) || pause(50).then(() => false),
            );
          made.push(name);
        }
      })();
      const more = async (n: number) => {
        const goal = made.length + n;
        while (made.length < goal) await pause(10);
      };
      const deployment = (image: string) => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace: 'default', name: 'web' },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
        },
      });
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' } as const;
      const rolled = async (image: string) => {
        for (;;) {
          const d = (await c.client.get(ref).catch(() => undefined)) as never as
            | { metadata: { generation: number }; status: Record<string, number> }
            | undefined;
          const pods = await c.client.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }).catch(() => undefined);
          const images = pods?.items.map((p) => (p as never as { spec: { containers: { image: string }[] } }).spec.containers[0]!.image);
          const s = d?.status;
          if (
            s?.['observedGeneration'] === d?.metadata.generation &&
            s?.['updatedReplicas'] === 3 &&
            s['availableReplicas'] === 3 &&
            images?.length === 3 &&
            images.every((i) => i === image)
          )
            return;
          await pause(50);
        }
      };
      const roll = async (image: string) => {
        for (;;) {
          const ok = await c.client.patch(ref, { spec: deployment(image).spec }).then(
            () => true,
            () => pause(50).then(() => false),
          );
          if (ok) return;
        }
      };
      await c.client.create(deployment('web:1') as never);
      await rolled('web:1');
      await more(20);
      const leader = await etcd.waitForLeader();
      const follower = (leader + 1) % 3;
      const toTwo = roll('web:2');
      await etcd.kill(follower);
      await toTwo;
      await rolled('web:2');
      await more(20);
      etcd.run(follower);
      await more(20);
      const toThree = roll('web:3');
      await etcd.kill(leader);
      await toThree;
      await rolled('web:3');
      await more(20);
      etcd.run(leader);
      on = false;
      await making;
      const kept = await c.client.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' });
      const names = new Set(kept.items.map((o) => o.metadata.name));
      expect(made.filter((n) => !names.has(n))).toEqual([]);
      const keys = await store.range({ key: '/registry/configmaps/default/cm-', end: prefixEnd('/registry/configmaps/default/cm-') });
      expect(keys.count).toBe(made.length);
    } finally {
      await c.stop();
      await store.close();
    }
  });
});

describe.skipIf(why !== undefined)(`API servers on one etcd${leftOut(why)}`, () => {
  let etcd: RealEtcd;
  let dir: string;
  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-remote-'));
    etcd = await RealEtcd.start(1);
  });
  afterAll(async () => {
    await etcd?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  const start = () =>
    startApiServer({
      env,
      dataDir: dir,
      etcd: { endpoints: etcd.endpoints },
      bindAddress: '127.0.0.1',
      advertiseAddress: '192.0.2.1',
      port: 0,
      serviceCidrs: ['10.96.0.0/16'],
      clusterDomain: 'cluster.local',
      defaultMetrics: false,
    });
  const cm = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'shared' } as const;

  it('each sees what the other wrote, and decides on it', async () => {
    const a = await start();
    // The second one finds the keys of the first.
    const b = await start();
    try {
      const [ca, cb] = [new Identities(a.server).admin(), new Identities(b.server).admin()];
      const seen: string[] = [];
      const abort = new AbortController();
      const watching = (async () => {
        for await (const e of cb.watch({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' } as never, { signal: abort.signal }))
          if (e.type !== 'BOOKMARK' && (e.object as { metadata: { name: string } }).metadata.name === 'shared') {
            seen.push(e.type);
            if (e.type === 'DELETED') return;
          }
      })();
      for (let n = 0; n < 20; n++) {
        await ca.create({ ...cm, metadata: { namespace: 'default', name: 'shared' }, data: { n: '0' } } as never);
        // At once, by the other one: the newest state is what counts.
        const got = await cb.get(cm);
        const written = await cb.update({ ...structuredClone(got), data: { n: '1' } } as never);
        await ca.patch(cm, { data: { m: '2' } });
        expect(await cb.get(cm)).toMatchObject({ data: { n: '1', m: '2' } });
        await expect(cb.update(structuredClone(written))).rejects.toMatchObject({ reason: 'Conflict' });
        await cb.delete(cm);
        await expect(ca.get(cm)).rejects.toMatchObject({ reason: 'NotFound' });
      }
      await watching;
      expect(seen.slice(0, 4)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED']);
      abort.abort();
    } finally {
      await b.stop();
      await a.stop();
    }
  });

  it('says that etcd is gone, and recovers by itself; changes that were compacted meanwhile are found', async () => {
    const a = await start();
    const b = new Identities(a.server).admin();
    const health = async (at: string) => {
      const answer = await a.server.handle({ method: 'GET', path: at, query: new URLSearchParams('verbose'), headers: {}, user: ADMIN });
      return {
        status: answer.answer.is === 'bytes' ? answer.answer.status : 0,
        text: answer.answer.is === 'bytes' ? string(answer.answer.bytes) : '',
      };
    };
    try {
      expect(await health('/readyz')).toMatchObject({ status: 200, text: expect.stringContaining('[+]etcd-readiness ok') });
      await b.create({ ...cm, metadata: { namespace: 'default', name: 'before' } } as never);
      const gone = { ...cm, name: 'removed' };
      await b.create({ ...cm, metadata: { namespace: 'default', name: 'removed' } } as never);
      await etcd.kill(0);
      expect((await health('/readyz')).text).toContain('[-]etcd failed');
      expect((await health('/healthz/etcd')).status).toBe(500);
      etcd.run(0);
      // Another writer, and a compaction, before the server's watch is back: it may or may not have to read all again.
      const other = await openRemoteStore({ endpoints: etcd.endpoints, env, openTimeoutMs: 60_000 });
      await other.txn({ compare: [], success: [{ delete: { key: '/registry/configmaps/default/removed' } }], failure: [] });
      await other.compact(other.revision);
      await other.close();
      while ((await health('/readyz')).status !== 200) await pause(50);
      await expect(b.get(gone)).rejects.toMatchObject({ reason: 'NotFound' });
      expect(await b.get({ ...cm, name: 'before' })).toMatchObject({ metadata: { name: 'before' } });
      await b.create({ ...cm, metadata: { namespace: 'default', name: 'after' } } as never);
    } finally {
      await a.stop();
    }
  });
});

const ADMIN = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

describe.skipIf(why !== undefined)(`a remote store over TLS${leftOut(why)}`, () => {
  let dir: string;
  let etcd: RealEtcd;
  const file = (name: string) => path.join(dir, name);
  const text = (name: string) => fs.readFileSync(file(name), 'utf8');
  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcd-tls-'));
    const run = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
    run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=ca');
    fs.writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
    for (const name of ['server', 'client']) {
      run('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
      run('x509', '-req', '-in', `${name}.csr`, ...ca, '-out', `${name}.crt`);
    }
    etcd = await RealEtcd.start(1, { ca: file('ca.crt'), certificate: file('server.crt'), key: file('server.key') });
  });
  afterAll(async () => {
    await etcd?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('shows its certificate, and is refused without one', async () => {
    const tls = { ca: text('ca.crt'), certificate: text('client.crt'), key: text('client.key') };
    const store = await openRemoteStore({ endpoints: etcd.endpoints, tls, env, openTimeoutMs: 60_000 });
    await put(store, 'a', '1');
    expect((await store.range({ key: 'a' })).count).toBe(1);
    await store.close();
    const short = { endpoints: etcd.endpoints, env, openTimeoutMs: 1500, requestTimeoutMs: 1500 };
    await expect(openRemoteStore({ ...short, tls: { ca: tls.ca } })).rejects.toThrow(
      /^no etcd answers at https:.* \(.*(alert|certificate).*\): check that it runs, and that addresses and certificates are right$/,
    );
    await expect(openRemoteStore({ ...short, tls: { ...tls, ca: undefined } })).rejects.toThrow('no etcd answers');
  });
});
