/**
 * The etcd server: gRPC and a few HTTP pages on each client URL. Connections are told apart by their first bytes (or, with TLS, by ALPN):
 * HTTP/2 goes to our own framing, everything else to Node's HTTP/1.1 server.
 */
import { createHash } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { maintenanceOf } from '../../store/maintenance.js';
import type { Store } from '../../store/store.js';
import type { Component, Env } from '../../util/component.js';
import { type ConnectionLimits, limitConnections } from '../../util/connection-limits.js';
import { AlarmBook } from '../alarms.js';
import { Auth, type AuthOptions, DEFAULT_AUTH } from '../auth/auth.js';
import { DEFAULT_LIMITS, type EtcdContext, type EtcdLimits } from '../context.js';
import { CallCounts } from '../grpc/call-counts.js';
import { acceptGrpc, type Peer, type Served } from '../grpc/router.js';
import { type Page, page } from '../http-pages.js';
import { Http2Connection, type StreamHandler } from '../http2/connection.js';
import { Code } from '../http2/frames.js';
import { encodeHeaders, type Headers } from '../http2/hpack.js';
import type { ServerStream } from '../http2/stream.js';
import type { Traffic } from '../metrics.js';
import { allMethods } from '../services/all.js';
import { type EtcdTls, tlsOptions } from './tls.js';

export interface EtcdServerOptions {
  readonly store: Store;
  readonly env: Env;
  /** `http://HOST:PORT` or `https://HOST:PORT`; port 0 takes any. */
  readonly listen: readonly string[];
  /** Further URLs, of the HTTP pages alone. */
  readonly listenMetrics?: readonly string[];
  /** Needed where a URL is https. */
  readonly tls?: EtcdTls;
  readonly name?: string;
  readonly advertiseClientUrls?: readonly string[];
  readonly peerUrls?: readonly string[];
  /** Default: kept with the store, made on first start. */
  readonly clusterId?: bigint;
  readonly memberId?: bigint;
  readonly limits?: Partial<EtcdLimits>;
  /** Of each URL. Absent: as many as the process may open. */
  readonly connections?: ConnectionLimits;
  readonly auth?: Partial<AuthOptions>;
}

/** Time that a client has to say what it speaks. */
const HELLO_MS = 10_000;
/** Time that running calls have to end when the server stops. */
const DRAIN_MS = 1_000;
/** What a message may have around a request of the size allowed. */
const AROUND_REQUEST = 512 * 1024;

const served = (methods: Served['methods'], maxRequestBytes = 0): Served => ({
  methods,
  counts: new CallCounts(methods),
  maxMessage: maxRequestBytes + AROUND_REQUEST,
});
const NO_CALLS = served(new Map());

const IGNORE: StreamHandler = { data() {}, end() {}, gone() {} };
const PREFACE_START = Buffer.from('PRI * HTTP/2');

export class EtcdServer implements Component {
  readonly name = 'etcd';
  private context: EtcdContext | undefined;
  private readonly servers: net.Server[] = [];
  private readonly sockets = new Set<net.Socket>();
  private readonly connections = new Set<Http2Connection>();
  private readonly http1 = http.createServer((request, response) => void this.onHttp1(request, response));
  private readonly counted = { received: 0, sent: 0 };
  private calls = NO_CALLS;
  private urls_: string[] = [];
  private metricsUrls_: string[] = [];

  constructor(private readonly options: EtcdServerOptions) {}

  /** Where it listens, with the real ports. */
  get urls(): readonly string[] {
    return this.urls_;
  }

  get metricsUrls(): readonly string[] {
    return this.metricsUrls_;
  }

  async start(): Promise<void> {
    const { options } = this;
    const context = await makeContext(options, () => this.urls_);
    this.context = context;
    this.calls = served(allMethods(context), context.limits.maxRequestBytes);
    try {
      for (const url of options.listen) this.urls_.push(await this.listen(new URL(url), this.calls));
      for (const url of options.listenMetrics ?? []) this.metricsUrls_.push(await this.listen(new URL(url), NO_CALLS));
    } catch (e) {
      await this.stop();
      throw e;
    }
    options.env.log.info('etcd listens', { urls: this.urls_ });
  }

