/** The HTTPS listener in front of the kubelet's endpoints: TLS, client certificates, and the upgrades to WebSocket and SPDY. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ByteSocket, KubeletRequest, MessageSocket, PlainResponse, User } from '../../kubelet/server/http.js';
import type { KubeletServer } from '../../kubelet/server/server.js';
import { type ConnectionLimits, limitConnections } from '../../util/connection-limits.js';
import { drained } from '../../util/drained.js';
import { ByteQueue } from '../../util/spdy/byte-queue.js';
import { writeAll } from '../containerd/streaming.js';
import { descriptors } from '../descriptors.js';

/** PEM. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ListenerOptions {
  readonly server: KubeletServer;
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** A function is asked when the first client comes: of many simulated nodes hardly one is ever called. */
  readonly pair: ServingPair | (() => Promise<ServingPair>);
  /** Authority of client certificates. Absent: none is taken. */
  readonly clientCA?: string;
  readonly limits?: Partial<ConnectionLimits>;
}

/** Largest message taken: clients send parts of 32 kB. */
const MAX_MESSAGE = 1024 * 1024;
/** With so much that nobody has read, a socket is not read any more. */
const PAUSE_AT = 256 * 1024;
const MAX_CONNECTIONS = 2048;
/** Time that a client has for its handshake, and to say what it wants. */
const HELLO_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2000;

function certificateUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (!subject?.CN) return undefined;
  const groups = subject.O === undefined ? [] : [subject.O].flat();
  return { name: [subject.CN].flat()[0] ?? '', groups };
}

function toRequest(r: IncomingMessage, signal: AbortSignal): KubeletRequest {
  const url = new URL(r.url ?? '/', 'https://kubelet');
  const headers = Object.fromEntries(Object.entries(r.headers).map(([k, v]) => [k, Array.isArray(v) ? v.join(', ') : v]));
  const certificate = certificateUser(r.socket as TLSSocket);
  return {
    method: r.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    signal,
    ...(certificate ? { certificate } : {}),
  };
}

async function answer(response: ServerResponse, r: PlainResponse): Promise<void> {
  response.writeHead(r.status, { 'content-type': r.contentType });
  if (typeof r.body === 'string') {
    response.end(r.body);
    return;
  }
  response.flushHeaders(); // a followed log may have nothing to say for long
  for await (const chunk of r.body) {
    if (!response.write(chunk)) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

/** A request for the head alone gets no body, upgrade or not. */
function refuse(socket: Duplex, r: PlainResponse, method: string | undefined): void {
  const body = typeof r.body === 'string' ? r.body : '';
  socket.end(
    `HTTP/1.1 ${r.status} ${r.status === 401 ? 'Unauthorized' : 'Error'}\r\nContent-Type: ${r.contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${method === 'HEAD' ? '' : body}`,
  );
}

/** A WebSocket as the endpoints know it. What arrives while nobody reads is held up to a limit, then the socket is paused. */
function messageSocket(ws: WebSocket, protocol: string): MessageSocket {
  const gone = new AbortController();
  const waiting: Uint8Array[] = [];
  let wake = () => {};
  let ended = false;
  let size = 0;
  ws.on('message', (data: Buffer) => {
    waiting.push(new Uint8Array(data));
    size += data.length;
    if (size > PAUSE_AT) ws.pause();
    wake();
  });
  const end = () => {
    ended = true;
    gone.abort();
    wake();
  };
  ws.on('close', end);
  ws.on('error', end);
  async function* messages(): AsyncIterable<Uint8Array> {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        size -= next.length;
        if (ws.isPaused && size < PAUSE_AT / 2) ws.resume();
        yield next;
      } else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    protocol,
    messages: messages(),
    send: (data, text = false) =>
      new Promise((resolve) => {
        if (ws.readyState !== ws.OPEN) resolve();
        else ws.send(data, { binary: !text }, () => resolve());
      }),
    close: (code, reason) => ws.close(code, reason),
    closed: gone.signal,
  };
}

function byteSocket(socket: Duplex, head: Buffer): ByteSocket {
  const gone = new AbortController();
  const input = new ByteQueue();
  if (head.length) socket.unshift(head);
  const pump = async () => {
    for await (const chunk of socket) await input.push(chunk as Buffer);
  };
  pump()
    .catch(() => {})
    .finally(() => input.end());
  socket.on('close', () => gone.abort());
  return { input, send: (b) => writeAll(socket, b), close: () => void socket.end(), closed: gone.signal };
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export async function listen(o: ListenerOptions): Promise<Listening> {
  const raw = new Set<Duplex>();
  const sockets = new Set<Duplex>();
  let tls: Promise<https.Server> | undefined;
  const server = net.createServer((socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
    socket.on('error', () => socket.destroy());
    tls ??= Promise.resolve(typeof o.pair === 'function' ? o.pair() : o.pair).then((pair) => tlsServer(o, pair, sockets));
    tls.then(
      (s) => s.emit('connection', socket),
      () => {
        tls = undefined;
        socket.destroy();
      },
    );
  });
  // The API server is one client: its exec and log streams are all of it.
  limitConnections(server, { total: descriptors(MAX_CONNECTIONS, 1 / 8), perClient: descriptors(MAX_CONNECTIONS, 1 / 10), ...o.limits });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const inner = await tls?.catch(() => undefined);
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => {
          for (const s of raw) s.destroy();
        }, CLOSE_TIMEOUT_MS);
        server.close(() => {
          clearTimeout(force);
          inner?.close();
          resolve();
        });
        inner?.closeIdleConnections();
        // Streams end with the kubelet: their far ends would never close by themselves.
        for (const s of sockets) s.end();
      });
    },
  };
}

