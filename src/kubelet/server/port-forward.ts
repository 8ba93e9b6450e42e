/**
 * Port-forward towards the client: SPDY with a pair of streams for each connection, bare or inside WebSocket messages (as kubectl does since 1.30),
 * and the older WebSocket form with two channels for each port.
 */

import { base64 as toBase64 } from '../../util/bytes.js';
import type { Clock } from '../../util/clock.js';
import { ByteQueue } from '../../util/spdy/byte-queue.js';
import type { SpdyStream } from '../../util/spdy/session.js';
import type { ContainerRuntime } from '../runtime.js';
import { type ByteSocket, HttpError, type MessageSocket } from './http.js';
import { spdyServer } from './remote-command.js';

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
/** SPDY frames in WebSocket messages. */
export const TUNNEL_PROTOCOL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;
export const PORT_CHANNEL_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const;

const PAIR_TIMEOUT_MS = 30_000;
const MAX_PORTS = 64;
/** Connections of one client at once, and of all to one runtime: each is several descriptors and a session there. */
const MAX_PAIRS = 128;
const MAX_OF_RUNTIME = 1024;
const utf8 = new TextEncoder();

/** A runtime may have begun its message like this one, with its own id for the pod. */
const failure = (f: Forwarder, port: number, e: Error): Uint8Array =>
  utf8.encode(
    `error forwarding port ${port} to pod ${f.podName}, uid : ${e.message.replace(/^error forwarding port \d+ to pod \S+, uid : /, '')}`,
  );

export interface Forwarder {
  readonly runtime: ContainerRuntime;
  readonly sandboxId: string;
  readonly clock: Clock;
  /** For messages: `name_namespace`. */
  readonly podName: string;
}

const open = new WeakMap<ContainerRuntime, number>();
/** Counts a connection in or out; false: there is no room for it. */
function taken(runtime: ContainerRuntime, n: 1 | -1): boolean {
  const now = (open.get(runtime) ?? 0) + n;
  if (now > MAX_OF_RUNTIME) return false;
  open.set(runtime, now);
  return true;
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  cancel: () => void;
}

/** Serves connections until the client is gone. */
export async function forwardSpdy(socket: ByteSocket, f: Forwarder): Promise<void> {
  const pairs = new Map<string, Pair>();
  const running = new Set<Promise<void>>();
  const onStream = (s: SpdyStream) => {
    const { streamtype: type, port = '', requestid } = s.headers;
    const number = Number(port);
    if ((type !== 'data' && type !== 'error') || !(number > 0 && number < 65_536)) {
      s.reset().catch(() => {});
      return;
    }
    // Old clients give no request id: their error and data streams follow each other.
    const key = requestid ?? String(type === 'error' ? s.id : s.id - 2);
    const pair = pairs.get(key) ?? newPair(pairs, key, f.clock);
    pair[type] = s;
    if (!pair.data || !pair.error) return;
    pair.cancel();
    pairs.delete(key);
    if (running.size >= MAX_PAIRS || !taken(f.runtime, 1)) {
      for (const stream of [pair.data, pair.error]) stream.reset().catch(() => {});
      return;
    }
    const work = forwardPair(f, number, pair.data, pair.error, socket.closed).finally(() => {
      running.delete(work);
      taken(f.runtime, -1);
    });
    running.add(work);
  };
  const { session, done } = spdyServer(socket, onStream);
  await done;
  for (const p of pairs.values()) p.cancel();
  await Promise.all(running);
  session.close();
  socket.close();
}

function newPair(pairs: Map<string, Pair>, key: string, clock: Clock): Pair {
  const pair: Pair = { cancel: () => timer.cancel() };
  const timer = clock.after(PAIR_TIMEOUT_MS, () => {
    pairs.delete(key);
    for (const s of [pair.data, pair.error]) s?.reset().catch(() => {});
  });
  pairs.set(key, pair);
  return pair;
}

async function forwardPair(f: Forwarder, port: number, data: SpdyStream, error: SpdyStream, signal: AbortSignal): Promise<void> {
  try {
    await f.runtime.portForward(f.sandboxId, port, { input: data.input, output: (b) => data.write(b), signal });
  } catch (e) {
    await error.write(failure(f, port, e as Error));
  } finally {
    await Promise.all([data.end(), error.end()]);
    data.input.cancel();
  }
}

/** The tunnel is a byte stream cut into messages. */
export function tunnel(socket: MessageSocket): ByteSocket {
  return { input: socket.messages, send: (b) => socket.send(b), close: () => socket.close(1000), closed: socket.closed };
}

export function parsePorts(query: URLSearchParams): number[] {
  const ports = query
    .getAll('port')
    .concat(query.getAll('ports'))
    .flatMap((p) => p.split(','))
    .map((p) => {
      const n = Number(p);
      if (!Number.isInteger(n) || n < 1 || n > 65_535) throw new HttpError(400, `unable to parse ${JSON.stringify(p)} as a port`);
      return n;
    });
  if (!ports.length) throw new HttpError(400, `query parameter "port" is required`);
  if (ports.length > MAX_PORTS) throw new HttpError(400, `at most ${MAX_PORTS} ports may be forwarded by one connection`);
  return ports;
}

/** Channels 2n (data) and 2n+1 (error) for the n-th port; each begins with the port in two bytes, little endian. */
export async function forwardChannels(socket: MessageSocket, ports: readonly number[], f: Forwarder): Promise<void> {
  const base64 = socket.protocol.includes('base64');
  const send = (channel: number, data: Uint8Array): Promise<void> => {
    if (base64) return socket.send(utf8.encode(String.fromCharCode(0x30 + channel) + toBase64(data)), true);
    const message = new Uint8Array(data.length + 1);
    message[0] = channel;
    message.set(data, 1);
    return socket.send(message);
  };
  const inputs = ports.map(() => new ByteQueue());
  const read = async () => {
    for await (const m of socket.messages) {
      const channel = base64 ? m[0]! - 0x30 : m[0]!;
      const data = base64 ? Uint8Array.from(atob(new TextDecoder().decode(m.subarray(1))), (c) => c.charCodeAt(0)) : m.subarray(1);
      if (channel % 2 === 0) await inputs[channel / 2]?.push(data);
    }
  };
  const reading = read()
    .catch(() => {})
    .finally(() => {
      for (const i of inputs) i.end();
    });
  for (const [i, port] of ports.entries()) {
    const head = Uint8Array.of(port & 255, port >> 8);
    await send(2 * i, head);
    await send(2 * i + 1, head);
  }
  await Promise.all(
    ports.map(async (port, i) => {
      const room = taken(f.runtime, 1);
      try {
        if (!room) throw new Error('too many connections are forwarded on this node: try again later');
        await f.runtime.portForward(f.sandboxId, port, { input: inputs[i]!, output: (b) => send(2 * i, b), signal: socket.closed });
      } catch (e) {
        await send(2 * i + 1, failure(f, port, e as Error));
      } finally {
        if (room) taken(f.runtime, -1);
      }
    }),
  );
  socket.close(1000);
  await reading;
}
