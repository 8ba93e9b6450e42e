/** The kubelet's endpoints through real sockets, over a simulated node: WebSocket as current clients speak it, SPDY as old ones do. */
import https from 'node:https';
import net from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeApi } from '../../../test/kubelet/fake-client.js';
import { pod } from '../../../test/kubelet/simulated.js';
import type { Client } from '../../client/client.js';
import { subresourcesOf } from '../../kubelet/server/auth.js';
import { logContainer, logQuery } from '../../kubelet/server/logs.js';
import { probeMetrics } from '../../kubelet/server/metrics.js';
import type { KubeletServer } from '../../kubelet/server/server.js';
import { ImageBehaviours } from '../../kubelet/simulated/behaviour.js';
import { createSimulatedKubelet, type SimulatedKubelet } from '../../kubelet/simulated/create.js';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { SpdySession } from '../../util/spdy/session.js';
import { type Authority, createAuthority, issue, type KeyPair } from '../../util/x509.js';
import { serveKubelet } from './create.js';
import { type Listening, listen } from './listener.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
let node: SimulatedKubelet;
let listening: Listening;
let ca: Authority;
let admin: KeyPair;
let stranger: KeyPair;

/** TokenReview and SubjectAccessReview as an API server would answer. */
function withReviews(client: Client): Client {
  const create = client.create.bind(client) as (o: object) => Promise<unknown>;
  const reviewed = async (object: { kind: string; spec?: Record<string, unknown> }) => {
    const spec = object.spec ?? {};
    if (object.kind === 'TokenReview')
      return {
        status: spec.token === 'good' ? { authenticated: true, user: { username: 'bob', groups: ['readers'] } } : { authenticated: false },
      };
    if (object.kind === 'SubjectAccessReview') {
      const { subresource } = spec.resourceAttributes as { subresource: string };
      const groups = spec.groups as string[];
      return {
        status: {
          allowed: groups.includes('system:masters') || (groups.includes('readers') && ['metrics', 'stats', 'pods'].includes(subresource)),
        },
      };
    }
    return create(object);
  };
  return Object.assign(Object.create(client) as Client, { create: reviewed });
}

beforeAll(async () => {
  const behaviours = new ImageBehaviours()
    .add('app', {
      logs: ['hello', 'world'],
      ports: [80],
      http: (r) => ({ body: `you asked for ${r.path}` }),
      exec: (command, c, stdin) => ({
        exitCode: command[0] === 'fail' ? 3 : 0,
        stdout: `${command.join(' ')} in ${c.name}: ${new TextDecoder().decode(stdin)}`,
        stderr: command[0] === 'fail' ? 'oh no' : '',
      }),
    })
    .add('chatty', {
      run: async (c) => {
        while (!c.stopped.aborted) {
          c.log('tick');
          await c.sleep(20);
        }
        return 0;
      },
    });
  const api = new FakeApi(env);
  const client = withReviews(api.client());
  node = createSimulatedKubelet({ nodeName: 'node', client, env, address: '127.0.0.1', behaviours, clusterDNS: ['10.96.0.10'] });
  await node.kubelet.start();
  api.put(pod({ name: 'web' }));
  api.put(pod({ name: 'talk', containers: [{ image: 'chatty:1' }] }));
  ca = await createAuthority('test', Date.now());
  const server = await issue(ca, { commonName: 'node', usages: ['server'], ips: ['127.0.0.1'] }, Date.now());
  admin = await issue(ca, { commonName: 'admin', organizations: ['system:masters'], usages: ['client'] }, Date.now());
  stranger = await issue(
    await createAuthority('other', Date.now()),
    { commonName: 'admin', organizations: ['system:masters'], usages: ['client'] },
    Date.now(),
  );
  listening = await serveKubelet(node.kubelet, client, {
    address: '127.0.0.1',
    port: 0,
    pair: async () => server,
    clientCA: ca.certificate,
  });
  for (let i = 0; i < 200 && node.kubelet.pods().filter((p) => p.status?.phase === 'Running').length < 2; i++)
    await new Promise((r) => setTimeout(r, 10));
});

afterAll(async () => {
  await listening.close();
  await node.kubelet.stop();
  await node.runtime.close();
});

