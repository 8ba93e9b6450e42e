/** Peers that begin and do not go on: each is let go of in time, and until then what they hold is bounded. The listener's clock is virtual. */
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLIENTS } from '../../src/apiserver/flow.js';
import { type Listening, listenHttps } from '../../src/apiserver/listen/https.js';
import { ApiServer, type ApiServerParts } from '../../src/apiserver/server.js';
import { unauthorized } from '../../src/meta/errors.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';
import { createAuthority, issue, type KeyPair } from '../../src/util/x509.js';

let pair: KeyPair;
beforeAll(async () => {
  const ca = await createAuthority('test', Date.now());
  pair = await issue(ca, { commonName: 'server', usages: ['server'], ips: ['127.0.0.1'] }, Date.now());
});

const BIG = Buffer.alloc(1 << 20, 120);
let clock: VirtualClock;
let listening: Listening;
let server: ApiServer;
const bodies: number[] = [];
beforeEach(async () => {
  clock = new VirtualClock();
  bodies.length = 0;
  server = new ApiServer({
    env: { clock, log: silentLogger, random: seededRandom(1) },
    authenticator: {
      authenticate: async (r: { headers: Record<string, string> }) => {
        if (r.headers['x-user']) return { name: r.headers['x-user'], groups: [] };
        throw unauthorized();
      },
    },
    authorizer: { authorize: (a: { path?: string }) => ({ decision: a.path === '/forbidden' ? 'deny' : 'allow', reason: '' }) },
    resources: { find: () => undefined, versions: () => [] },
    nonResource: async (r: { path: string; body?: Uint8Array }) => {
      bodies.push(r.body?.length ?? 0);
      return { is: 'bytes', status: 200, contentType: 'text/plain', bytes: r.path === '/big' ? BIG : Buffer.from('ok') };
    },
  } as unknown as ApiServerParts);
  listening = await listenHttps({
    server,
    host: '127.0.0.1',
    port: 0,
    certificate: pair.certificate,
    key: pair.key,
    clock,
  });
});
afterEach(() => listening.close());

const settle = (ms = 100) => new Promise((resolve) => setTimeout(resolve, ms));
const closedOf = (s: net.Socket) => {
  const state = { closed: false, text: '' };
  s.on('close', () => {
    state.closed = true;
  });
  s.on('error', () => undefined);
  s.on('data', (b: Buffer) => {
    state.text += b.toString('latin1');
  });
  return state;
};
async function raw(protocol: string, ...texts: string[]) {
  const s = tls.connect({ host: '127.0.0.1', port: listening.port, rejectUnauthorized: false, ALPNProtocols: [protocol] });
  const state = closedOf(s);
  await new Promise((resolve) => s.once('secureConnect', resolve));
  for (const text of texts) {
    s.write(text);
    await settle();
  }
  await settle();
  return state;
}
const session = (options: http2.SecureClientSessionOptions = {}) => {
  const s = http2.connect(`https://127.0.0.1:${listening.port}`, { rejectUnauthorized: false, ...options });
  s.on('error', () => undefined);
  return s;
};
const ask = (s: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders) => {
  const stream = s.request(headers, { endStream: headers[':method'] !== 'POST' });
  stream.on('error', () => undefined);
  return stream;
};
const statusOf = (stream: http2.ClientHttp2Stream): Promise<number> =>
  new Promise((resolve) => {
    stream.on('response', (h) => resolve(Number(h[':status'])));
    stream.on('close', () => resolve(0));
  });

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\nX-User: u\r\n\r\n';

