/**
 * The streams of exec and attach towards the client, over WebSocket (v4 and v5 channels, their base64 forms, the oldest without status) or SPDY.
 * Source: https://kubernetes.io/docs/reference/using-api/websockets/ ; channel numbers are the protocol's own.
 */

import { queryBool } from '../../meta/query.js';
import { base64 as toBase64 } from '../../util/bytes.js';
import type { Clock } from '../../util/clock.js';
import { ByteQueue } from '../../util/spdy/byte-queue.js';
import { SpdySession, type SpdyStream } from '../../util/spdy/session.js';
import type { StdStreams, TerminalSize } from '../runtime.js';
import type { ByteSocket, KubeletRequest, MessageSocket } from './http.js';

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The command: resolves with its exit code (attach: 0); rejects when it could not be run. */
export type Command = (streams: StdStreams) => Promise<number>;

export const WEBSOCKET_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
] as const;
export const SPDY_PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'] as const;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;
const NORMAL_CLOSURE = 1000;
/** How long a SPDY client may take to open its streams. */
const STREAMS_TIMEOUT_MS = 30_000;
/** An input that nobody reads fills so far, then holds the connection. */
const utf8 = new TextEncoder();
const decoder = new TextDecoder();

export function streamOptions(q: URLSearchParams): StreamOptions {
  const on = (...names: string[]) => names.some((n) => queryBool(q, n));
  const tty = on('tty');
  return { stdin: on('input', 'stdin'), stdout: on('output', 'stdout'), stderr: on('error', 'stderr') && !tty, tty };
}

/** The Status that ends a v4 or v5 stream. */
export function statusOf(result: { exitCode: number } | { error: Error }): object {
  if ('error' in result) {
    const message = `Internal error occurred: ${result.error.message}`;
    return {
      metadata: {},
      status: 'Failure',
      message,
      reason: 'InternalError',
      details: { causes: [{ message: result.error.message }] },
      code: 500,
    };
  }
  if (result.exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${result.exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  };
}

async function finish(command: Command, streams: StdStreams): Promise<{ exitCode: number } | { error: Error }> {
  try {
    return { exitCode: await command(streams) };
  } catch (error) {
    return { error: error as Error };
  }
}

/** Longest text of a size, and of several that wait. What came before it is of no use any more. */
const SIZE_LIMIT = 1024;

/** Whole JSON values out of the resize stream: `{"Width":80,"Height":24}`, one after the other. */
export async function* sizes(input: AsyncIterable<Uint8Array>): AsyncIterable<TerminalSize> {
  let text = '';
  for await (const chunk of input) {
    text = (text + decoder.decode(chunk.subarray(-SIZE_LIMIT))).slice(-SIZE_LIMIT);
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      try {
        const { Width, Height } = JSON.parse(text.slice(text.indexOf('{'), end + 1)) as { Width?: number; Height?: number };
        yield { width: Width ?? 0, height: Height ?? 0 };
      } catch {
        // not a size: there is nobody to tell
      }
      text = text.slice(end + 1);
    }
  }
}