const tls = (who: KeyPair | undefined) => ({ ca: ca.certificate, ...(who ? { cert: who.certificate, key: who.key } : {}) });

function get(
  path: string,
  options: { who?: KeyPair | undefined; token?: string; method?: string } = { who: admin },
): Promise<{ status: number; body: string; type: string }> {
  return new Promise((resolve, reject) => {
    const headers = options.token ? { authorization: `Bearer ${options.token}` } : {};
    https
      .request(
        { host: '127.0.0.1', port: listening.port, path, method: options.method ?? 'GET', headers, agent: false, ...tls(options.who) },
        (res) => {
          let body = '';
          res.on('data', (c: Buffer) => {
            body += c.toString();
          });
          res.on('end', () => resolve({ status: res.statusCode ?? 0, body, type: res.headers['content-type'] ?? '' }));
        },
      )
      .on('error', reject)
      .end();
  });
}

describe('access', () => {
  it.each<[string, Parameters<typeof get>[1], string, number]>([
    ['an administrator', { who: undefined }, '/pods', 401],
    ['nobody', {}, '/healthz', 401],
    ['a certificate of another authority', {}, '/pods', 401],
    ['a good token, what it may see', { token: 'good' }, '/metrics/resource', 200],
    ['a good token, what it may not', { token: 'good' }, '/containerLogs/default/web/c', 403],
    ['a bad token', { token: 'bad' }, '/pods', 401],
  ])('of %s', async (what, options, path, status) => {
    const who = what.includes('another authority') ? { who: stranger } : options;
    expect((await get(path, who)).status).toBe(status);
  });
  it('names the parts of a node that a path needs', () => {
    expect(subresourcesOf('/metrics/resource')).toEqual(['metrics']);
    expect(subresourcesOf('/pods')).toEqual(['pods', 'proxy']);
    expect(subresourcesOf('/exec/a/b/c')).toEqual(['proxy']);
  });
});

describe('plain endpoints', () => {
  it('answer', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get('/healthz/nothing')).toMatchObject({ status: 404 });
    expect(await get('/nothing')).toMatchObject({ status: 404 });
    const pods = JSON.parse((await get('/pods')).body) as { items: { metadata: { name: string } }[] };
    expect(pods.items.map((p) => p.metadata.name).sort()).toEqual(['talk', 'web']);
    const summary = JSON.parse((await get('/stats/summary')).body) as {
      node: { nodeName: string };
      pods: { podRef: { name: string }; containers: { memory: { workingSetBytes: number } }[] }[];
    };
    expect(summary.node.nodeName).toBe('node');
    expect(summary.pods.find((p) => p.podRef.name === 'web')?.containers[0]?.memory.workingSetBytes).toBeGreaterThan(0);
    const metrics = (await get('/metrics/resource')).body;
    expect(metrics).toMatch(/^container_memory_working_set_bytes\{container="c",namespace="default",pod="web"\} 1000000 \d+$/m);
    expect(metrics).toContain('resource_scrape_error 0');
    expect((await get('/metrics')).body).toContain('kubelet_running_pods 2');
    expect(await get('/run/default/web/c?cmd=ls+-l', { who: admin, method: 'POST' })).toMatchObject({ status: 200, body: 'ls -l in c: ' });
  });

  it('give logs', async () => {
    expect(await get('/containerLogs/default/web/c')).toMatchObject({ status: 200, body: 'hello\nworld\n' });
    expect(await get('/containerLogs/default/web/c?tailLines=1')).toMatchObject({ body: 'world\n' });
    expect((await get('/containerLogs/default/web/c?timestamps=true&limitBytes=24')).body).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(await get('/containerLogs/default/nobody/c')).toMatchObject({ status: 404, body: 'pod "nobody" does not exist' });
    expect(await get('/containerLogs/default/web/x')).toMatchObject({ status: 404, body: 'container "x" not found in pod "web"' });
    expect(await get('/containerLogs/default/web/c?previous=true')).toMatchObject({
      status: 400,
      body: 'previous terminated container "c" in pod "web" not found',
    });
    expect(await get('/containerLogs/default/web/c?tailLines=x')).toMatchObject({ status: 422 });
  });

  it('follow logs until the client goes', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const req = https.request(
        {
          host: '127.0.0.1',
          port: listening.port,
          path: '/containerLogs/default/talk/c?follow=true&tailLines=0',
          agent: false,
          ...tls(admin),
        },
        (res) => {
          let body = '';
          res.on('data', (c: Buffer) => {
            body += c.toString();
            if (body.length > 12) {
              resolve(body);
              req.destroy();
            }
          });
        },
      );
      req.on('error', (e) => (e.message.includes('hang up') ? undefined : reject(e)));
      req.end();
    });
    expect(text).toMatch(/^tick\ntick\n/);
  });
});

