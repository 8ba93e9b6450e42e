/**
 * Client of the streaming server that CRI's Exec, Attach and PortForward point to: SPDY/3.1 over an upgraded HTTP connection on loopback.
 * SPDY and not WebSocket, because only it can say that a client has ended its input.
 */
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { type PortStream, RuntimeError, type StdStreams, type TerminalSize } from '../../kubelet/runtime.js';
import { SpdySession, type SpdyStream } from '../../util/spdy/session.js';

const CONNECT_TIMEOUT_MS = 10_000;
const REMOTE_COMMAND = 'v4.channel.k8s.io';
const PORT_FORWARD = 'portforward.k8s.io';

export function writeAll(socket: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return resolve();
    socket.write(bytes, (e) => (e && !socket.destroyed ? reject(e) : resolve()));
  });
}

/** A SPDY client session on `url`. The connection goes when `signal` aborts. */
export function connectSpdy(url: string, protocol: string, signal: AbortSignal): Promise<SpdySession> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: 'POST',
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol },
      timeout: CONNECT_TIMEOUT_MS,
    });
    const fail = (why: string) => reject(new RuntimeError('Unavailable', `streaming connection to the runtime: ${why}`));
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', (e) => fail(e.message));
    request.on('response', (response) => {
      let body = '';
      response.on('data', (c: Buffer) => {
        body += c.toString();
      });
      response.on('end', () => fail(`${response.statusCode} ${body.trim()}`));
    });
    request.on('upgrade', (_response, socket, head) => {
      const session = new SpdySession({ side: 'client', send: (b) => writeAll(socket, b), onClose: () => socket.destroy() });
      const drop = () => session.close();
      signal.addEventListener('abort', drop, { once: true });
      socket.on('error', () => socket.destroy());
      // The session ends with the last byte that was read, not with the socket: what it still held would be lost.
      void pump(socket, head, session).finally(() => signal.removeEventListener('abort', drop));
      if (signal.aborted) drop();
      resolve(session);
    });
    request.end();
  });
}

/** Feeds the session until the connection ends; a session that cannot take more stops the reading. */
async function pump(socket: Duplex, head: Buffer, session: SpdySession): Promise<void> {
  try {
    if (head.length) await session.receive(head);
    for await (const chunk of socket) await session.receive(chunk as Buffer);
  } catch {
    // cut off, or not SPDY: the streams end either way
  } finally {
    session.close();
  }
}

async function collect(stream: SpdyStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const c of stream.input) chunks.push(c);
  return Buffer.concat(chunks);
}

async function copyOut(stream: SpdyStream, to: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of stream.input) await to(chunk);
}

async function copyIn(from: AsyncIterable<Uint8Array>, stream: SpdyStream): Promise<void> {
  for await (const chunk of from) await stream.write(chunk);
  await stream.end();
}

async function sendSizes(sizes: AsyncIterable<TerminalSize>, stream: SpdyStream): Promise<void> {
  for await (const s of sizes) await stream.write(Buffer.from(JSON.stringify({ Width: s.width, Height: s.height })));
}

interface Status {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly details: { readonly causes?: readonly ({ readonly reason?: string; readonly message?: string } | null)[] } | null;
}

const listed = <T>(list: readonly T[] | undefined): readonly T[] => (Array.isArray(list) ? list : []);

/** What the runtime wrote on the error stream: a Status, or (older protocols) a text. */
export function exitCodeOf(error: string): number {
  if (!error) return 0;
  let status: Partial<Status> | null;
  try {
    status = JSON.parse(error);
  } catch {
    throw new RuntimeError('Unknown', error);
  }
  if (typeof status !== 'object' || status === null) throw new RuntimeError('Unknown', error);
  if (status.status === 'Success') return 0;
  const code = listed(status.details?.causes).find((c) => c?.reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && /^\d+$/.test(String(code))) return Number(code);
  throw new RuntimeError('Unknown', String(status.message ?? error));
}

/** Exec and attach. Resolves with the exit code when all output has been passed on. */
export async function remoteCommand(url: string, tty: boolean, streams: StdStreams): Promise<number> {
  const gone = new AbortController();
  const session = await connectSpdy(url, REMOTE_COMMAND, AbortSignal.any([streams.signal, gone.signal]));
  try {
    const open = (streamType: string) => session.open({ streamType });
    const error = await open('error');
    const outputs: Promise<void>[] = [];
    const background: Promise<void>[] = [];
    if (streams.stdin) background.push(copyIn(streams.stdin, await open('stdin')));
    if (streams.stdout) outputs.push(copyOut(await open('stdout'), streams.stdout));
    if (streams.stderr && !tty) outputs.push(copyOut(await open('stderr'), streams.stderr));
    if (tty && streams.resize) background.push(sendSizes(streams.resize, await open('resize')));
    for (const b of background) b.catch(() => {}); // input that fails is seen as the end of the command
    for (const o of outputs) o.catch(() => gone.abort()); // the client takes no more: nothing is left to wait for
    const status = await collect(error);
    await Promise.all(outputs);
    if (streams.signal.aborted) throw new RuntimeError('Unknown', 'the client has gone');
    return exitCodeOf(status.toString());
  } finally {
    gone.abort();
  }
}

export async function forwardPort(url: string, port: number, stream: PortStream): Promise<void> {
  const gone = new AbortController();
  const session = await connectSpdy(url, PORT_FORWARD, AbortSignal.any([stream.signal, gone.signal]));
  try {
    const headers = { port: String(port), requestID: '0' };
    const error = await session.open({ ...headers, streamType: 'error' });
    await error.end();
    const data = await session.open({ ...headers, streamType: 'data' });
    copyIn(stream.input, data).catch(() => {});
    const [message] = await Promise.all([collect(error), copyOut(data, stream.output)]);
    if (message.length) throw new RuntimeError('Unknown', message.toString());
  } finally {
    gone.abort();
  }
}
