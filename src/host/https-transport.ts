/** The transport over HTTPS: keep-alive connections, JSON, watches as lines. */
import http from 'node:http';
import https from 'node:https';
import type { RawWatchEvent, Transport, TransportRequest, TransportResponse } from '../client/transport.js';
import { LineSplitter } from '../kubelet/logs/line.js';
import { type Status, StatusError } from '../meta/errors.js';
import { text } from '../util/bytes.js';

export interface HttpsTransportOptions {
  /** `https://host:port`, or `http://` for an insecure port. */
  readonly server: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Read anew for each request: bound tokens are renewed. */
  readonly token?: () => string | undefined;
  readonly insecureSkipVerify?: boolean;
}

/** Requests with no answer for this long are given up. Watches are not. */
const ANSWER_MS = 60_000;
const MAX_SOCKETS = 100;

export class HttpsTransport implements Transport {
  private readonly agent: http.Agent;
  private readonly url: URL;

  constructor(private readonly o: HttpsTransportOptions) {
    this.url = new URL(o.server);
    this.agent =
      this.url.protocol === 'http:'
        ? new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
        : new https.Agent({
            keepAlive: true,
            maxSockets: MAX_SOCKETS,
            ca: o.ca,
            cert: o.certificate,
            key: o.key,
            rejectUnauthorized: !o.insecureSkipVerify,
          });
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const res = await this.send(request, ANSWER_MS);
    const chunks: Buffer[] = [];
    for await (const c of res) chunks.push(c as Buffer);
    const body = Buffer.concat(chunks).toString();
    const json = (res.headers['content-type'] ?? '').startsWith('application/json');
    return { status: res.statusCode ?? 0, body: json && body ? JSON.parse(body) : body };
  }

  async *watch(request: TransportRequest): AsyncGenerator<RawWatchEvent> {
    const res = await this.send(request, 0);
    if (res.statusCode !== 200) {
      const chunks: Buffer[] = [];
      for await (const c of res) chunks.push(c as Buffer);
      const body = Buffer.concat(chunks).toString();
      let status: Status | undefined;
      try {
        status = JSON.parse(body) as Status;
      } catch {
        // Not a Status: a proxy's words.
      }
      throw status ? StatusError.from(status) : new StatusError(res.statusCode ?? 0, '', body);
    }
    const lines = new LineSplitter();
    try {
      for await (const chunk of res)
        for (const line of lines.push(chunk as Buffer)) if (line.length) yield JSON.parse(text(line)) as RawWatchEvent;
    } catch (e) {
      if (!request.signal?.aborted) throw e;
    } finally {
      res.destroy();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private send(r: TransportRequest, timeout: number): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers: http.OutgoingHttpHeaders = { accept: r.accept ?? 'application/json', ...(r.headers as http.OutgoingHttpHeaders) };
      const token = this.o.token?.();
      if (token) headers.authorization = `Bearer ${token}`;
      let payload: Buffer | undefined;
      if (r.body !== undefined) {
        payload = Buffer.from(typeof r.body === 'string' ? r.body : JSON.stringify(r.body));
        headers['content-type'] = r.contentType ?? 'application/json';
        headers['content-length'] = payload.length;
      }
      const send = this.url.protocol === 'http:' ? http.request : https.request;
      const req = send(
        {
          host: this.url.hostname,
          port: this.url.port || (this.url.protocol === 'http:' ? 80 : 443),
          path: r.path,
          method: r.method,
          headers,
          agent: this.agent,
          signal: r.signal,
        },
        (res) => {
          req.setTimeout(0);
          resolve(res);
        },
      );
      if (timeout) req.setTimeout(timeout, () => req.destroy(new Error(`${this.o.server}: no answer in ${timeout / 1000} s`)));
      req.on('error', (e) => reject(new Error(`${this.o.server}: ${e.message}`, { cause: e })));
      req.end(payload);
    });
  }
}