/** Runs until the server closes; messages by channel. */
function websocket(
  path: string,
  protocols: string[],
  talk: (ws: WebSocket) => void = () => {},
): Promise<{ protocol: string; channels: Record<number, string>; code: number }> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`wss://127.0.0.1:${listening.port}${path}`, protocols, tls(admin));
    const channels: Record<number, string> = {};
    ws.on('open', () => talk(ws));
    ws.on('message', (data: Buffer, binary) => {
      const channel = binary ? data[0]! : data[0]! - 0x30;
      const text = binary ? data.subarray(1).toString() : Buffer.from(data.subarray(1).toString(), 'base64').toString();
      channels[channel] = (channels[channel] ?? '') + text;
    });
    ws.on('close', (code) => resolve({ protocol: ws.protocol, channels, code }));
    ws.on('unexpected-response', (_req, res) => {
      let body = '';
      res.on('data', (c: Buffer) => {
        body += c.toString();
      });
      res.on('end', () => reject(new Error(`${res.statusCode} ${body}`)));
    });
    ws.on('error', reject);
  });
}

const frame = (channel: number, text: string): Buffer => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);

describe('exec over WebSocket', () => {
  it('v5: input, its end, output, success', async () => {
    const r = await websocket('/exec/default/web/c?input=1&output=1&error=1&command=cat', ['v5.channel.k8s.io'], (ws) => {
      ws.send(frame(0, 'typed '));
      ws.send(frame(0, 'text'));
      ws.send(Buffer.of(255, 0));
    });
    expect(r).toMatchObject({
      protocol: 'v5.channel.k8s.io',
      code: 1000,
      channels: { 1: 'cat in c: typed text', 3: '{"metadata":{},"status":"Success"}' },
    });
  });
  it('v4: the exit code as a Status', async () => {
    const r = await websocket('/exec/default/web/c?output=1&error=1&command=fail', ['v4.channel.k8s.io']);
    expect(r.channels[2]).toBe('oh no');
    expect(JSON.parse(r.channels[3]!)).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: exit status 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });
  it('base64', async () => {
    const r = await websocket('/exec/default/web/c?output=1&command=id', ['base64.channel.k8s.io']);
    expect(r).toMatchObject({ protocol: 'base64.channel.k8s.io', channels: { 1: 'id in c: ' } });
  });
  it('takes the first protocol of the client that it knows, and refuses where there is none', async () => {
    expect(
      (await websocket('/exec/default/web/c?output=1&command=id', ['v9.channel.k8s.io', 'v4.channel.k8s.io', 'v5.channel.k8s.io']))
        .protocol,
    ).toBe('v4.channel.k8s.io');
    await expect(websocket('/exec/default/web/c?output=1&command=id', ['v9.channel.k8s.io'])).rejects.toThrow('403 unable to upgrade');
  });
  it.each([
    ['/exec/default/web/c?command=id', '400 you must specify at least 1 of stdin, stdout, stderr'],
    ['/exec/default/web/c?output=1', '400 you must specify at least 1 command'],
    ['/exec/default/web/x?output=1&command=id', '404 container not found ("x")'],
    ['/exec/default/nobody/c?output=1&command=id', '404 pod "nobody" does not exist'],
  ])('%s', async (path, error) => {
    await expect(websocket(path, ['v4.channel.k8s.io'])).rejects.toThrow(error);
  });
  it('needs an upgrade', async () => {
    expect(await get('/exec/default/web/c?output=1&command=id')).toMatchObject({ status: 400, body: 'Upgrade request required' });
  });
  it('attach shows what comes', async () => {
    let seen = '';
    await websocket('/attach/default/talk/c?output=1', ['v4.channel.k8s.io'], (ws) => {
      ws.on('message', (d: Buffer) => {
        seen += d.subarray(1).toString();
        if (seen.length > 12) ws.close();
      });
    });
    expect(seen).toContain('tick\n');
  });
});

