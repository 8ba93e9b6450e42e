/** DNS over UDP and TCP, and the machine's own resolvers behind it. */
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import type { DnsListener, Upstream } from '../../network/dns/server.js';

type AnswerQuery = Parameters<DnsListener['listen']>[0];

export class SocketDnsListener implements DnsListener {
  private udp?: dgram.Socket;
  private tcp?: net.Server;
  private readonly sockets = new Set<net.Socket>();

  constructor(
    private readonly host: string,
    readonly port: number,
  ) {}

  async listen(answer: AnswerQuery): Promise<void> {
    const udp = dgram.createSocket(this.host.includes(':') ? 'udp6' : 'udp4');
    this.udp = udp;
    udp.on('message', (query, from) => {
      answer(query, false)
        .then((a) => a && udp.send(a, from.port, from.address, () => undefined))
        .catch(() => undefined);
    });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(this.port, this.host, () => {
        udp.off('error', reject);
        udp.on('error', () => undefined);
        resolve();
      });
    });
    this.tcp = net.createServer((s) => this.serve(s, answer));
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
    this.sockets.add(s);
    s.on('close', () => this.sockets.delete(s));
    s.on('error', () => undefined);
    let rest = Buffer.alloc(0);
    s.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const query = rest.subarray(2, 2 + rest.readUInt16BE(0));
        rest = rest.subarray(2 + query.length);
        answer(query, true)
          .then((a) => {
            if (!a) return;
            const head = Buffer.alloc(2);
            head.writeUInt16BE(a.length);
            s.write(Buffer.concat([head, a]));
          })
          .catch(() => s.destroy());
      }
    });
  }
}

const TIMEOUT_MS = 2_000;

/** The resolvers of resolv.conf, one after another. */
export class SystemResolvers implements Upstream {
  constructor(
    private readonly file = '/etc/resolv.conf',
    private readonly except: readonly string[] = [],
  ) {}

  async ask(query: Uint8Array, overTcp = false): Promise<Uint8Array> {
    let last: Error = new Error('no resolver is configured');
    for (const server of this.servers()) {
      try {
        return await (overTcp ? onceOverTcp : once)(server, query);
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

function onceOverTcp(server: string, query: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: server, port: 53 });
    const done = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`${server} did not answer in ${TIMEOUT_MS / 1000} s`))), TIMEOUT_MS);
    let got = Buffer.alloc(0);
    socket.on('connect', () => {
      const head = Buffer.alloc(2);
      head.writeUInt16BE(query.length);
      socket.write(Buffer.concat([head, query]));
    });
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) done(() => resolve(got.subarray(2, 2 + got.readUInt16BE(0))));
    });
    socket.on('error', (e) => done(() => reject(e)));
    socket.on('end', () => done(() => reject(new Error(`${server} closed the connection without an answer`))));
  });
}

function once(server: string, query: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(server.includes(':') ? 'udp6' : 'udp4');
    const done = (act: () => void) => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    const timer = setTimeout(() => done(() => reject(new Error(`${server} did not answer in ${TIMEOUT_MS / 1000} s`))), TIMEOUT_MS);
    socket.on('message', (m) => done(() => resolve(m)));
    socket.on('error', (e) => done(() => reject(e)));
    socket.send(query, 53, server, (e) => e && done(() => reject(e)));
  });
}