describe('is let go of', () => {
  it.each([
    ['a handshake and nothing more', 'http/1.1', [], 20],
    ['HTTP/2 without a request', 'h2', [], 20],
    ['half a request line', 'http/1.1', ['GET / HT'], 20],
    ['a head without its end', 'http/1.1', ['GET / HTTP/1.1\r\nHost: a\r\n'], 20],
    ['a second head without its end', 'http/1.1', [GET, 'GET / HTTP/1.1\r\n'], 45],
    ['nothing more after a request', 'http/1.1', [GET], 190],
    ['a body that does not come', 'http/1.1', ['POST / HTTP/1.1\r\nHost: a\r\nX-User: u\r\nContent-Length: 100\r\n\r\nabc'], 65],
    [
      'a chunk that does not come',
      'http/1.1',
      ['POST / HTTP/1.1\r\nHost: a\r\nX-User: u\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
      65,
    ],
  ] as const)('%s', async (_, protocol, texts, seconds) => {
    const state = await raw(protocol, ...texts);
    await clock.advance((seconds - 15) * 1000);
    await settle();
    expect(state.closed).toBe(false);
    await clock.advance(20_000);
    await settle(300);
    expect(state.closed).toBe(true);
  });

  it('a connection without a handshake', { timeout: 30_000 }, async () => {
    const s = net.connect(listening.port, '127.0.0.1');
    const state = closedOf(s);
    await settle(12_000);
    expect(state.closed).toBe(true);
  });

  it('an answer that is not taken, and its place with it', async () => {
    const s = session({ settings: { initialWindowSize: 0 } });
    const stream = ask(s, { ':path': '/big', 'x-user': 'u' });
    expect(await statusOf(stream)).toBe(200);
    expect([server.flow.used('read'), server.flow.used('bytesOut')]).toEqual([1, BIG.length]);
    await clock.advance(120_000);
    await settle();
    expect([stream.closed, server.flow.used('read'), server.flow.used('bytesOut')]).toEqual([true, 0, 0]);
    s.destroy();
  });
});

describe('is bounded', () => {
  it('answers that nobody takes count as under way, for their user alone', async () => {
    const sessions = [1, 2].map(() => session({ settings: { initialWindowSize: 0 } }));
    const all = Array.from({ length: CLIENTS.read.each + 10 }, (_, i) => statusOf(ask(sessions[i % 2]!, { ':path': '/', 'x-user': 'u' })));
    const codes = await Promise.all(all);
    expect(codes.filter((c) => c === 429)).toHaveLength(10);
    const other = session();
    expect(await statusOf(ask(other, { ':path': '/', 'x-user': 'other' }))).toBe(200);
    for (const s of [...sessions, other]) s.destroy();
    await settle();
    expect(server.flow.used('read')).toBe(0);
  });

  it('bytes of answers that nobody takes', async () => {
    const count = CLIENTS.bytesOut.each / BIG.length;
    const held = server.flow.enter({ name: 'u', groups: [] }, 'bytesOut', false, (count - 2) * BIG.length);
    const s = session({ settings: { initialWindowSize: 0 } });
    const codes = await Promise.all(Array.from({ length: 5 }, () => statusOf(ask(s, { ':path': '/big', 'x-user': 'u' }))));
    expect(codes.sort()).toEqual([200, 200, 429, 429, 429]);
    held();
    s.destroy();
  });

  it('refusals on one connection that nobody takes', async () => {
    const s = session({ settings: { initialWindowSize: 0 } });
    const closed = new Promise((resolve) => s.on('close', resolve));
    for (let i = 0; i < 100; i++) if (!s.destroyed) ask(s, { ':path': '/' });
    await closed;
  });

  it('requests on one HTTP/1.1 connection that waits for no answer', async () => {
    const few = await raw('http/1.1', GET.repeat(8));
    expect([bodies.length, few.closed]).toEqual([8, false]);
    bodies.length = 0;
    const state = await raw('http/1.1', GET.repeat(500));
    expect(state.closed).toBe(true);
    expect(bodies.length).toBeLessThanOrEqual(10);
    expect(server.flow.used('read')).toBe(0);
  });

  it('pipelined requests give back what they hold when their connection goes before their turn', async () => {
    const s = tls.connect({ host: '127.0.0.1', port: listening.port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    await new Promise((resolve) => s.once('secureConnect', resolve));
    s.pause();
    s.write(GET.replace('/x', '/big').repeat(8));
    await settle(300);
    expect(server.flow.used('read')).toBeGreaterThan(4);
    s.destroy();
    await settle(300);
    expect([server.flow.used('read'), server.flow.used('bytesOut')]).toEqual([0, 0]);
  });

  it('a body is not waited for where it is not known who asks', async () => {
    const s = session();
    const streams = Array.from({ length: 30 }, () => ask(s, { ':path': '/', ':method': 'POST' }));
    for (const stream of streams) stream.write(Buffer.alloc(100_000));
    expect(new Set(await Promise.all(streams.map(statusOf)))).toEqual(new Set([401]));
    await settle();
    expect(bodies).toEqual([]);
    expect(streams.every((stream) => stream.closed)).toBe(true);
    s.destroy();
    const state = await raw('http/1.1', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\nabc');
    expect(state.text).toMatch(/^HTTP\/1.1 401 /);
    await clock.advance(2000);
    await settle();
    expect(state.closed).toBe(true);
  });

  it('a body is not read where it is refused, and the answer is not taken back by a reset while its sender may still write', async () => {
    const s = session();
    const stream = ask(s, { ':path': '/forbidden', ':method': 'POST', 'x-user': 'u' });
    stream.write(Buffer.alloc(100));
    expect(await statusOf(stream)).toBe(403);
    stream.resume();
    await settle();
    expect(stream.closed).toBe(false);
    await clock.advance(2000);
    await settle();
    expect(stream.closed).toBe(true);
    expect(bodies).toEqual([]);
    s.destroy();
  });

  it('bytes of bodies that are under way', async () => {
    const held = server.flow.enter({ name: 'u', groups: [] }, 'bytesIn', false, CLIENTS.bytesIn.each - 1000);
    const s = session();
    const post = async (length: number) => {
      const stream = ask(s, { ':path': '/', ':method': 'POST', 'x-user': 'u' });
      stream.end(Buffer.alloc(length));
      return statusOf(stream);
    };
    expect([await post(2000), await post(500), await post(500)]).toEqual([429, 200, 200]);
    held();
    expect(await post(2000)).toBe(200);
    expect(server.flow.used('bytesIn')).toBe(0);
    s.destroy();
  });

  it.each([
    ['pings', (s: http2.ClientHttp2Session) => void s.ping(() => undefined)],
    ['settings', (s: http2.ClientHttp2Session) => s.settings({ initialWindowSize: 1000 })],
    [
      'requests taken back',
      (s: http2.ClientHttp2Session) => {
        const stream = ask(s, { ':path': '/', 'x-user': 'u' });
        stream.close(http2.constants.NGHTTP2_CANCEL);
      },
    ],
  ])('%s without end', async (_, once) => {
    const s = session({ maxOutstandingPings: 1e6, maxOutstandingSettings: 1e6 } as object);
    await new Promise((resolve) => s.once('connect', resolve));
    for (let i = 0; i < 5000 && !s.destroyed; i++) {
      once(s);
      if (i % 100 === 0) await settle(1);
    }
    await settle(500);
    s.destroy();
    await settle(200);
    // However it ended: nothing of it is left, and others are served.
    expect([server.flow.used('read'), server.flow.used('write')]).toEqual([0, 0]);
    const other = session();
    expect(await statusOf(ask(other, { ':path': '/', 'x-user': 'o' }))).toBe(200);
    other.destroy();
  });
});