function spdy(path: string, protocol: string): Promise<{ session: SpdySession; protocol: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol };
    const req = https.request({ host: '127.0.0.1', port: listening.port, path, method: 'POST', headers, agent: false, ...tls(admin) });
    req.on('upgrade', (res, socket: TLSSocket) => {
      const session = new SpdySession({
        side: 'client',
        send: (b) => new Promise((done) => void socket.write(b, () => done())),
        onClose: () => socket.destroy(),
      });
      const pump = async () => {
        for await (const chunk of socket) await session.receive(chunk as Buffer);
      };
      void pump()
        .catch(() => {})
        .finally(() => session.close());
      resolve({ session, protocol: String(res.headers['x-stream-protocol-version']) });
    });
    req.on('response', (res) => reject(new Error(String(res.statusCode))));
    req.on('error', reject);
    req.end();
  });
}

async function drain(input: AsyncIterable<Uint8Array>): Promise<string> {
  let out = '';
  for await (const c of input) out += Buffer.from(c).toString();
  return out;
}

async function overTunnel(session: SpdySession, port: number, request: string): Promise<{ error: string; data: string }> {
  const headers = { port: String(port), requestID: '0' };
  const error = await session.open({ ...headers, streamType: 'error' });
  await error.end();
  const data = await session.open({ ...headers, streamType: 'data' });
  await data.write(Buffer.from(request));
  await data.end();
  const [e, d] = await Promise.all([drain(error.input), drain(data.input)]);
  return { error: e, data: d };
}

const GET = 'GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('over SPDY', () => {
  it('exec', async () => {
    const { session, protocol } = await spdy(
      '/exec/default/web/c?input=1&output=1&error=1&command=cat',
      'v4.channel.k8s.io, channel.k8s.io',
    );
    expect(protocol).toBe('v4.channel.k8s.io');
    const open = (streamType: string) => session.open({ streamType });
    const [error, stdin, stdout, stderr] = [await open('error'), await open('stdin'), await open('stdout'), await open('stderr')];
    await stdin.write(Buffer.from('old client'));
    await stdin.end();
    expect(await Promise.all([drain(stdout.input), drain(stderr.input), drain(error.input)])).toEqual([
      'cat in c: old client',
      '',
      '{"metadata":{},"status":"Success"}',
    ]);
    session.close();
  });
  it('port-forward, also to a port on which nobody listens', async () => {
    const { session, protocol } = await spdy('/portForward/default/web', 'portforward.k8s.io');
    expect(protocol).toBe('portforward.k8s.io');
    const good = await overTunnel(session, 80, GET);
    expect(good.error).toBe('');
    expect(good.data).toContain('you asked for /page');
    expect((await overTunnel(session, 81, GET)).error).toMatch(/^error forwarding port 81 to pod web_default, uid : .*connection refused$/);
    session.close();
  });
  it('refuses protocols that it does not know', async () => {
    await expect(spdy('/portForward/default/web', 'v9')).rejects.toThrow('403');
  });
});

/** A WebSocket by hand: the library refuses the name of this protocol on the client's side, too. */
function rawWebSocket(path: string, offered: string): Promise<{ socket: TLSSocket; protocol: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol': offered,
    };
    const req = https.request({ host: '127.0.0.1', port: listening.port, path, headers, agent: false, ...tls(admin) });
    req.on('upgrade', (res, socket: TLSSocket) => resolve({ socket, protocol: String(res.headers['sec-websocket-protocol']) }));
    req.on('response', (res) => reject(new Error(String(res.statusCode))));
    req.on('error', reject);
    req.end();
  });
}

