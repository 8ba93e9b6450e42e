/** HTTP/1.1 on a plain byte stream, for port-forwards into simulated containers: one request after the other until the client ends. Pure. */
import type { SimulatedRequest, SimulatedResponse } from './behaviour.js';

const MAX_HEAD = 64 * 1024;
const MAX_BODY = 16 * 1024 * 1024;
const text = new TextDecoder();
const utf8 = new TextEncoder();

class Reader {
  private buffer: Uint8Array = new Uint8Array(0);
  private readonly iterator: AsyncIterator<Uint8Array>;
  constructor(input: AsyncIterable<Uint8Array>) {
    this.iterator = input[Symbol.asyncIterator]();
  }

  private async more(): Promise<boolean> {
    const { value, done } = await this.iterator.next();
    if (done) return false;
    const joined = new Uint8Array(this.buffer.length + value.length);
    joined.set(this.buffer);
    joined.set(value, this.buffer.length);
    this.buffer = joined;
    return true;
  }

  /** Up to and without the mark; undefined at the end. */
  async until(mark: string, limit: number): Promise<string | undefined> {
    for (;;) {
      const at = text.decode(this.buffer).indexOf(mark);
      if (at >= 0) {
        const found = text.decode(this.buffer.subarray(0, at));
        this.buffer = this.buffer.slice(at + mark.length);
        return found;
      }
      if (this.buffer.length > limit) throw new Error('request head is too large');
      if (!(await this.more())) return undefined;
    }
  }

  async take(n: number): Promise<Uint8Array> {
    if (n > MAX_BODY) throw new Error('request body is too large');
    while (this.buffer.length < n) if (!(await this.more())) throw new Error('request body ends early');
    const out = this.buffer.slice(0, n);
    this.buffer = this.buffer.slice(n);
    return out;
  }
}

async function readBody(reader: Reader, headers: Record<string, string>): Promise<Uint8Array> {
  if (headers['transfer-encoding']?.toLowerCase() !== 'chunked') return reader.take(Number(headers['content-length'] ?? 0));
  const parts: Uint8Array[] = [];
  for (;;) {
    const size = Number.parseInt((await reader.until('\r\n', MAX_HEAD)) ?? '0', 16);
    if (!size) break;
    parts.push(await reader.take(size));
    await reader.until('\r\n', MAX_HEAD);
  }
  await reader.until('\r\n', MAX_HEAD);
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

export async function serveHttp(
  input: AsyncIterable<Uint8Array>,
  output: (chunk: Uint8Array) => Promise<void>,
  port: number,
  handler: (r: SimulatedRequest) => Promise<SimulatedResponse>,
): Promise<void> {
  const reader = new Reader(input);
  for (let head = await reader.until('\r\n\r\n', MAX_HEAD); head !== undefined; head = await reader.until('\r\n\r\n', MAX_HEAD)) {
    const [first = '', ...lines] = head.trimStart().split('\r\n');
    const [method = 'GET', path = '/'] = first.split(' ');
    const headers: Record<string, string> = {};
    for (const l of lines) {
      const colon = l.indexOf(':');
      if (colon > 0) headers[l.slice(0, colon).toLowerCase()] = l.slice(colon + 1).trim();
    }
    const body = await readBody(reader, headers);
    const answer = await handler({ method, path, headers, body, port });
    await output(render(answer, method === 'HEAD'));
    if (headers.connection?.toLowerCase() === 'close') return;
  }
}

function render(r: SimulatedResponse, headOnly: boolean): Uint8Array {
  const body = typeof r.body === 'string' ? utf8.encode(r.body) : (r.body ?? new Uint8Array(0));
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...r.headers, 'content-length': String(body.length) };
  const head = utf8.encode(
    `HTTP/1.1 ${r.status ?? 200} ${r.status && r.status >= 400 ? 'Error' : 'OK'}\r\n${Object.entries(headers)
      .map(([k, v]) => `${k}: ${v}\r\n`)
      .join('')}\r\n`,
  );
  if (headOnly) return head;
  const out = new Uint8Array(head.length + body.length);
  out.set(head);
  out.set(body, head.length);
  return out;
}
