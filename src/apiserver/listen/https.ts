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
import { StatusError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
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
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

type Req = http.IncomingMessage | http2.Http2ServerRequest;
type Res = http.ServerResponse | http2.Http2ServerResponse;

/** Answers larger than this are compressed for clients that accept gzip, as the original does. */
const GZIP_FROM = 128 * 1024;
const KEEP_ALIVE_MS = 180_000;

export async function listenHttps(o: HttpsOptions): Promise<Listening> {
  const server = http2.createSecureServer({
    allowHTTP1: true,
    cert: o.certificate,
    key: o.key,
    ...(o.clientCa ? { ca: o.clientCa, requestCert: true, rejectUnauthorized: false } : {}),
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1 << 20 },
    maxSessionMemory: 100,
  });
  return serve(server as unknown as NetServer, o);
}

async function serve(server: NetServer, o: HttpsOptions): Promise<Listening> {
  const sockets = new Set<Socket>();
  const sessions = new Set<http2.Http2Session>();
  server.on('connection', (s: Socket) => {
    sockets.add(s);
    s.setNoDelay(true);
    s.on('close', () => sockets.delete(s));
    s.on('error', () => undefined);
  });
  server.on('secureConnection', (s: TLSSocket) => s.on('error', () => undefined));
  server.on('session', (s: http2.Http2Session) => {
    sessions.add(s);
    s.on('close', () => sessions.delete(s));
    s.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.on('sessionError', () => undefined);
  Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS });
  server.on('request', (req: Req, res: Res) => {
    receive(req, res, o).catch((e: Error) => {
      o.server.env.log.error('an answer could not be sent', { error: e.message });
      (res as http.ServerResponse).destroy?.();
    });
  });
  server.on('upgrade', (req: http.IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on('error', () => undefined);
    const abort = new AbortController();
    socket.on('close', () => abort.abort());
    if (o.upgrade) o.upgrade(asRequest(req, abort.signal), socket, head).catch(() => socket.destroy());
    else socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(o.port, o.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const s of sessions) s.destroy();
        for (const s of sockets) s.destroy();
      }),
  };
}

async function receive(req: Req, res: Res, o: HttpsOptions): Promise<void> {
  const started = o.server.env.clock.now();
  const abort = new AbortController();
  res.on('close', () => abort.abort());
  const body = req.method === 'GET' || req.method === 'HEAD' ? undefined : await readBody(req);
  const request: ApiRequest = { ...asRequest(req, abort.signal), body };
  const handled = await o.server.handle(request);
  await send(request, handled, res, o.server, abort.signal);
  o.metrics?.request(handled.info, statusOf(handled.answer), (o.server.env.clock.now() - started) / 1000);
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
    certificate: clientCertificate(socket),
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

const certificates = new WeakMap<object, ApiRequest['certificate']>();

/** The subject of the connection's verified client certificate; looked up once a connection. */
function clientCertificate(socket: TLSSocket): ApiRequest['certificate'] {
  if (!socket?.getPeerCertificate || !socket.authorized) return undefined;
  if (certificates.has(socket)) return certificates.get(socket);
  const subject = socket.getPeerCertificate()?.subject as unknown as Record<string, string | string[]> | undefined;
  const found = subject?.CN ? { commonName: [subject.CN].flat()[0]!, organizations: [subject.O ?? []].flat() } : undefined;
  certificates.set(socket, found);
  return found;
}

/** Reads at most the body limit and one byte: the handler refuses what is longer. */
async function readBody(req: Req): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_LIMIT + 1) chunks.push(chunk);
    else if (length > BODY_LIMIT * 4) break;
  }
  if (length > BODY_LIMIT) return new Uint8Array(BODY_LIMIT + 1);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