/** A client's binary message, masked with zeros. */
function masked(payload: Uint8Array): Buffer {
  const head =
    payload.length < 126 ? Buffer.of(0x82, 0x80 | payload.length) : Buffer.of(0x82, 0x80 | 126, payload.length >> 8, payload.length & 255);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function unframed(b: Buffer): { payload: Buffer; size: number } | undefined {
  if (b.length < 4) return undefined;
  const short = b[1]! & 127;
  const [length, at] = short < 126 ? [short, 2] : [b.readUInt16BE(2), 4];
  return b.length < at + length ? undefined : { payload: b.subarray(at, at + length), size: at + length };
}

describe('port-forward over WebSocket', () => {
  it('as SPDY in messages, as kubectl does it', async () => {
    const { socket, protocol } = await rawWebSocket('/portForward/default/web', 'SPDY/3.1+portforward.k8s.io');
    expect(protocol).toBe('SPDY/3.1+portforward.k8s.io');
    const session = new SpdySession({ side: 'client', send: (b) => new Promise((done) => void socket.write(masked(b), () => done())) });
    const pump = async () => {
      let rest = Buffer.alloc(0);
      for await (const chunk of socket) {
        rest = Buffer.concat([rest, chunk as Buffer]);
        for (let message = unframed(rest); message; message = unframed(rest)) {
          rest = rest.subarray(message.size);
          await session.receive(message.payload);
        }
      }
    };
    const pumping = pump().catch(() => {});
    expect((await overTunnel(session, 80, GET)).data).toContain('you asked for /page');
    expect((await overTunnel(session, 80, GET)).data).toContain('you asked for /page');
    socket.destroy();
    await pumping;
    session.close();
  });
  it('in channels, a pair for each port', async () => {
    const r = await websocket('/portForward/default/web?port=80&port=81', ['v4.channel.k8s.io'], (ws) => ws.send(frame(0, GET)));
    expect(r.channels[0]).toContain('you asked for /page');
    expect(r.channels[3]).toContain('connection refused');
  });
  it('wants to know the port', async () => {
    await expect(websocket('/portForward/default/web', ['v4.channel.k8s.io'])).rejects.toThrow('400 query parameter "port" is required');
    await expect(websocket('/portForward/default/web?port=0', ['v4.channel.k8s.io'])).rejects.toThrow('400 unable to parse "0" as a port');
  });
});

describe('which log is meant', () => {
  const status = (s: object) =>
    pod({
      name: 'p',
      status: { containerStatuses: [{ name: 'c', ready: false, restartCount: 0, image: '', imageID: '', lastState: {}, ...s }] } as never,
    });
  it.each<[object, boolean, string]>([
    [{ state: { running: { startedAt: '' } }, containerID: 'x://a' }, false, 'a'],
    [{ state: { terminated: { exitCode: 0, containerID: 'x://b' } } }, false, 'b'],
    [{ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, containerID: 'x://c' } } }, false, 'c'],
    [
      { state: { running: { startedAt: '' } }, containerID: 'x://a', lastState: { terminated: { exitCode: 1, containerID: 'x://c' } } },
      true,
      'c',
    ],
  ])('%j', (s, previous, id) => {
    expect(logContainer(status(s), 'c', previous)).toBe(id);
  });
  it.each<[string, object]>([
    ['is waiting to start: ContainerCreating', { state: { waiting: { reason: 'ContainerCreating' } } }],
    ["is waiting to start: image can't be pulled", { state: { waiting: { reason: 'ErrImagePull' } } }],
    ['is waiting to start: trying and failing to pull image', { state: { waiting: { reason: 'ImagePullBackOff' } } }],
  ])('%s', (text, s) => {
    expect(() => logContainer(status(s), 'c', false)).toThrow(`container "c" in pod "p" ${text}`);
  });
  it('reads every option', () => {
    const q = new URLSearchParams('follow=true&timestamps=1&tailLines=5&limitBytes=7&sinceSeconds=10&stream=Stderr&previous=true');
    expect(logQuery(q, 100_000)).toEqual({
      follow: true,
      timestamps: true,
      previous: true,
      tailLines: 5,
      limitBytes: 7,
      since: 90_000,
      stream: 'stderr',
    });
    expect(() => logQuery(new URLSearchParams('sinceTime=yesterday'), 0)).toThrow('sinceTime "yesterday" is not a time');
  });
});

