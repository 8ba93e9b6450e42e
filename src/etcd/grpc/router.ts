/** gRPC over a connection's streams: messages in their five-byte heads, one handler per method, status in trailers. */

import { GRPC_HEAD } from '../../store/proto/codec.js';
import type { StreamHandler } from '../http2/connection.js';
import { encodeHeaders, type Headers } from '../http2/hpack.js';
import type { ServerStream } from '../http2/stream.js';
import type { CallCounts, MethodCount } from './call-counts.js';
import { Code, GrpcError, toGrpcError } from './status.js';

/** Who calls, as the call itself says it; whether that is believed is decided where it is asked for. */
export interface Caller {
  /** The token of `Authenticate`, from the metadata `token` or `authorization`. */
  readonly token: string | undefined;
  /** The common name of the verified client certificate, where the listener demands one. */
  readonly commonName: string | undefined;
}

/** What the listener knows of the other side of a connection. */
export interface Peer {
  readonly commonName: string | undefined;
}

const tokenOf = (headers: Headers): string | undefined => {
  const token = headers.get('token') ?? headers.get('authorization');
  return token?.startsWith('Bearer ') ? token.slice('Bearer '.length) : token;
};

/** A gateway's own certificate does not speak for those behind it. */
const commonNameOf = (headers: Headers, peer: Peer | undefined): string | undefined =>
  headers.has('grpcgateway-accept') ? undefined : peer?.commonName;

/** A call whose both sides may send many messages. */
export interface Call extends Caller {
  /** Sends a framed message (`encodeFramed`). `tail`: its last bytes, which many calls may share. */
  send(framed: Uint8Array, tail?: readonly Uint8Array[]): void;
  /** Ends the call: well, or with an error. */
  end(error?: unknown): void;
  /** Bytes that the peer has not taken yet, and who is told when it has. */
  readonly buffered: number;
  onDrained(fn: () => void): void;
}

export interface StreamingHandler {
  message(bytes: Uint8Array): void;
  /** The peer sends no more. */
  end(): void;
  /** The call is over without `Call.end`. */
  gone(): void;
}

export type Method =
  | {
      readonly kind: 'unary';
      /** Reads the request (the bytes are only good during the call) and returns what answers it with a framed message. */
      readonly read: (request: Uint8Array) => (signal: CallSignal) => Promise<Uint8Array>;
    }
  | { readonly kind: 'stream'; readonly open: (call: Call) => StreamingHandler };

/** Tells a handler that waits that nobody waits for it any more. */
export interface CallSignal extends Caller {
  readonly lost: boolean;
  onLost(fn: () => void): void;
}

export type Methods = ReadonlyMap<string, Method>;

/** What a listener answers. */
export interface Served {
  readonly methods: Methods;
  readonly counts: CallCounts;
  /** Bytes of the longest message taken. */
  readonly maxMessage: number;
}

const CONTENT_TYPE = ['content-type', 'application/grpc'] as const;
const OK_HEADERS = encodeHeaders([[':status', '200'], CONTENT_TYPE]);
const OK_TRAILERS = encodeHeaders([
  ['grpc-status', '0'],
  ['grpc-message', ''],
]);

export function acceptGrpc({ methods, counts, maxMessage }: Served, stream: ServerStream, headers: Headers, peer?: Peer): StreamHandler {
  const type = headers.get('content-type') ?? '';
  if (headers.get(':method') !== 'POST' || !type.startsWith('application/grpc')) {
    stream.headers(encodeHeaders([[':status', '415'], CONTENT_TYPE, ['grpc-status', '2'], ['grpc-message', 'not a gRPC request']]), true);
    return IGNORE;
  }
  const path = headers.get(':path') ?? '';
  const method = methods.get(path);
  if (method === undefined) {
    fail(stream, unknownMethod(methods, path), false);
    return IGNORE;
  }
  const reader = new MessageReader(headers.get('grpc-encoding'), maxMessage);
  const count = counts.of(path);
  count.started++;
  return method.kind === 'unary'
    ? new UnaryCall(stream, method.read, reader, headers, peer, count)
    : openStreaming(stream, method.open, reader, count, { token: tokenOf(headers), commonName: commonNameOf(headers, peer) });
}

function unknownMethod(methods: Methods, path: string): GrpcError {
  const [, service = '', method = ''] = path.split('/');
  const known = [...methods.keys()].some((p) => p.startsWith(`/${service}/`));
  return new GrpcError(Code.unimplemented, known ? `unknown method ${method} for service ${service}` : `unknown service ${service}`);
}

const IGNORE: StreamHandler = { data() {}, end() {}, gone() {} };

class UnaryCall implements StreamHandler, CallSignal {
  lost = false;
  private answer: ((signal: CallSignal) => Promise<Uint8Array>) | undefined;
  private failed: unknown;
  private messages = 0;
  private whenLost: (() => void) | undefined;

