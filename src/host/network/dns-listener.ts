/** DNS over UDP and TCP, and the machine's own resolvers behind it. */
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { MAX_QUERY } from '../../network/dns/message.js';
import type { DnsListener, Upstream } from '../../network/dns/server.js';
import { type ConnectionLimits, limitConnections } from '../../util/connection-limits.js';
import { Gathered } from '../../util/gathered.js';
import { descriptors } from '../descriptors.js';

type AnswerQuery = Parameters<DnsListener['listen']>[0];

const IDLE_MS = 10_000;
const MAX_CONNECTIONS = 1024;
const MAX_CONNECTIONS_OF_ONE = 32;
/** Questions of one connection that are under way, and bytes that wait for a client that does not read. */
const MAX_OPEN = 32;
const MAX_UNREAD = 256 * 1024;
/** Datagrams under way; what comes beyond is dropped, as the kernel would. */
const MAX_DATAGRAMS = 1024;

export interface DnsListenerOptions {
  /** Who is answered; absent: everybody. What others send costs no answer. */
  readonly serves?: (address: string) => boolean;
  readonly limits?: Partial<ConnectionLimits>;
}

export class SocketDnsListener implements DnsListener {
  private udp?: dgram.Socket;
  private tcp?: net.Server;
  private readonly sockets = new Set<net.Socket>();
  private datagrams = 0;

  constructor(
    private readonly host: string,
    private readonly wanted: number,
    private readonly options: DnsListenerOptions = {},
  ) {}

  /** The one that was asked for, or, for 0, that was found. */
  get port(): number {
    return this.udp?.address().port ?? this.wanted;
  }

  async listen(answer: AnswerQuery): Promise<void> {
    const udp = dgram.createSocket(this.host.includes(':') ? 'udp6' : 'udp4');
    this.udp = udp;
    const { serves = () => true, limits } = this.options;
    udp.on('message', (query, from) => {
      if (this.datagrams >= MAX_DATAGRAMS || !serves(from.address)) return;
      this.datagrams++;
      answer(query, { address: from.address, overTcp: false })
        .then((a) => a && udp.send(a, from.port, from.address, () => undefined))
        .catch(() => undefined)
        .finally(() => this.datagrams--);
    });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(this.wanted, this.host, () => {
        udp.off('error', reject);
        udp.on('error', () => undefined);
        resolve();
      });
    });
    this.tcp = net.createServer((s) => {
      if (serves(s.remoteAddress ?? '')) this.serve(s, answer);
      else s.destroy();
    });
    limitConnections(this.tcp, { total: descriptors(MAX_CONNECTIONS), perClient: MAX_CONNECTIONS_OF_ONE, idleMs: IDLE_MS, ...limits });
    await new Promise<void>((resolve, reject) => {
      this.tcp!.once('error', reject);
      this.tcp!.listen(this.port, this.host, resolve);
    });
  }

  async close(): Promise<void> {
    for (const s of this.sockets) s.destroy();
    await new Promise<void>((resolve) => (this.udp ? this.udp.close(() => resolve()) : resolve()));
    await new Promise<void>((resolve) => (this.tcp ? this.tcp.close(() => resolve()) : resolve()));
  }

  /** Each message is preceded by its length in two bytes. */
  private serve(s: net.Socket, answer: AnswerQuery): void {
    if (s.destroyed) return;
    this.sockets.add(s);
    s.on('close', () => this.sockets.delete(s));
    s.on('error', () => undefined);
    const from = { address: s.remoteAddress ?? '', overTcp: true };
    const waiting = new Gathered();
    let open = 0;
    const take = () => {
      while (open < MAX_OPEN && waiting.length >= 2) {
        const length = lengthOf(waiting.held());
        if (length > MAX_QUERY) {
          s.destroy();
          return;
        }
        if (waiting.length < 2 + length) return;
        const query = waiting.take(2 + length).subarray(2);
        open++;
        answer(query, from)
          .then((a) => {
            if (a) s.write(framed(a));
            if (s.writableLength > MAX_UNREAD) s.destroy();
          })
          .catch(() => s.destroy())
          .finally(() => {
            open--;
            take();
            if (open < MAX_OPEN) s.resume();
          });
      }
      if (open >= MAX_OPEN) s.pause();
    };
    s.on('data', (chunk) => {
      waiting.push(chunk);
      take();
    });
  }
}

const lengthOf = (message: Uint8Array): number => message[0]! * 256 + message[1]!;

const framed = (m: Uint8Array): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(m.length);
  return Buffer.concat([head, m]);
};

const TIMEOUT_MS = 2_000;
const DNS = 53;
type Accept = (answer: Uint8Array) => boolean;

/** The resolvers of resolv.conf, one after another. */
export class SystemResolvers implements Upstream {
  constructor(
    private readonly file = '/etc/resolv.conf',
    private readonly except: readonly string[] = [],
    private readonly port = DNS,
  ) {}

  async ask(query: Uint8Array, accept: Accept, overTcp: boolean): Promise<Uint8Array> {
    let last: Error = new Error('no resolver is configured');
    for (const server of this.servers()) {
      try {
        return await (overTcp ? onceOverTcp : once)(server, this.port, query, accept);
      } catch (e) {
        last = e as Error;
      }
    }
    throw last;
  }

  private servers(): string[] {
    try {
      return [...fs.readFileSync(this.file, 'utf8').matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
        .map((m) => m[1]!)
        .filter((s) => !this.except.includes(s));
    } catch {
      return [];
    }
  }
}

function onceOverTcp(server: string, port: number, query: Uint8Array, accept: Accept): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: server, port });
    const done = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`${server} did not answer in ${TIMEOUT_MS / 1000} s`))), TIMEOUT_MS);
    const got = new Gathered();
    socket.on('connect', () => socket.write(framed(query)));
    socket.on('data', (chunk) => {
      got.push(chunk);
      if (got.length < 2) return;
      const length = lengthOf(got.held());
      if (got.length < 2 + length) return;
      const answer = got.take(2 + length).subarray(2);
      done(() => (accept(answer) ? resolve(answer) : reject(new Error(`${server} answered another question`))));
    });
    socket.on('error', (e) => done(() => reject(e)));
    socket.on('end', () => done(() => reject(new Error(`${server} closed the connection without an answer`))));
  });
}

/** A socket for each question, at a port that the kernel picks at random, and connected: it hears the one resolver alone. */
function once(server: string, port: number, query: Uint8Array, accept: Accept): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(server.includes(':') ? 'udp6' : 'udp4');
    let over = false;
    const done = (act: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.close();
      act();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`${server} did not answer in ${TIMEOUT_MS / 1000} s`))), TIMEOUT_MS);
    // What is no answer is somebody else's try: the right one may still come.
    socket.on('message', (m) => accept(m) && done(() => resolve(m)));
    socket.on('error', (e) => done(() => reject(e)));
    socket.connect(port, server, () => !over && socket.send(query, (e) => e && done(() => reject(e))));
  });
}