/** What speaks on the connections that `listen` takes; it listens on nothing itself. */
function tlsServer(o: ListenerOptions, pair: ServingPair, sockets: Set<Duplex>): https.Server {
  const server = https.createServer({
    cert: pair.certificate,
    key: pair.key,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HELLO_MS,
    headersTimeout: HELLO_MS,
    connectionsCheckingInterval: HELLO_MS / 2,
    ...(o.clientCA ? { ca: o.clientCA } : {}),
  });
  server.on('secureConnection', (s) => {
    sockets.add(s);
    s.on('close', () => sockets.delete(s));
    s.on('error', () => s.destroy());
  });
  server.on('request', (req, res) => {
    const gone = new AbortController();
    res.on('close', () => gone.abort());
    const serve = async () => {
      const r = await o.server.handle(toRequest(req, gone.signal));
      if ('upgrade' in r) await answer(res, { status: 400, contentType: 'text/plain', body: 'Upgrade request required' });
      else await answer(res, r);
    };
    serve().catch(() => res.destroy());
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(o.server, req, socket, head).catch(() => socket.destroy());
  });
  return server;
}

async function upgrade(server: KubeletServer, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  socket.on('error', () => socket.destroy());
  const r = await server.handle(toRequest(req, gone.signal));
  if (!('upgrade' in r)) {
    refuse(socket, r, req.method);
    return;
  }
  if (r.upgrade === 'spdy') {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${r.protocol}\r\n\r\n`,
    );
    await r.run(byteSocket(socket, head));
    return;
  }
  const offered = (req.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((p) => p.trim())
    .filter(Boolean);
  const chosen = offered.find((p) => r.protocols.includes(p));
  if (offered.length && chosen === undefined) {
    const refusal = {
      status: 403,
      contentType: 'text/plain',
      body: `unable to upgrade: none of the subprotocols [${offered.join(' ')}] is spoken here, only [${r.protocols.filter(Boolean).join(' ')}]`,
    } as const;
    refuse(socket, refusal, req.method);
    return;
  }
  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });
  // Past the library, which does not take the `/` in `SPDY/3.1+portforward.k8s.io`.
  delete req.headers['sec-websocket-protocol'];
  if (chosen !== undefined) wss.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${chosen}`));
  const ws = await new Promise<WebSocket>((resolve) => wss.handleUpgrade(req, socket, head, resolve));
  await r.run(messageSocket(ws, chosen ?? ''));
}