async function send(request: ApiRequest, handled: Handled, res: Res, server: ApiServer, signal: AbortSignal): Promise<void> {
  const { answer, warnings } = handled;
  const warned = warningHeaders(warnings);
  if (warned.length) (res as http.ServerResponse).setHeader('Warning', warned);
  let representation: Representation;
  try {
    const custom = 'definition' in answer && answer.definition?.custom === true;
    // Reviews and tokens are no objects to list.
    const table = answer.is !== 'object' || answer.definition !== undefined || (answer.object as { kind?: string }).kind === 'Status';
    representation = negotiate(request.headers.accept as string | undefined, { custom, watch: answer.is === 'watch', table });
  } catch (e) {
    if (answer.is === 'stream' || answer.is === 'bytes') representation = { mediaType: 'application/json', version: 'v1', pretty: false };
    else {
      const status = (e as StatusError).status;
      return finish(request, res, status.code ?? 406, 'application/json', Buffer.from(`${JSON.stringify(status)}\n`));
    }
  }
  switch (answer.is) {
    case 'watch':
      return sendWatch(request, answer, representation, res, server, signal);
    case 'bytes':
      return finish(request, res, answer.status, answer.contentType, answer.bytes, answer.headers);
    case 'stream':
      return sendStream(answer, res);
    default: {
      const headers = answer.is === 'object' ? answer.headers : undefined;
      let encoded: Encoded;
      try {
        encoded = encodeAnswer(
          answer,
          wantsPretty(request) ? { ...representation, pretty: true } : representation,
          includeObject(request.query),
          server.env.clock.now(),
        );
      } catch (e) {
        if (!(e instanceof StatusError)) throw e;
        encoded = encodeObject(e.code, e.status, { mediaType: 'application/json', version: 'v1', pretty: false });
      }
      return finish(request, res, encoded.status, encoded.contentType, encoded.body, headers);
    }
  }
}

/** People's programs get indented JSON unless they say otherwise. */
function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.get('pretty');
  if (asked !== null) return asked !== 'false' && asked !== '0';
  return /^(curl|Wget|Mozilla\/5\.0)/.test(String(request.headers['user-agent'] ?? ''));
}

async function finish(
  request: ApiRequest,
  res: Res,
  status: number,
  contentType: string,
  body: Uint8Array,
  headers?: Readonly<Record<string, string>>,
): Promise<void> {
  const r = res as http.ServerResponse;
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
  r.writeHead(status);
  r.end(request.method === 'HEAD' ? undefined : out);
}

function sendWatch(
  request: ApiRequest,
  answer: Extract<Answer, { is: 'watch' }>,
  representation: Representation,
  res: Res,
  server: ApiServer,
  signal: AbortSignal,
): Promise<void> {
  const r = res as http.ServerResponse;
  r.setHeader('Cache-Control', 'no-cache, private');
  r.setHeader('Content-Type', representation.mediaType === PROTOBUF ? `${PROTOBUF};stream=watch` : 'application/json');
  r.writeHead(200);
  r.flushHeaders?.();
  const { definition } = answer;
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
    // A client that does not read is cut off rather than buffered for without end.
    const limit = 64 * 1024 * 1024;
    answer.watch.listen(
      (items) => {
        for (const item of items) r.write(encodeEvent(item, context));
        if ((r.writableLength ?? 0) > limit) answer.watch.close();
      },
      () => {
        r.end();
        resolve();
      },
    );
    signal.addEventListener('abort', () => answer.watch.close(), { once: true });
    if (signal.aborted) answer.watch.close();
  });
}

async function sendStream(answer: Extract<Answer, { is: 'stream' }>, res: Res): Promise<void> {
  const r = res as http.ServerResponse;
  for (const [k, v] of Object.entries(answer.headers)) r.setHeader(k, v as string);
  r.writeHead(answer.status);
  r.flushHeaders?.();
  try {
    for await (const chunk of answer.body) {
      if (r.destroyed || r.writableEnded) break;
      if (!r.write(chunk))
        await new Promise<void>((resolve) => {
          r.once('drain', resolve);
          r.once('close', resolve);
        });
    }
  } finally {
    r.end();
  }
}
