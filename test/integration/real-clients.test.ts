/** Real clients over real HTTPS: @kubernetes/client-node, and our own client over both transports. */

import fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { PassThrough } from 'node:stream';
import { CoreV1Api, Exec, KubeConfig, Log, makeInformer, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { load as parse } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { createClient } from '../../src/client/rest-client.js';
import { HttpsTransport } from '../../src/host/https-transport.js';
import { Cluster } from '../../src/index.js';
import { isAlreadyExists, isConflict, isNotFound } from '../../src/meta/errors.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ listen: true });
});
afterAll(() => cluster.stop());

const until = async (what: string, test: () => boolean | Promise<boolean>, ms = 15_000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) if (await test()) return;
  throw new Error(`not so after ${ms / 1000} s: ${what}`);
};

describe('@kubernetes/client-node', () => {
  const config = () => {
    const c = new KubeConfig();
    c.loadFromFile(cluster.kubeconfig!);
    return c;
  };

  it('lists, watches with its informer, patches', async () => {
    const kc = config();
    const core = kc.makeApiClient(CoreV1Api);
    expect((await core.listNode()).items).toHaveLength(1);
    const seen: string[] = [];
    const informer = makeInformer(kc, '/api/v1/namespaces/default/configmaps', () =>
      core.listNamespacedConfigMap({ namespace: 'default' }),
    );
    informer.on('add', (o) => seen.push(`add ${o.metadata?.name}`));
    informer.on('update', (o) => seen.push(`update ${o.metadata?.name} ${o.data?.a}`));
    informer.on('delete', (o) => seen.push(`delete ${o.metadata?.name}`));
    await informer.start();
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'cm' }, data: { a: '1' } } });
    await core.patchNamespacedConfigMap(
      { namespace: 'default', name: 'cm', body: { data: { a: '2' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'cm' });
    await until('all three changes', () => seen.includes('delete cm'));
    await informer.stop();
    expect(seen.filter((s) => s.endsWith(' cm') || s.includes(' cm '))).toEqual(['add cm', 'update cm 2', 'delete cm']);
  });

  it('acts as a member of several groups, over HTTP/1.1 and HTTP/2', async () => {
    const user = config().getCurrentUser()!;
    const pem = (text: string | undefined) => Buffer.from(text!, 'base64');
    const options = { cert: pem(user.certData), key: pem(user.keyData), rejectUnauthorized: false };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const headers = { 'content-type': 'application/json', 'impersonate-user': 'u', 'impersonate-group': ['g1', 'g2'] };
    const one = await new Promise<string>((resolve, reject) => {
      const request = https.request(new URL(path, cluster.url), { ...options, method: 'POST', headers }, async (res) =>
        resolve((await res.setEncoding('utf8').toArray()).join('')),
      );
      request.on('error', reject).end('{}');
    });
    const session = http2.connect(cluster.url!, options);
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    stream.setEncoding('utf8').end('{}');
    const two = (await stream.toArray()).join('');
    session.destroy();
    for (const answer of [one, two]) expect(JSON.parse(answer).status.userInfo.groups).toEqual(['g1', 'g2', 'system:authenticated']);
  });

  it('is warned of a field in any script', async () => {
    const user = config().getCurrentUser()!;
    const pem = (text: string | undefined) => Buffer.from(text!, 'base64');
    const options = { cert: pem(user.certData), key: pem(user.keyData), rejectUnauthorized: false };
    const path = '/api/v1/namespaces/default/configmaps?dryRun=All';
    const res = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = https.request(new URL(path, cluster.url), { ...options, method: 'POST' }, resolve);
      request.on('error', reject).end(JSON.stringify({ metadata: { name: 'w' }, 数据: 1 }));
    });
    res.resume();
    expect(res.statusCode).toBe(201);
    expect(Buffer.from(String(res.headers.warning), 'latin1').toString()).toBe('299 - "unknown field \\"数据\\""');
  });

  it('reads logs and runs a command in a container', async () => {
    const kc = config();
    const core = kc.makeApiClient(CoreV1Api);
    await core.createNamespacedPod({
      namespace: 'default',
      body: {
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'echo hello from the log; sleep 1000'] }] },
      },
    });
    await until('running', async () => (await core.readNamespacedPod({ namespace: 'default', name: 'p' })).status?.phase === 'Running');
    const logs = new PassThrough();
    let logged = '';
    logs.on('data', (d) => (logged += d));
    await new Log(kc).log('default', 'p', 'c', logs);
    await until('the log line', () => logged.includes('hello from the log'));
    const out = new PassThrough();
    let said = '';
    out.on('data', (d) => (said += d));
    const status = await new Promise<{ status?: string }>((resolve, reject) => {
      new Exec(kc).exec('default', 'p', 'c', ['echo', 'from exec'], out, out, null, false, resolve).catch(reject);
    });
    expect(status.status).toBe('Success');
    expect(said).toBe('from exec\n');
  });
});

