/**
 * The HTTPS listener: HTTP/2 and HTTP/1.1 on one port, requests turned into `ApiRequest`s and answers into bytes.
 * Upgrades (exec, attach, port-forward) are handed on as raw sockets.
 */

import type http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { constants, gzip } from 'node:zlib';
import { StatusError, timeoutError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { isPretty } from '../../meta/query.js';
import type { Clock } from '../../util/clock.js';
import { drained } from '../../util/drained.js';
import type { Answer } from '../answer.js';
import { type Encoded, type EventContext, encodeAnswer, encodeEvent, encodeObject } from '../encode/encode.js';
import { negotiate, type Representation } from '../encode/negotiate.js';
import { PROTOBUF } from '../encode/protobuf.js';
import { includeObject } from '../encode/table.js';
import { warningHeaders } from '../encode/warnings.js';
import { BODY_LIMIT } from '../handlers/body.js';
import type { Metrics } from '../metrics.js';
import type { ApiRequest } from '../request.js';
import type { ApiServer, Handled } from '../server.js';
import { type Connection, Connections, HANDSHAKE_MS } from './connections.js';

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

type Req = http.IncomingMessage | http2.Http2ServerRequest;
type Res = http.ServerResponse | http2.Http2ServerResponse;

/** Answers larger than this are compressed for clients that accept gzip, as the original does. */
const GZIP_FROM = 128 * 1024;
/** For a body to come whole, and for an answer to be taken; for large ones more. */
const BODY_MS = 60_000;
const ANSWER_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 64;
/** Who does not read what was refused him has no longer. */
const REFUSED_MS = 10_000;
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
    const abort = new AbortController();
    const over = connections.of(req.socket)?.begin().over;
    const after: (() => void)[] = over ? [over] : [];
    socket.on('close', () => {
      abort.abort();
      for (const fn of after) fn();
    });
    if (!o.upgrade) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const request = { ...asRequest(req, abort.signal), written: (fn: () => void) => (socket.destroyed ? fn() : void after.push(fn)) };
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

const destroy = (res: Res): void => void ((res as http2.Http2ServerResponse).stream?.destroy() ?? (res as http.ServerResponse).destroy?.());

async function receive(req: Req, res: Res, o: Listener): Promise<void> {
  const { clock } = o.server.env;
  const started = clock.now();
  const abort = new AbortController();
  const connection = o.connections.of((req as http2.Http2ServerRequest).stream?.session?.socket ?? req.socket);
  const after: (() => void)[] = [];
  const open = connection?.begin();
  if (open) after.push(open.over);
  let closed = false;
  const written = (fn: () => void) => (closed ? fn() : void after.push(fn));
  res.on('close', () => {
    closed = true;
    abort.abort();
    for (const fn of after) fn();
  });
  const read = req.method === 'GET' || req.method === 'HEAD' ? undefined : (take: (n: number) => void) => readBody(req, take, o.clock);
  const handled = await o.server.handle({ ...asRequest(req, abort.signal), read, written });
  const known = handled.user !== undefined && handled.user.name !== 'system:anonymous';
  if (known) connection?.prove();
  else if (connection) written(connection.refuse().over);
  await send({ request: asRequest(req, abort.signal), handled, req, res, o, signal: abort.signal, written, known });
  o.metrics?.request(handled.info, statusOf(handled.answer), (clock.now() - started) / 1000);
}

const statusOf = (a: Answer): number => ('status' in a ? a.status : 200);

function asRequest(req: Req, signal: AbortSignal): ApiRequest {
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
    signal,
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

/** One answer on its way. */
interface Sending {
  readonly request: ApiRequest;
  readonly handled: Handled;
  readonly req: Req;
  readonly res: Res;
  readonly o: Listener;
  readonly signal: AbortSignal;
  readonly written: (fn: () => void) => void;
  /** Whether it is known who asks. */
  readonly known: boolean;
}

async function send(s: Sending): Promise<void> {
  const { request, res } = s;
  const { server } = s.o;
  const { answer, warnings } = s.handled;
  const warned = warningHeaders(warnings);
  if (warned.length) (res as http.ServerResponse).setHeader('Warning', warned);
  let representation: Representation;
  try {
    const custom = 'definition' in answer && answer.definition?.custom === true;
    // Reviews and tokens are no objects to list.
    const table = answer.is !== 'object' || answer.definition !== undefined || (answer.object as { kind?: string }).kind === 'Status';
    representation = negotiate(request.headers.accept as string | undefined, { custom, watch: answer.is === 'watch', table });
  } catch (e) {
    if (answer.is === 'stream' || answer.is === 'bytes') representation = PLAIN;
    else {
      if (answer.is === 'watch') answer.watch.close();
      return refuse(s, e as StatusError);
    }
  }
  switch (answer.is) {
    case 'watch':
      return sendWatch(s, answer, representation);
    case 'bytes':
      return finish(s, answer.status, answer.contentType, answer.bytes, answer.headers);
    case 'stream':
      return sendStream(answer, res);
    default: {
      const headers = answer.is === 'object' ? answer.headers : undefined;
      const form = wantsPretty(request) ? { ...representation, pretty: true } : representation;
      let encoded: Encoded;
      try {
        // A list takes its place before it is made: by what is stored of it.
        const place =
          answer.is === 'list' && s.handled.user
            ? server.flow.enter(
                s.handled.user,
                'bytesOut',
                false,
                answer.entries.reduce((n, e) => n + e.size, 0),
              )
            : undefined;
        try {
          encoded = await encodeAnswer(answer, form, includeObject(request.query), server.env.clock.now());
        } finally {
          place?.();
        }
      } catch (e) {
        if (!(e instanceof StatusError)) throw e;
        return refuse(s, e);
      }
      return finish(s, encoded.status, encoded.contentType, encoded.body, headers);
    }
  }
}

const PLAIN: Representation = { mediaType: 'application/json', version: 'v1', pretty: false };

function refuse(s: Sending, e: StatusError): Promise<void> {
  const { status, contentType, body } = encodeObject(e.code, e.status, PLAIN);
  const retry = e.status.details?.retryAfterSeconds;
  return finish(s, status, contentType, body, retry ? { 'Retry-After': String(retry) } : undefined, true);
}

/** People's programs get indented JSON unless they say otherwise. */
function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.get('pretty');
  if (asked) return isPretty(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(String(request.headers['user-agent'] ?? ''));
}

async function finish(
  s: Sending,
  status: number,
  contentType: string,
  body: Uint8Array,
  headers?: Readonly<Record<string, string>>,
  refusal = false,
): Promise<void> {
  const { request, req, res } = s;
  const r = res as http.ServerResponse;
  // Held until it was taken. What is as small as a Status counts by its request alone.
  if (!refusal && s.handled.user && body.length > SMALL) {
    try {
      s.written(s.o.server.flow.enter(s.handled.user, 'bytesOut', false, body.length));
    } catch (e) {
      return refuse(s, e as StatusError);
    }
  }
  for (const [k, v] of Object.entries(headers ?? {})) r.setHeader(k, v);
  r.setHeader('Cache-Control', 'no-cache, private');
  r.setHeader('Content-Type', contentType);
  let out = body;
  if (body.length > GZIP_FROM && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    out = await new Promise<Buffer>((resolve, reject) =>
      gzip(body, { level: constants.Z_BEST_SPEED }, (e, b) => (e ? reject(e) : resolve(b))),
    );
    r.setHeader('Content-Encoding', 'gzip');
    r.setHeader('Vary', 'Accept-Encoding');
  }
  r.setHeader('Content-Length', out.length);
  const late = s.o.clock.after((s.known ? ANSWER_MS : REFUSED_MS) + out.length / SLOWEST_BYTES_PER_MS, () => destroy(res));
  s.written(() => late.cancel());
  if (!req.complete && request.method !== 'GET' && request.method !== 'HEAD') return finishEarly(s, status, out);
  r.writeHead(status);
  r.end(request.method === 'HEAD' ? undefined : out);
}

const SMALL = 16 * 1024;
/** How long what is left of a body is thrown away before the connection is: its sender may be about to read the answer. */
const LINGER_MS = 1000;

/** An answer that comes before the request's body, which nobody wants. */
function finishEarly({ req, res, o, known }: Sending, status: number, out: Uint8Array): void {
  const { stream } = res as http2.Http2ServerResponse;
  if (stream) {
    (res as http2.Http2ServerResponse).writeHead(status);
    const end = () => stream.close(http2.constants.NGHTTP2_NO_ERROR);
    if (!known) {
      (res as http2.Http2ServerResponse).end(out, end);
      return;
    }
    // A reset, be it without error, takes the answer from clients that are still sending: the rest of a small body goes first.
    (res as http2.Http2ServerResponse).end(out);
    const reset = o.clock.after(LINGER_MS, end);
    stream.once('close', () => reset.cancel());
    req.resume();
    return;
  }
  const r = res as http.ServerResponse;
  r.setHeader('Connection', 'close');
  r.writeHead(status);
  r.end(out);
  const { socket } = req;
  const gone = o.clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => gone.cancel());
  req.resume();
}

function sendWatch(s: Sending, answer: Extract<Answer, { is: 'watch' }>, representation: Representation): Promise<void> {
  const { request, res, signal } = s;
  const { server } = s.o;
  const r = res as http.ServerResponse;
  r.setHeader('Cache-Control', 'no-cache, private');
  r.setHeader('Content-Type', representation.mediaType === PROTOBUF ? `${PROTOBUF};stream=watch` : 'application/json');
  r.writeHead(200);
  r.flushHeaders?.();
  const { definition, watch } = answer;
  const from = definition.storedAs && definition.convert ? (definition.convert.fromStored as (o: AnyObject) => AnyObject) : undefined;
  const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
  const context: EventContext = {
    answer,
    representation,
    include: includeObject(request.query),
    convert: from ? (e) => e.as(apiVersion, from) : (e) => e,
    now: () => server.env.clock.now(),
    first: true,
  };
  return new Promise((resolve) => {
    // What a slow client has not taken waits in the watch's own queue, which is bounded, as stored objects rather than as encoded ones.
    r.on('drain', () => watch.resume());
    watch.listen(
      (item) => {
        const room = r.write(encodeEvent(item, context));
        return room || (r.writableLength ?? 0) < WATCH_BUFFER;
      },
      () => {
        r.end();
        // Its end may never be taken, either.
        const late = s.o.clock.after(REFUSED_MS, () => destroy(res));
        s.written(() => late.cancel());
        resolve();
      },
    );
    signal.addEventListener('abort', () => watch.close(), { once: true });
    if (signal.aborted) watch.close();
  });
}

/** Encoded events on their way to one client. */
const WATCH_BUFFER = 1024 * 1024;

async function sendStream(answer: Extract<Answer, { is: 'stream' }>, res: Res): Promise<void> {
  const r = res as http.ServerResponse;
  for (const [k, v] of Object.entries(answer.headers)) r.setHeader(k, v as string);
  r.writeHead(answer.status);
  r.flushHeaders?.();
  try {
    for await (const chunk of answer.body) {
      if (r.destroyed || r.writableEnded) break;
      if (!r.write(chunk)) await drained(r);
    }
  } finally {
    r.end();
  }
}