export async function overWebSocket(socket: MessageSocket, o: StreamOptions, command: Command): Promise<void> {
  const base64 = socket.protocol.includes('base64');
  const v5 = socket.protocol.startsWith('v5.');
  const hasStatus = socket.protocol.startsWith('v4.') || v5;
  const stdin = new ByteQueue();
  const resize = new ByteQueue();
  const send = (channel: number, data: Uint8Array): Promise<void> => {
    if (base64) return socket.send(utf8.encode(String(channel) + toBase64(data)), true);
    const message = new Uint8Array(data.length + 1);
    message[0] = channel;
    message.set(data, 1);
    return socket.send(message);
  };
  const read = async () => {
    try {
      for await (const message of socket.messages) {
        if (!message.length) continue;
        const channel = base64 ? message[0]! - 0x30 : message[0]!;
        const data = base64 ? Uint8Array.from(atob(decoder.decode(message.subarray(1))), (c) => c.charCodeAt(0)) : message.subarray(1);
        if (channel === STDIN) await stdin.push(data);
        else if (channel === RESIZE) await resize.push(data);
        else if (channel === CLOSE && v5 && data[0] === STDIN) stdin.end();
      }
    } finally {
      stdin.end();
      resize.end();
    }
  };
  const reading = read().catch(() => {}); // a broken connection is seen by `closed`
  // Tells the client that the streams are there: some wait for it.
  await send(o.stdout ? STDOUT : o.stderr ? STDERR : ERROR, new Uint8Array(0));
  const result = await finish(command, {
    ...(o.stdin ? { stdin } : {}),
    ...(o.stdout ? { stdout: (b) => chunked(b, (part) => send(STDOUT, part)) } : {}),
    ...(o.stderr ? { stderr: (b) => chunked(b, (part) => send(STDERR, part)) } : {}),
    ...(o.tty ? { resize: sizes(resize) } : {}),
    signal: socket.closed,
  });
  if (hasStatus) await send(ERROR, utf8.encode(JSON.stringify(statusOf(result))));
  else if ('error' in result) await send(ERROR, utf8.encode(result.error.message));
  socket.close(NORMAL_CLOSURE);
  stdin.cancel();
  resize.cancel();
  await reading;
}

const MAX_MESSAGE = 32 * 1024;

async function chunked(bytes: Uint8Array, send: (part: Uint8Array) => Promise<void>): Promise<void> {
  for (let at = 0; at < bytes.length; at += MAX_MESSAGE) await send(bytes.subarray(at, at + MAX_MESSAGE));
}

/** The best protocol that both speak; undefined: none. */
export function negotiateSpdy(request: KubeletRequest, ours: readonly string[]): string | undefined {
  const theirs = (request.headers['x-stream-protocol-version'] ?? '')
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean);
  if (!theirs.length) return ours.at(-1);
  return ours.find((p) => theirs.includes(p));
}

/** Moves bytes between the connection and a session until either ends. */
export function spdyServer(socket: ByteSocket, onStream: (s: SpdyStream) => void): { session: SpdySession; done: Promise<void> } {
  const session = new SpdySession({ side: 'server', send: (b) => socket.send(b), onStream });
  const pump = async () => {
    try {
      for await (const chunk of socket.input) await session.receive(chunk);
    } finally {
      session.close();
    }
  };
  return { session, done: pump().catch(() => {}) }; // the client has gone, or does not speak SPDY: either way it is over
}

export async function overSpdy(socket: ByteSocket, protocol: string, o: StreamOptions, clock: Clock, command: Command): Promise<void> {
  const found = new Map<string, SpdyStream>();
  const wanted = ['error', ...(o.stdin ? ['stdin'] : []), ...(o.stdout ? ['stdout'] : []), ...(o.stderr ? ['stderr'] : [])];
  if (o.tty && /^v[34]\./.test(protocol)) wanted.push('resize');
  let ready = () => {};
  const all = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const { session, done } = spdyServer(socket, (s) => {
    found.set(s.headers.streamtype ?? '', s);
    if (wanted.every((w) => found.has(w))) ready();
  });
  const timer = clock.after(STREAMS_TIMEOUT_MS, () => session.close());
  await Promise.race([all, done]);
  timer.cancel();
  const error = found.get('error');
  if (!error || !wanted.every((w) => found.has(w))) return socket.close();
  const out = (name: string) => found.get(name)!;
  const result = await finish(command, {
    ...(o.stdin ? { stdin: out('stdin').input } : {}),
    ...(o.stdout ? { stdout: (b) => out('stdout').write(b) } : {}),
    ...(o.stderr ? { stderr: (b) => out('stderr').write(b) } : {}),
    ...(found.has('resize') ? { resize: sizes(out('resize').input) } : {}),
    signal: socket.closed,
  });
  if (protocol.startsWith('v4.')) await error.write(utf8.encode(JSON.stringify(statusOf(result))));
  else if ('error' in result) await error.write(utf8.encode(result.error.message));
  else if (result.exitCode !== 0) await error.write(utf8.encode(`command terminated with exit code ${result.exitCode}`));
  for (const s of found.values()) await s.end();
  session.close();
  socket.close();
  await done;
}