  async stop(): Promise<void> {
    const closed = this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const connection of this.connections) connection.shutdown();
    this.http1.close();
    // Watches never end by themselves.
    const timer = this.options.env.clock.after(DRAIN_MS, () => this.cutAll());
    if ([...this.connections].every((c) => c.openStreams === 0)) this.cutAll();
    await Promise.all(closed);
    timer.cancel();
    this.servers.length = 0;
    this.urls_ = [];
    this.metricsUrls_ = [];
  }

  private cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async listen(url: URL, calls: Served): Promise<string> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`cannot listen on ${url.href}: only http and https URLs`);
    const secure = url.protocol === 'https:';
    if (secure && !this.options.tls) throw new Error(`${url.href} needs --cert-file and --key-file`);
    const server = secure
      ? tls.createServer(tlsOptions(this.options.tls!), (socket) => {
          if (socket.alpnProtocol === 'h2') this.serveHttp2(socket, calls, undefined);
          else this.sniff(socket, calls);
        })
      : net.createServer((socket) => this.sniff(socket, calls));
    if (this.options.connections) limitConnections(server, this.options.connections);
    server.on('connection', (socket: net.Socket) => this.track(socket));
    server.on('tlsClientError', (error: Error) => this.options.env.log.debug('TLS handshake failed', { error: error.message }));
    const host = url.hostname.replace(/^\[|\]$/g, '');
    await new Promise<void>((resolve, reject) => {
      server.once('error', (e: NodeJS.ErrnoException) =>
        reject(e.code === 'EADDRINUSE' ? new Error(`cannot listen on ${url.host}: another process does`) : e),
      );
      server.listen({ host: host === '' ? undefined : host, port: Number(url.port || 2379), backlog: 1024 }, resolve);
    });
    this.servers.push(server);
    const { port } = server.address() as net.AddressInfo;
    return `${url.protocol}//${url.hostname}:${port}`;
  }

  private track(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.counted.received += socket.bytesRead;
      this.counted.sent += socket.bytesWritten;
    });
  }

  /** Waits for enough bytes to tell HTTP/2 from HTTP/1.1. */
  private sniff(socket: net.Socket, calls: Served): void {
    let seen: Buffer = Buffer.alloc(0);
    const timer = this.options.env.clock.after(HELLO_MS, () => socket.destroy());
    const onData = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, PREFACE_START.length);
      const isHttp2 = seen.compare(PREFACE_START, 0, length, 0, length) === 0;
      if (isHttp2 && length < PREFACE_START.length) return;
      timer.cancel();
      socket.off('data', onData);
      if (isHttp2) {
        this.serveHttp2(socket, calls, seen);
        return;
      }
      socket.pause();
      this.http1.emit('connection', socket);
      socket.unshift(seen);
      socket.resume();
    };
    socket.on('data', onData);
    socket.once('close', () => timer.cancel());
    socket.on('error', () => socket.destroy());
  }

  private serveHttp2(socket: net.Socket, calls: Served, first: Buffer | undefined): void {
    const peer = this.options.tls?.clientCertAuth ? peerOf(socket) : undefined;
    const connection = new Http2Connection(
      {
        write: (bytes) => socket.write(bytes),
        close: () => socket.end(),
        // After the promises that are ready: their answers go out in the same write.
        soon: (fn) => process.nextTick(fn),
      },
      (stream, headers) => {
        if (headers.get(':method') === 'POST') return acceptGrpc(calls, stream, headers, peer);
        this.onHttp2Page(stream, headers).catch(() => stream.reset(Code.internal));
        return IGNORE;
      },
      (message) => this.options.env.log.debug('HTTP/2 connection failed', { error: message }),
    );
    this.connections.add(connection);
    socket.on('data', (chunk: Buffer) => connection.receive(plain(chunk)));
    socket.on('drain', () => connection.drained());
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.connections.delete(connection);
      connection.ended();
    });
    if (first) connection.receive(plain(first));
  }

  private get traffic(): Traffic {
    let { received, sent } = this.counted;
    for (const socket of this.sockets) {
      received += socket.bytesRead;
      sent += socket.bytesWritten;
    }
    return { connections: this.sockets.size, bytesReceived: received, bytesSent: sent, calls: this.calls.counts };
  }

  /** A page for a client that speaks HTTP/2 (curl does over TLS). */
  private async onHttp2Page(stream: ServerStream, headers: Headers): Promise<void> {
    const method = headers.get(':method') ?? '';
    const {
      status,
      type,
      body,
      headers: further = {},
    }: Page = await page(this.context!, method, headers.get(':path') ?? '/', this.traffic);
    const bytes = Buffer.from(method === 'HEAD' ? '' : body);
    const block = encodeHeaders([
      [':status', String(status)],
      ['content-type', type],
      ['content-length', String(Buffer.byteLength(body))],
      ...Object.entries(further),
    ]);
    stream.headers(block, bytes.length === 0);
    if (bytes.length === 0) return;
    stream.data(bytes);
    stream.endData();
  }

  private async onHttp1(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const { status, type, body, headers }: Page = await page(this.context!, request.method ?? 'GET', request.url ?? '/', this.traffic);
      response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch (e) {
      response.writeHead(500).end(`${(e as Error).message}\n`);
    }
  }
}

/** Only a certificate that was asked for and checked says who the peer is. */
function peerOf(socket: net.Socket): Peer | undefined {
  if (!(socket instanceof tls.TLSSocket) || !socket.authorized) return undefined;
  const name: string | string[] | undefined = socket.getPeerCertificate().subject?.CN;
  // A certificate without a name is nobody's.
  return { commonName: (typeof name === 'string' ? name : name?.at(-1)) || undefined };
}

/** The same bytes as no Buffer, whose `slice` would not copy. */
const plain = (b: Buffer): Uint8Array => new Uint8Array(b.buffer, b.byteOffset, b.byteLength);

const IDENTITY = 'etcd/identity';

/** Cluster, member and term: kept with the store, so that a client sees the same cluster after a restart. */
async function makeContext(options: EtcdServerOptions, urls: () => readonly string[]): Promise<EtcdContext> {
  const { store, env } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const maintenance = maintenanceOf(store);
  const kept = maintenance?.note(IDENTITY);
  const words = kept ? [...new BigUint64Array(kept.slice().buffer)] : [randomId(env), randomId(env), 1n];
  const clusterId = options.clusterId ?? words[0]!;
  const memberId = options.memberId ?? words[1]!;
  const raftTerm = words[2]! + 1n;
  await maintenance?.setNote(IDENTITY, new Uint8Array(BigUint64Array.of(clusterId, memberId, raftTerm).buffer));
  return {
    store,
    env,
    clusterId,
    memberId,
    raftTerm,
    name: options.name ?? 'default',
    get clientUrls() {
      return options.advertiseClientUrls ?? urls();
    },
    peerUrls: options.peerUrls ?? ['http://localhost:2380'],
    alarms: new AlarmBook(store, limits.quotaBackendBytes),
    auth: new Auth(store, env, { ...DEFAULT_AUTH, ...options.auth }),
    limits,
    sha256: () => createHash('sha256'),
  };
}

function randomId(env: Env): bigint {
  let id = 0n;
  for (const b of env.random.bytes(8)) id = (id << 8n) | BigInt(b);
  return id;
}
