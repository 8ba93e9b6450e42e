/** Connections from the API server to kubelets and to what it proxies: plain requests, and upgraded ones passed through byte by byte. */
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isGlobalUnicast } from '../../meta/ip.js';
import type { Clock } from '../../util/clock.js';
import type { ApiRequest } from '../request.js';
import type { ApiServer } from '../server.js';
import { outwardHeaders } from '../subresources/proxy.js';
import type { Backends, StreamTarget } from '../subresources/targets.js';

export interface KubeletCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Checks the kubelet's serving certificate; absent: not checked, as without --kubelet-certificate-authority. */
  readonly ca?: string;
}

/** For the far end to begin its answer. */
const ANSWER_MS = 30_000;

export class SocketBackends implements Backends {
  private readonly agent: https.Agent;
  private readonly plain = new http.Agent({ keepAlive: true });
  private readonly foreign = new https.Agent({ keepAlive: true, ...UNVERIFIED });
  private readonly kubelets: Pick<https.AgentOptions, 'cert' | 'key' | 'ca' | 'rejectUnauthorized'>;

  constructor(
    { certificate, key, ca }: KubeletCredentials,
    private readonly clock: Clock,
  ) {
    this.kubelets = { cert: certificate, key, ca, rejectUnauthorized: ca !== undefined };
    this.agent = new https.Agent({ keepAlive: true, ...this.kubelets });
  }

  fetch(target: StreamTarget, request: Parameters<Backends['fetch']>[1]): ReturnType<Backends['fetch']> {
    return new Promise((resolve, reject) => {
      const req = this.request(target, { method: request.method, headers: request.headers, signal: request.signal }, (res) => {
        resolve({ status: res.statusCode ?? 502, headers: res.headers as Record<string, string>, body: res });
      });
      req.on('error', (e) => reject(new Error(`${target.host}:${target.port}: ${e.message}`)));
      req.end(request.body);
    });
  }

  /** Opens the far connection, and joins both once it was upgraded. */
  join(target: StreamTarget, request: ApiRequest, client: Duplex, head: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { ...outwardHeaders(request), connection: 'Upgrade', upgrade: [request.headers.upgrade ?? []].flat().join(', ') };
      const req = this.request(target, { method: request.method, headers, agent: false }, (res) => {
        // Not upgraded: hand on what the far end says.
        writeHead(client, res.statusCode ?? 502, res.statusMessage ?? '', res.rawHeaders);
        res.pipe(client);
        res.on('end', () => resolve());
      });
      req.on('upgrade', (res, socket: Socket, farHead) => {
        writeHead(client, 101, res.statusMessage ?? 'Switching Protocols', res.rawHeaders);
        socket.setNoDelay(true);
        if (farHead.length) client.write(farHead);
        if (head.length) socket.write(head);
        client.pipe(socket).pipe(client);
        const end = () => {
          client.destroy();
          socket.destroy();
          resolve();
        };
        socket.on('error', end);
        socket.on('close', () => client.end());
        client.on('error', end);
        client.on('close', end);
      });
      // Whoever is gone waits for nobody.
      const gone = () => req.destroy(new Error('the client is gone'));
      client.once('close', gone);
      req.once('upgrade', () => client.off('close', gone));
      req.on('error', (e) => reject(e));
      req.end();
    });
  }

  close(): void {
    this.agent.destroy();
    this.plain.destroy();
    this.foreign.destroy();
  }

  /** The one way out: only a kubelet is shown the API server's certificate, and only addresses known in this process may be the machine's own. */
  private request(target: StreamTarget, o: http.RequestOptions, answer: (res: http.IncomingMessage) => void): http.ClientRequest {
    const req = this.open(target, o, answer);
    const late = this.clock.after(ANSWER_MS, () => req.destroy(new Error(`no answer in ${ANSWER_MS / 1000} s`)));
    for (const event of ['response', 'upgrade', 'close']) req.once(event, () => late.cancel());
    return req;
  }

  private open(target: StreamTarget, o: http.RequestOptions, answer: (res: http.IncomingMessage) => void): http.ClientRequest {
    const common = { host: target.host, port: target.port, path: target.path, ...o, ...(target.known ? {} : { lookup: globalLookup }) };
    if (!target.known && net.isIP(target.host) && !isGlobalUnicast(target.host)) throw new Error(NOT_ALLOWED);
    if (target.scheme === 'http') return http.request({ agent: this.plain, ...common }, answer);
    const tls = target.node === undefined ? UNVERIFIED : this.kubelets;
    return https.request(
      { agent: target.node === undefined ? this.foreign : this.agent, ...common, ...(o.agent === false ? tls : {}) },
      answer,
    );
  }
}

const NOT_ALLOWED = 'address not allowed';
/** What is proxied to has a certificate of its own making. */
const UNVERIFIED = { rejectUnauthorized: false } as const;

/** A name may stand for any address, and for another one the next time: those it stands for now are looked at as the connection is made. */
const globalLookup: net.LookupFunction = (name, options, done) => {
  dns.lookup(name, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '');
    if (!found.length || found.some(({ address }) => !isGlobalUnicast(address))) return done(new Error(NOT_ALLOWED), '');
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
};

function writeHead(to: Duplex, status: number, message: string, rawHeaders: readonly string[]): void {
  let head = `HTTP/1.1 ${status} ${message}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  to.write(`${head}\r\n`);
}

/** The listener's upgrade handler: refused with a Status, or joined with the far end. */
export const upgradeHandler =
  (server: ApiServer, backends: SocketBackends) =>
  async (request: ApiRequest, socket: Duplex, head: Uint8Array): Promise<void> => {
    const found = await server.upgrade(request);
    if ('refused' in found) {
      const body = `${JSON.stringify(found.refused)}\n`;
      socket.end(
        `HTTP/1.1 ${found.refused.code ?? 500} ${found.refused.reason ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${request.method === 'HEAD' ? '' : body}`,
      );
      return;
    }
    try {
      await backends.join(found.target, request, socket, head);
    } catch (e) {
      const body = `error dialing backend: ${(e as Error).message}\n`;
      socket.end(
        `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${request.method === 'HEAD' ? '' : body}`,
      );
    }
  };