/** The contract of Client, for each transport. */
const contract = (name: string, make: () => Client) =>
  describe(`our client ${name}`, () => {
    const CM = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
    const at = (n: string) => ({ ...CM, namespace: 'default', name: n });

    it('creates, gets, updates, patches and deletes', async () => {
      const c = make();
      const made = await c.create({ ...CM, metadata: { name: 'a', namespace: 'default' }, data: { x: '1' } });
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      await expect(c.create({ ...CM, metadata: { name: 'a', namespace: 'default' } })).rejects.toSatisfy(isAlreadyExists);
      const updated = await c.update({ ...(await c.get(at('a'))), data: { x: '2' } });
      expect(updated.data).toEqual({ x: '2' });
      await expect(c.update({ ...made, data: {} })).rejects.toSatisfy(isConflict);
      expect((await c.patch(at('a'), { data: { y: '3' } })).data).toEqual({ x: '2', y: '3' });
      await c.delete(at('a'));
      await expect(c.get(at('a'))).rejects.toSatisfy(isNotFound);
    });

    it('lists by label and page by page; items know their kind', async () => {
      const c = make();
      for (const n of ['l1', 'l2', 'l3'])
        await c.create({ ...CM, metadata: { name: n, namespace: 'default', labels: { list: name.length.toString() } } });
      const labelSelector = `list=${name.length}`;
      const first = await c.list({ ...CM, namespace: 'default', labelSelector, limit: 2 });
      expect(first.items.map((o) => [o.kind, o.metadata.name])).toEqual([
        ['ConfigMap', 'l1'],
        ['ConfigMap', 'l2'],
      ]);
      const second = await c.list({ ...CM, namespace: 'default', labelSelector, limit: 2, continue: first.metadata.continue });
      expect(second.items.map((o) => o.metadata.name)).toEqual(['l3']);
      await c.deleteCollection({ ...CM, namespace: 'default', labelSelector });
      expect((await c.list({ ...CM, namespace: 'default', labelSelector })).items).toEqual([]);
    });

    it('watches from a revision, and the signal ends it', async () => {
      const c = make();
      const { metadata } = await c.list({ ...CM, namespace: 'default' });
      const abort = new AbortController();
      const seen: string[] = [];
      const watching = (async () => {
        for await (const e of c.watch(
          { ...CM, namespace: 'default', fieldSelector: 'metadata.name=w' },
          { resourceVersion: metadata.resourceVersion, signal: abort.signal },
        ))
          seen.push(`${e.type} ${e.object.data?.v ?? ''}`);
      })();
      await c.create({ ...CM, metadata: { name: 'w', namespace: 'default' }, data: { v: '1' } });
      await c.patch(at('w'), { data: { v: '2' } });
      await c.delete(at('w'));
      await until('three events', () => seen.length === 3);
      abort.abort();
      await watching;
      expect(seen).toEqual(['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
    });
  });

contract('in process', () => cluster.client);
contract('over HTTPS', () => {
  const { clusters, users } = parse(fs.readFileSync(cluster.kubeconfig!, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const pem = (s: string | undefined) => Buffer.from(s ?? '', 'base64').toString();
  const u = users[0]!.user;
  return createClient(
    new HttpsTransport({
      server: cluster.url!,
      ca: pem(clusters[0]!.cluster['certificate-authority-data']),
      certificate: pem(u['client-certificate-data']),
      key: pem(u['client-key-data']),
    }),
    'test',
  );
});
