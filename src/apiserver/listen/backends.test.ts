/** What the API server shows to whom, and where it goes at all. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import { type Authority, createAuthority, issue, loadAuthority } from '../../util/x509.js';
import type { StreamTarget } from '../subresources/targets.js';
import { SocketBackends } from './backends.js';

let ca: Authority;
let backends: SocketBackends;
let kubelet: https.Server;
let foreign: https.Server;
let plain: http.Server;
/** Takes requests and says nothing. */
let silent: http.Server;
const clock = new VirtualClock();
const seen: string[] = [];

const shown = (req: http.IncomingMessage): string => (req.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN?.toString() ?? 'nobody';
const answer = (req: http.IncomingMessage, res: http.ServerResponse) => {
  seen.push(shown(req));
  res.end('ok');
};
const listening = async <T extends http.Server | https.Server>(server: T): Promise<T> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const portOf = (server: http.Server | https.Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  const now = Date.now();
  ca = await loadAuthority(await createAuthority('ca', now));
  const other = await loadAuthority(await createAuthority('other', now));
  const own = await issue(ca, { commonName: 'apiserver', usages: ['client'] }, now);
  backends = new SocketBackends({ ...own, ca: ca.certificate }, clock);
  const serve = async (authority: Authority) => {
    const { certificate, key } = await issue(authority, { commonName: 'server', usages: ['server'], ips: ['127.0.0.1'] }, now);
    return listening(https.createServer({ cert: certificate, key, requestCert: true, rejectUnauthorized: false }, answer));
  };
  kubelet = await serve(ca);
  foreign = await serve(other);
  plain = await listening(http.createServer(answer));
  silent = await listening(
    http
      .createServer(() => undefined)
      .on('upgrade', (_req, socket) =>
        socket
          .on('error', () => undefined)
          .on('end', () => socket.destroy())
          .resume(),
      ),
  );
});
afterAll(() => {
  backends.close();
  for (const s of [kubelet, foreign, plain, silent]) {
    s.closeAllConnections();
    s.close();
  }
});

const reach = async (target: Partial<StreamTarget>): Promise<string> => {
  seen.length = 0;
  try {
    const far = await backends.fetch({ scheme: 'https', host: '127.0.0.1', port: 0, path: '/', ...target }, { method: 'GET', headers: {} });
    for await (const _ of far.body);
    return seen[0] ?? 'nothing';
  } catch (e) {
    return (e as Error).message;
  }
};

describe('where it goes', () => {
  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '0.0.0.0',
    '::',
    '169.254.169.254',
    'fe80::1',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:127.0.0.1',
    'localhost',
  ])('not to %s', async (host) => {
    for (const scheme of ['http', 'https'] as const)
      expect(await reach({ scheme, host, port: portOf(plain) })).toContain('address not allowed');
    expect(await reach({ node: 'n', host, port: portOf(kubelet) })).toContain('address not allowed');
    expect(seen).toEqual([]);
  });
});

describe('what it shows', () => {
  it.each<[string, () => Partial<StreamTarget>, string | RegExp]>([
    ['its certificate to a kubelet', () => ({ node: 'n', known: true, port: portOf(kubelet) }), 'apiserver'],
    ['nothing to whoever else speaks TLS', () => ({ known: true, port: portOf(kubelet) }), 'nobody'],
    ['nothing to one with a certificate of its own making', () => ({ known: true, port: portOf(foreign) }), 'nobody'],
    ['nothing to one that only says it is a kubelet', () => ({ node: 'n', known: true, port: portOf(foreign) }), /certificate/],
    ['nothing without TLS', () => ({ scheme: 'http', known: true, port: portOf(plain) }), 'nobody'],
  ])('%s', async (_what, target, right) => {
    const got = await reach(target());
    if (typeof right === 'string') expect(got).toBe(right);
    else {
      expect(got).toMatch(right);
      expect(seen).toEqual([]);
    }
  });
});

describe('who says nothing', () => {
  const target = (): StreamTarget => ({ scheme: 'http', known: true, host: '127.0.0.1', port: portOf(silent), path: '/' });
  const request = { method: 'GET', path: '/', query: new URLSearchParams(), headers: { upgrade: 'websocket' } };
  const asked = () => new Promise<void>((resolve) => silent.once('request', () => resolve()).once('upgrade', () => resolve()));
  const open = () => new Promise<number>((resolve) => silent.getConnections((_e, n) => resolve(n)));
  const gone = async (): Promise<void> => {
    while (await open()) await new Promise((r) => setTimeout(r, 5));
  };

  it('is waited for half a minute by a plain request', async () => {
    const came = asked();
    const answered = reach(target()).then((text) => ({ text }));
    await came;
    await clock.advance('29s');
    expect(await open()).toBe(1);
    await clock.advance('2s');
    expect(await answered).toEqual({ text: expect.stringContaining('no answer in 30 s') });
    await gone();
    expect(clock.pending).toBe(0);
  });

  it('is waited for half a minute by one that is to be joined', async () => {
    const came = asked();
    const joined = backends.join(target(), request, new PassThrough(), new Uint8Array()).catch((e: Error) => e.message);
    await came;
    await clock.advance('31s');
    expect(await joined).toContain('no answer in 30 s');
    await gone();
    expect(clock.pending).toBe(0);
  });

  it('is let go of when the client is gone', async () => {
    const came = asked();
    const client = new PassThrough();
    const joined = backends.join(target(), request, client, new Uint8Array()).catch((e: Error) => e.message);
    await came;
    client.destroy();
    await joined;
    await gone();
    expect(clock.pending).toBe(0);
  });
});
