/** Probes and hooks over the real network, with failures in the words of Go's net package, which events show. */

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { Client, credentials, status as grpcStatus } from '@grpc/grpc-js';
import type { HttpProbeAnswer, HttpProbeRequest, ProbeTransport } from '../../kubelet/host.js';
import { realClock } from '../../util/clock.js';
import { table } from '../../util/own.js';
import { protoCodec } from '../containerd/proto.js';

const MAX_BODY = 10 * 1024;
const MAX_REDIRECTS = 10;
const DEFAULT_PORTS: Readonly<Record<string, number>> = table({ 'http:': 80, 'https:': 443 });

const WORDS: Readonly<Record<string, string>> = table({
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'read: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
});

const address = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function dialError(e: NodeJS.ErrnoException, host: string, port: number): string {
  if (e.code === 'ENOTFOUND' || e.code === 'EAI_AGAIN') return `dial tcp: lookup ${host}: no such host`;
  const words = WORDS[e.code ?? ''];
  if (e.code === 'ECONNRESET') return `${words}`;
  return words ? `dial tcp ${address(host, port)}: ${words}` : e.message === 'socket hang up' ? 'EOF' : e.message;
}

function once(url: URL, request: HttpProbeRequest): Promise<HttpProbeAnswer & { location?: string }> {
  const host = url.hostname;
  const port = Number(url.port) || DEFAULT_PORTS[url.protocol]!;
  const shown = `${url.protocol}//${address(host, port)}${url.pathname}${url.search}`;
  return new Promise((resolve, reject) => {
    const headers = Object.create(null) as Record<string, string | string[]>;
    for (const h of request.headers) {
      const key = h.name.toLowerCase();
      const before = headers[key];
      headers[key] = before === undefined ? h.value : [...(Array.isArray(before) ? before : [before]), h.value];
    }
    headers['user-agent'] ??= request.userAgent;
    headers.accept ??= '*/*';
    if (headers.accept === '') delete headers.accept;
    const options = { method: 'GET', headers, agent: false as const, rejectUnauthorized: false };
    const fail = (e: NodeJS.ErrnoException) => reject(new Error(`Get ${JSON.stringify(shown)}: ${dialError(e, host, port)}`));
    const call = (url.protocol === 'https:' ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = () => {
        timer.cancel();
        const body = Buffer.concat(chunks).subarray(0, MAX_BODY).toString();
        resolve({ status: response.statusCode ?? 0, body, ...(response.headers.location ? { location: response.headers.location } : {}) });
        call.destroy();
      };
      response.on('data', (c: Buffer) => {
        chunks.push(c);
        size += c.length;
        if (size >= MAX_BODY) done();
      });
      response.on('end', done);
      response.on('error', fail);
    });
    // Not setTimeout: it fires at once for what is more than 24 days.
    const timer = realClock.after(request.timeoutMs, () => {
      const what =
        call.socket?.connecting === false
          ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
          : `dial tcp ${address(host, port)}: i/o timeout (Client.Timeout exceeded while awaiting headers)`;
      reject(new Error(`Get ${JSON.stringify(shown)}: ${what}`));
      call.destroy();
    });
    call.on('error', (e) => {
      timer.cancel();
      fail(e);
    });
    call.end();
  });
}

export class NetworkProbes implements ProbeTransport {
  async http(request: HttpProbeRequest): Promise<HttpProbeAnswer> {
    let url = new URL(`${request.scheme.toLowerCase()}://${address(request.host, request.port)}${request.path}`);
    for (let i = 0; ; i++) {
      const answer = await once(url, request);
      const next = answer.location && answer.status >= 300 && answer.status < 400 ? new URL(answer.location, url) : undefined;
      // A redirect to another host is an answer, and not followed.
      if (!next || next.hostname !== url.hostname) return answer;
      if (i === MAX_REDIRECTS) throw new Error(`Get ${JSON.stringify(next.toString())}: stopped after ${MAX_REDIRECTS} redirects`);
      url = next;
    }
  }

  tcp(host: string, port: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port });
      const timer = realClock.after(timeoutMs, () => {
        socket.destroy();
        reject(new Error(`dial tcp ${address(host, port)}: i/o timeout`));
      });
      socket.on('connect', () => {
        timer.cancel();
        socket.destroy();
        resolve();
      });
      socket.on('error', (e) => {
        timer.cancel();
        reject(new Error(dialError(e, host, port)));
      });
    });
  }

  grpc(host: string, port: number, service: string, timeoutMs: number): Promise<number> {
    const client = new Client(address(host, port), credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
      'grpc.primary_user_agent': 'kube-probe/1.36',
    });
    return new Promise<number>((resolve, reject) => {
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        (m: { service: string }) => health.encode('HealthCheckRequest', m),
        (b: Buffer) => health.decode('HealthCheckResponse', b),
        { service },
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (!error) resolve(Number(answer?.status ?? 0));
          else if (error.code === grpcStatus.UNIMPLEMENTED)
            reject(new Error(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`));
          else if (error.code === grpcStatus.DEADLINE_EXCEEDED)
            reject(new Error(`timeout: health rpc did not complete within ${timeoutMs / 1000}s`));
          else reject(new Error(`error: health rpc probe failed: ${error.details}`));
        },
      );
    }).finally(() => client.close());
  }
}

/** grpc.health.v1. Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
const health = protoCodec(`
HealthCheckRequest: service=1 string
HealthCheckResponse: status=1 int32
`);