describe('what Prometheus and operators read', () => {
  it.each<[string, string[]]>([
    [
      '/metrics/cadvisor',
      [
        'container_cpu_usage_seconds_total{container="c",namespace="default",pod="web",cpu="total"} ',
        'container_memory_working_set_bytes{container="c",namespace="default",pod="web"} ',
        'container_memory_working_set_bytes{container="",namespace="default",pod="web"} ',
        'machine_cpu_cores ',
      ],
    ],
    ['/metrics/probes', []],
    ['/configz', ['{"kubeletconfig":{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"', '"maxPods":110']],
  ])('%s', async (path, parts) => {
    const { status, body } = await get(path);
    expect(status).toBe(200);
    for (const part of parts) expect(body).toContain(part);
  });
  it('counts of probes', () => {
    const count = { kind: 'liveness', container: 'c', pod: 'p', namespace: 'ns', podUid: 'u', result: 'failure', count: 3 } as const;
    expect(probeMetrics([count])).toContain(
      'prober_probe_total{container="c",namespace="ns",pod="p",pod_uid="u",probe_type="Liveness",result="failed"} 3\n',
    );
  });
});

describe('paths that would lead elsewhere', () => {
  it.each<[string, 'admin' | 'reader', number]>([
    ['/containerLogs/default/web/..%2f..%2f..%2fetc%2fpasswd', 'admin', 404],
    ['/containerLogs/default/web/c%00', 'admin', 404],
    ['/containerLogs/default/..%2fweb/c', 'admin', 404],
    ['/containerLogs/..%2fdefault/web/c', 'admin', 404],
    ['/containerLogs/default/web/c/../../../../../etc/passwd', 'admin', 404],
    ['/logs/../../etc/passwd', 'admin', 404],
    ['/logs/..%2f..%2fetc%2fpasswd', 'admin', 404],
    ['/exec/default/web/..%2fc?command=id&output=1', 'admin', 404],
    ['/constructor', 'admin', 404],
    ['/metrics/__proto__', 'admin', 404],
    ['/%', 'admin', 400],
    ['/metrics/..%2fcontainerLogs/default/web/c', 'reader', 404],
    ['/metrics/%2e%2e/containerLogs/default/web/c', 'reader', 403],
    ['/metrics/../containerLogs/default/web/c', 'reader', 403],
    ['/pods/../exec/default/web/c?command=id&output=1', 'reader', 403],
    ['/pods%2f..%2fexec/default/web/c?command=id&output=1', 'reader', 403],
    ['//containerLogs/default/web/c', 'reader', 403],
    ['/%63ontainerLogs/default/web/c', 'reader', 403],
    ['/POD', 'reader', 403],
  ])('%s', async (path, who, status) => {
    const answer = await get(path, who === 'admin' ? { who: admin } : { token: 'good' });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toMatch(/root:|hello|world/);
  });
});

describe('connections to the kubelet', () => {
  it('are bounded for each client, and those of others come through', async () => {
    const server = await issue(ca, { commonName: 'node', usages: ['server'], ips: ['127.0.0.1'] }, Date.now());
    const limited = await listen({
      server: {} as KubeletServer,
      address: '127.0.0.1',
      port: 0,
      pair: server,
      limits: { perClient: 5, total: 10 },
    });
    const open = (localAddress: string) =>
      net.connect({ host: '127.0.0.1', port: limited.port, localAddress }).on('error', () => undefined);
    const idle = Array.from({ length: 50 }, () => open('127.0.0.1'));
    for (let i = 0; i < 200 && idle.filter((s) => s.destroyed).length < 45; i++) await new Promise((r) => setTimeout(r, 10));
    expect(idle.filter((s) => s.destroyed).length).toBe(45);
    const other = connect({ socket: open('127.0.0.2'), host: '127.0.0.1', ca: ca.certificate });
    await new Promise((resolve, reject) => other.once('secureConnect', resolve as () => void).once('error', reject));
    for (const s of [...idle, other]) s.destroy();
    await limited.close();
  });
});
