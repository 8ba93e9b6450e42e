/** HTTP/1.1 on a plain byte stream, for port-forwards into simulated containers: one request after the other until the client ends. Pure. */
import { Gathered } from '../../util/gathered.js';
import type { SimulatedRequest, SimulatedResponse } from './behaviour.js';

const MAX_HEAD = 64 * 1024;
const MAX_BODY = 16 * 1024 * 1024;
const text = new TextDecoder();
const utf8 = new TextEncoder();

class Reader {
  private readonly waiting = new Gathered();
  private readonly iterator: AsyncIterator<Uint8Array>;
  constructor(input: AsyncIterable<Uint8Array>) {
    this.iterator = input[Symbol.asyncIterator]();
  }

  private async more(): Promise<boolean> {
    const { value, done } = await this.iterator.next();
    if (done) return false;
    this.waiting.push(value);
    return true;
  }

  /** Up to and without the mark; undefined at the end. */
  async until(mark: string, limit: number): Promise<string | undefined> {
    for (let from = 0; ; ) {
      const at = indexOf(this.waiting.held(), mark, from);
      if (at >= 0) return text.decode(this.waiting.take(at + mark.length).subarray(0, at));
      if (this.waiting.length > limit) throw new Error('request head is too large');
      // Half of the mark may be there.
      from = Math.max(0, this.waiting.length - mark.length + 1);
      if (!(await this.more())) return undefined;
    }
  }

  async take(n: number): Promise<Uint8Array> {
    if (n > MAX_BODY) throw new Error('request body is too large');
    while (this.waiting.length < n) if (!(await this.more())) throw new Error('request body ends early');
    return this.waiting.take(n);
  }
}

/** Where a text of ASCII begins, from a place on. */
function indexOf(bytes: Uint8Array, mark: string, from: number): number {
  const first = mark.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let n = 1;
    while (n < mark.length && bytes[at + n] === mark.charCodeAt(n)) n++;
    if (n === mark.length) return at;
  }
  return -1;
}

function sizeOf(digits: string, base: 10 | 16): number {
  if (!(base === 10 ? /^\d+$/ : /^[\da-f]+$/i).test(digits)) throw new Error(`not a length: ${JSON.stringify(digits)}`);
  return Number.parseInt(digits, base);
}

async function readBody(reader: Reader, headers: Record<string, string>): Promise<Uint8Array> {
  if (headers['transfer-encoding']?.toLowerCase() !== 'chunked') return reader.take(sizeOf(headers['content-length'] ?? '0', 10));
  const body = new Gathered();
  for (;;) {
    const size = sizeOf(((await reader.until('\r\n', MAX_HEAD)) ?? '0').split(';')[0]!.trim(), 16);
    if (!size) break;
    if (body.length + size > MAX_BODY) throw new Error('request body is too large');
    body.push(await reader.take(size));
    await reader.until('\r\n', MAX_HEAD);
  }
  await reader.until('\r\n', MAX_HEAD);
  return body.take(body.length);
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
