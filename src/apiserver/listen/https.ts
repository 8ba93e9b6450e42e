/**
 * The HTTPS listener: HTTP/2 and HTTP/1.1 on one port, requests turned into `ApiRequest`s (`respond.ts` turns answers into bytes).
 * Upgrades (exec, attach, port-forward) are handed on as raw sockets.
 */

import type http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { timeoutError } from '../../meta/errors.js';
import type { Clock } from '../../util/clock.js';
import type { Answer } from '../answer.js';
import { BODY_LIMIT } from '../handlers/body.js';
import type { Metrics } from '../metrics.js';
import type { ApiRequest } from '../request.js';
import type { ApiServer } from '../server.js';
import { type Connection, Connections, HANDSHAKE_MS } from './connections.js';
import { destroy, Exchange, type Req, type Res } from './exchange.js';
import { respond } from './respond.js';

export interface HttpsOptions {
  readonly server: ApiServer;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly clientCa?: string;
  /** Exec and the like: takes over the socket. Undefined: such requests are refused. */
  readonly upgrade?: (request: ApiRequest, socket: Duplex, head: Uint8Array) => Promise<void>;
  readonly metrics?: Metrics;
  /** For deadlines of reading and writing: real time, whatever the cluster's own is. */
  readonly clock: Clock;
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** For a body to come whole. */
const BODY_MS = 60_000;
/** The original's limits of a connection, and Node's of what a peer may do with its frames. */
const MAX_STREAMS = 250;
const WINDOW = 256 * 1024;
const HTTP2_LIMITS: http2.SecureServerOptions = {
  settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW, maxHeaderListSize: 64 * 1024 },
  maxSessionMemory: 100,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxOutstandingPings: 10,
  maxSettings: 32,
  maxHeaderListPairs: 128,
  streamResetBurst: 1000,
  streamResetRate: 100,
} as http2.SecureServerOptions;

export async function listenHttps(o: HttpsOptions): Promise<Listening> {
  const server = http2.createSecureServer({
    allowHTTP1: true,
    cert: o.certificate,
    key: o.key,
    ...(o.clientCa ? { ca: o.clientCa, requestCert: true, rejectUnauthorized: false } : {}),
    handshakeTimeout: HANDSHAKE_MS,
    ...HTTP2_LIMITS,
  });
  return serve(server as unknown as NetServer, o);
}

async function serve(server: NetServer, o: HttpsOptions): Promise<Listening> {
  const connections = new Connections(o.clock);
  const listener: Listener = { ...o, connections };
  let handshaken: Connection | undefined;
  server.on('connection', (s: Socket) => {
    s.setNoDelay(true);
    s.on('error', () => undefined);
    connections.add(s);
  });
  // Ahead of Node's own listener, which makes the session.
  server.prependListener('secureConnection', (s: TLSSocket) => {
    s.on('error', () => undefined);
    handshaken = connections.of(s);
    if (handshaken) handshaken.tls = s;
  });
  server.on('session', (s: http2.ServerHttp2Session) => {
    s.on('error', () => undefined);
    if (handshaken) handshaken.session = s;
  });
  server.on('tlsClientError', (_e, s: Socket) => s.destroy());
  server.on('sessionError', () => undefined);
  server.on('request', (req: Req, res: Res) => {
    receive(req, res, listener).catch((e: Error) => {
      o.server.env.log.error('an answer could not be sent', { error: e.message });
      destroy(res);
    });
  });
  server.on('upgrade', (req: http.IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on('error', () => undefined);
    const exchange = new Exchange(socket);
    const over = connections.of(req.socket)?.begin(() => exchange.end());
    if (over) exchange.written(over);
    if (!o.upgrade) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const request = asRequest(req, exchange);
    o.upgrade(request, socket, head).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.host, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((e) => {
    connections.close();
    throw e;
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.close();
      }),
  };
}

interface Listener extends HttpsOptions {
  readonly connections: Connections;
}

async function receive(req: Req, res: Res, o: Listener): Promise<void> {
  const { clock } = o.server.env;
  const started = clock.now();
  const { stream } = req as http2.Http2ServerRequest;
  // What is left of one read after its connection was closed.
  if (!stream && req.socket.destroyed) return;
  const connection = o.connections.of(stream?.session?.socket ?? req.socket);
  if (connection && !connection.admits()) return;
  const exchange = new Exchange(res);
  if (connection) exchange.written(connection.begin(() => exchange.end()));
  const request: ApiRequest = {
    ...asRequest(req, exchange),
    ...(req.method === 'GET' || req.method === 'HEAD' ? {} : { read: (take: (bytes: number) => void) => readBody(req, take, o.clock) }),
  };
  const handled = await o.server.handle(request);
  const known = handled.user !== undefined && handled.user.name !== 'system:anonymous';
  if (known) connection?.prove();
  else if (connection) exchange.written(connection.refuse());
  await respond({ request, handled, req, res, server: o.server, clock: o.clock, exchange, known });
  o.metrics?.request(handled.info, statusOf(handled.answer), (clock.now() - started) / 1000);
}

const statusOf = (a: Answer): number => ('status' in a ? a.status : 200);

function asRequest(req: Req, exchange: Exchange): ApiRequest {
  const url = req.url ?? '/';
  const at = url.indexOf('?');
  const socket = req.socket as TLSSocket;
  return {
    method: req.method ?? 'GET',
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: headersOf(req),
    ...clientCertificate(socket),
    remoteAddress: socket?.remoteAddress,
    signal: exchange.signal,
    written: (fn) => exchange.written(fn),
  };
}

/** Node joins a header that is given twice with a comma; each Impersonate-Group and -Extra is a value of its own, which may hold commas. */
function headersOf(req: Req): ApiRequest['headers'] {
  const { headers, rawHeaders } = req;
  if (headers['impersonate-user'] === undefined) return headers;
  const own: Record<string, string[]> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name === 'impersonate-group' || name.startsWith('impersonate-extra-')) (own[name] ??= []).push(rawHeaders[i + 1]!);
  }
  return { ...headers, ...own };
}

type Peer = Pick<ApiRequest, 'certificate' | 'foreignCertificate'>;
const peers = new WeakMap<object, Peer>();

/** What the connection's client certificate says; looked up once a connection. */
function clientCertificate(socket: TLSSocket | undefined): Peer {
  if (!socket?.encrypted) return {};
  let peer = peers.get(socket);
  if (!peer) peers.set(socket, (peer = peerOf(socket)));
  return peer;
}

function peerOf(socket: TLSSocket): Peer {
  if (!socket.authorized) return socket.getPeerX509Certificate() ? { foreignCertificate: true } : {};
  const subject = socket.getPeerCertificate()?.subject as unknown as Record<string, string | string[]> | undefined;
  // Of several common names the last counts, as in Go.
  const commonName = subject?.CN && [subject.CN].flat().at(-1);
  return commonName ? { certificate: { commonName, organizations: [subject.O ?? []].flat() } } : {};
}

/** Reads at most the body limit and one byte: the handler refuses what is longer. */
async function readBody(req: Req, take: (bytes: number) => void, clock: Clock): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = clock.after(BODY_MS, () => req.destroy(timeoutError('request did not complete within the allotted timeout', 1)));
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_LIMIT) return new Uint8Array(BODY_LIMIT + 1);
      take(chunk.length);
      chunks.push(chunk);
    }
  } finally {
    late.cancel();
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