  constructor(
    private readonly stream: ServerStream,
    private readonly read: (request: Uint8Array) => (signal: CallSignal) => Promise<Uint8Array>,
    private readonly reader: MessageReader,
    private readonly headers: Headers,
    private readonly peer: Peer | undefined,
    private readonly count: MethodCount,
  ) {}

  get token(): string | undefined {
    return tokenOf(this.headers);
  }

  get commonName(): string | undefined {
    return commonNameOf(this.headers, this.peer);
  }

  gone(): void {
    this.lost = true;
    this.whenLost?.();
  }

  onLost(fn: () => void): void {
    this.whenLost = fn;
  }

  data(chunk: Uint8Array): void {
    if (this.failed !== undefined) return;
    try {
      this.reader.read(chunk, this.message);
    } catch (e) {
      this.failed = e;
    }
  }

  private readonly message = (bytes: Uint8Array): void => {
    if (this.messages++ === 0) this.answer = this.read(bytes);
  };

  end(): void {
    const failed =
      this.failed ??
      (this.messages === 1 ? undefined : new GrpcError(Code.internal, `grpc: a unary call needs one message, got ${this.messages}`));
    if (failed !== undefined) this.refuse(failed);
    else this.answer!(this).then(this.reply, this.refuse);
  }

  private readonly reply = (framed: Uint8Array): void => {
    const { stream } = this;
    this.count.ok++;
    stream.headers(OK_HEADERS, false);
    stream.data(framed);
    stream.end(OK_TRAILERS);
  };

  private readonly refuse = (e: unknown): void => this.count.fail(fail(this.stream, e, false));
}

function openStreaming(
  stream: ServerStream,
  open: (call: Call) => StreamingHandler,
  reader: MessageReader,
  count: MethodCount,
  caller: Caller,
): StreamHandler {
  let begun = false;
  let over = false;
  const call: Call = {
    ...caller,
    send(framed, tail) {
      if (over) return;
      if (!begun) stream.headers(OK_HEADERS, false);
      begun = true;
      stream.data(framed);
      if (tail) for (const bytes of tail) stream.data(bytes);
    },
    end(error) {
      if (over) return;
      over = true;
      if (error !== undefined) {
        count.fail(fail(stream, error, begun));
        return;
      }
      count.ok++;
      if (!begun) stream.headers(OK_HEADERS, false);
      stream.end(OK_TRAILERS);
    },
    get buffered() {
      return stream.buffered;
    },
    onDrained(fn) {
      stream.onDrained = fn;
    },
  };
  const handler = open(call);
  return {
    data(chunk) {
      if (over) return;
      try {
        reader.read(chunk, (bytes) => handler.message(bytes));
      } catch (e) {
        call.end(e);
        handler.gone();
      }
    },
    end: () => handler.end(),
    gone() {
      if (!over) count.fail(Code.cancelled);
      over = true;
      handler.gone();
    },
  };
}

/** Ends the call with an error, and says with which code. */
function fail(stream: ServerStream, e: unknown, begun: boolean): number {
  const { code, message } = toGrpcError(e);
  const status = [
    ['grpc-status', String(code)],
    ['grpc-message', percentEncode(message)],
  ] as const;
  if (begun) stream.end(encodeHeaders(status));
  else stream.headers(encodeHeaders([[':status', '200'], CONTENT_TYPE, ...status]), true);
  return code;
}

/** Puts messages together from DATA frames. */
class MessageReader {
  private partial: Uint8Array | undefined;
  private have = 0;

  constructor(
    private readonly encoding: string | undefined,
    private readonly max: number,
  ) {}

  read(chunk: Uint8Array, message: (bytes: Uint8Array) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.partial === undefined) {
        const left = chunk.length - at;
        const size = left >= GRPC_HEAD ? GRPC_HEAD + this.length(chunk, at) : GRPC_HEAD;
        if (left >= size && left >= GRPC_HEAD) {
          message(chunk.subarray(at + GRPC_HEAD, at + size));
          at += size;
          continue;
        }
        this.partial = new Uint8Array(size);
        this.have = 0;
      }
      const take = Math.min(this.partial.length - this.have, chunk.length - at);
      this.partial.set(chunk.subarray(at, at + take), this.have);
      this.have += take;
      at += take;
      if (this.have < this.partial.length) return;
      if (this.have === GRPC_HEAD) {
        const length = this.length(this.partial, 0);
        if (length > 0) {
          const whole = new Uint8Array(GRPC_HEAD + length);
          whole.set(this.partial);
          this.partial = whole;
          continue;
        }
      }
      const whole = this.partial;
      this.partial = undefined;
      message(whole.subarray(GRPC_HEAD));
    }
  }

  private length(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== 0)
      throw new GrpcError(Code.unimplemented, `grpc: Decompressor is not installed for grpc-encoding "${this.encoding ?? ''}"`);
    const length = ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0;
    if (length > this.max)
      throw new GrpcError(Code.resourceExhausted, `grpc: received message larger than max (${length} vs. ${this.max})`);
    return length;
  }
}

/** As the gRPC protocol wants it in a header: printable ASCII but %. */
function percentEncode(message: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(message)) {
    out +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
