/**
 * The server's side of one HTTP/2 connection (RFC 9113), bytes in and bytes out, without any I/O of its own. It does what gRPC needs and
 * no more: no push, no priorities. `node:http2` spends about three times as long on each request.
 */
import { Code, DEFAULT_WINDOW, Flag, FRAME_HEAD, MAX_FRAME, MAX_WINDOW, PREFACE, Setting, Type } from './frames.js';
import { HEADER_LIST_LIMIT, type Headers, HpackDecoder, HpackError } from './hpack.js';
import { Output } from './output.js';
import { ServerStream } from './stream.js';

/** Streams open at a time on one connection. */
export const MAX_STREAMS = 10_000;
/** What a peer may send on one stream, and on all, before we say more may come; we say so as soon as half is used. */
const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
/** Streams that a peer resets while they are being answered: more than this many beyond those that ended well is an attack. */
const RESET_LIMIT = 1000;
/** Answers to pings and settings that wait because the peer does not read. */
const CONTROL_BACKLOG = 1024 * 1024;

/** What is collected for one write; more waits in its stream. */
const OUT_LIMIT = 1024 * 1024;

export interface StreamHandler {
  /** `chunk` is only good during the call. */
  data(chunk: Uint8Array): void;
  /** The peer has sent all. */
  end(): void;
  /** The stream is gone: reset by the peer, or the connection is lost. Not called after we ended it. */
  gone(): void;
}

export interface ConnectionIo {
  /** False: hold on until `drained` is called. */
  write(bytes: Uint8Array): boolean;
  /** Ends the connection after what was written. */
  close(): void;
  /** Calls `fn` when all that is ready now was handled: what is written until then goes out together. */
  soon(fn: () => void): void;
}

class ConnectionError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class Http2Connection {
  readonly out = new Output();
  private readonly hpack = new HpackDecoder();
  private readonly streams = new Map<number, ServerStream>();
  /** Streams with data that wait for window or for the peer to read. */
  private readonly waiting = new Set<ServerStream>();
  private partial: Uint8Array | undefined;
  private partialLength = 0;
  private prefaceLeft = PREFACE.length;
  private sawSettings = false;
  private lastStream = 0;
  private headerBlock: { stream: number; flags: number; parts: Uint8Array[]; length: number } | undefined;
  private sendWindow = DEFAULT_WINDOW;
  private streamSendWindow = DEFAULT_WINDOW;
  private received = 0;
  private resets = 0;
  private flushing = false;
  private blocked = false;
  private closing = false;
  private closed = false;

  constructor(
    private readonly io: ConnectionIo,
    private readonly accept: (stream: ServerStream, headers: Headers) => StreamHandler,
    private readonly onError: (message: string) => void = () => {},
  ) {
    this.out.head(18, Type.settings, 0, 0);
    for (const [id, value] of [
      [Setting.maxConcurrentStreams, MAX_STREAMS],
      [Setting.initialWindowSize, STREAM_WINDOW],
      [Setting.maxHeaderListSize, HEADER_LIST_LIMIT],
    ] as const) {
      this.out.u16(id);
      this.out.u32(value);
    }
    this.windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW);
    this.flushSoon();
  }

  get openStreams(): number {
    return this.streams.size;
  }

  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    try {
      this.parse(chunk);
    } catch (e) {
      const code = e instanceof ConnectionError ? e.code : e instanceof HpackError ? Code.compression : Code.internal;
      this.fail(code, e instanceof Error ? e.message : String(e));
    }
  }

  /** The peer reads again. */
  drained(): void {
    this.blocked = false;
    this.pump();
  }

  /** The connection is lost or was closed. */
  ended(): void {
    if (this.closed) return;
    this.closed = true;
    for (const stream of [...this.streams.values()]) this.forget(stream, true);
  }

  /** Takes no new streams, lets those that run finish, and closes. */
  shutdown(): void {
    if (this.closing || this.closed) return;
    this.closing = true;
    this.goAway(Code.none);
    if (this.streams.size === 0) this.finish();
  }

  // Called by streams.

  flushSoon(): void {
    if (this.flushing || this.closed) return;
    this.flushing = true;
    this.io.soon(() => this.flush());
  }

  /** How many bytes of `wanted` a stream may send now. */
  allowance(stream: ServerStream, wanted: number): number {
    return this.blocked || this.out.pending > OUT_LIMIT ? 0 : Math.max(0, Math.min(wanted, this.sendWindow, stream.sendWindow));
  }

  sent(stream: ServerStream, bytes: number): void {
    this.sendWindow -= bytes;
    stream.sendWindow -= bytes;
  }

  wait(stream: ServerStream): void {
    this.waiting.add(stream);
  }

  reset(stream: ServerStream, code: number): void {
    this.out.head(4, Type.reset, 0, stream.id);
    this.out.u32(code);
    this.flushSoon();
    this.forget(stream, false);
  }

  forget(stream: ServerStream, gone: boolean): void {
    if (!this.streams.delete(stream.id)) return;
    this.waiting.delete(stream);
    stream.over = true;
    if (gone) stream.handler?.gone();
    else if (this.resets > 0) this.resets--;
    if (this.closing && this.streams.size === 0) this.finish();
  }

  private flush(): void {
    this.flushing = false;
    if (this.closed || this.out.pending === 0) return;
    if (!this.io.write(this.out.take())) this.blocked = true;
    else if (this.waiting.size > 0) this.pump();
  }

  private pump(): void {
    for (const stream of this.waiting) {
      if (this.blocked || this.sendWindow <= 0) return;
      if (stream.pump()) this.waiting.delete(stream);
    }
  }

  private finish(): void {
    this.io.soon(() => {
      this.flush();
      this.ended();
      this.io.close();
    });
  }

  private fail(code: number, message: string): void {
    this.onError(message);
    this.goAway(code);
    this.flush();
    this.ended();
    this.io.close();
  }

  private goAway(code: number): void {
    this.out.head(8, Type.goAway, 0, 0);
    this.out.u32(this.lastStream);
    this.out.u32(code);
    this.flushSoon();
  }

  private windowUpdate(stream: number, by: number): void {
    this.out.head(4, Type.windowUpdate, 0, stream);
    this.out.u32(by);
    this.flushSoon();
  }

  private parse(chunk: Uint8Array): void {
    let at = 0;
    for (; this.prefaceLeft > 0 && at < chunk.length; at++, this.prefaceLeft--) {
      if (chunk[at] !== PREFACE.charCodeAt(PREFACE.length - this.prefaceLeft))
        throw new ConnectionError(Code.protocol, 'bad connection preface');
    }
    // First what is left of a frame that began in an earlier chunk.
    while (this.partial !== undefined && at < chunk.length) {
      const take = Math.min(this.partial.length - this.partialLength, chunk.length - at);
      this.partial.set(chunk.subarray(at, at + take), this.partialLength);
      this.partialLength += take;
      at += take;
      if (this.partialLength < this.partial.length) return;
      const bytes = this.partial;
      if (bytes.length === FRAME_HEAD) {
        const length = this.length(bytes, 0);
        if (length > 0) {
          this.partial = new Uint8Array(FRAME_HEAD + length);
          this.partial.set(bytes);
          continue;
        }
      }
      this.partial = undefined;
      this.partialLength = 0;
      this.frame(bytes, 0, bytes.length - FRAME_HEAD);
    }
    while (at < chunk.length && !this.closed) {
      const left = chunk.length - at;
      const length = left >= FRAME_HEAD ? this.length(chunk, at) : 0;
      if (left < FRAME_HEAD + length) {
        this.partial = new Uint8Array(FRAME_HEAD + length);
        this.partial.set(chunk.subarray(at));
        this.partialLength = left;
        return;
      }
      this.frame(chunk, at, length);
      at += FRAME_HEAD + length;
    }
  }

  private length(bytes: Uint8Array, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > MAX_FRAME) throw new ConnectionError(Code.frameSize, `a frame of ${length} bytes`);
    return length;
  }

  private frame(bytes: Uint8Array, at: number, length: number): void {
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const id = u32(bytes, at + 5) & 0x7fffffff;
    const payload = bytes.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
    if (this.headerBlock && (type !== Type.continuation || id !== this.headerBlock.stream))
      throw new ConnectionError(Code.protocol, 'a header block was interrupted');
    if (!this.sawSettings && type !== Type.settings) throw new ConnectionError(Code.protocol, 'the first frame must be SETTINGS');
    switch (type) {
      case Type.data:
        this.onData(id, flags, payload);
        break;
      case Type.headers:
        this.onHeaders(id, flags, payload);
        break;
      case Type.continuation:
        this.onContinuation(flags, payload);
        break;
      case Type.settings:
        this.onSettings(flags, payload);
        break;
      case Type.windowUpdate:
        this.onWindowUpdate(id, payload);
        break;
      case Type.ping:
        this.onPing(flags, payload);
        break;
      case Type.reset:
        this.onReset(id, payload);
        break;
      case Type.push:
        throw new ConnectionError(Code.protocol, 'a client does not push');
      // PRIORITY, GOAWAY and unknown types need nothing.
    }
  }

  private onPing(flags: number, payload: Uint8Array): void {
    if (payload.length !== 8) throw new ConnectionError(Code.frameSize, 'a ping of a wrong size');
    if (!(flags & Flag.ack)) this.answer(Type.ping, payload);
  }

  private answer(type: number, payload: Uint8Array): void {
    if (this.blocked && this.out.pending > CONTROL_BACKLOG) throw new ConnectionError(Code.enhanceYourCalm, 'too many unanswered pings');
    this.out.head(payload.length, type, Flag.ack, 0);
    this.out.raw(payload);
    this.flushSoon();
  }

  private onData(id: number, flags: number, payload: Uint8Array): void {
    if (id === 0) throw new ConnectionError(Code.protocol, 'DATA on stream 0');
    this.received += payload.length;
    if (this.received >= CONNECTION_WINDOW / 2) {
      this.windowUpdate(0, this.received);
      this.received = 0;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (id > this.lastStream) throw new ConnectionError(Code.protocol, 'DATA on an idle stream');
      return;
    }
    if (stream.peerEnded) {
      this.reset(stream, Code.streamClosed);
      return;
    }
    stream.received += payload.length;
    const end = (flags & Flag.endStream) !== 0;
    if (!end && stream.received >= STREAM_WINDOW / 2) {
      this.windowUpdate(id, stream.received);
      stream.received = 0;
    }
    const data = flags & Flag.padded ? unpad(payload, 0) : payload;
    if (data.length > 0) stream.handler!.data(data);
    if (end && !stream.over) {
      stream.peerEnded = true;
      stream.handler!.end();
    }
  }

  private onHeaders(id: number, flags: number, payload: Uint8Array): void {
    if (id % 2 === 0) throw new ConnectionError(Code.protocol, `HEADERS on stream ${id}`);
    let block = flags & Flag.padded ? unpad(payload, 0) : payload;
    if (flags & Flag.priority) block = block.subarray(5);
    if (flags & Flag.endHeaders) this.headers(id, flags, block);
    else this.headerBlock = { stream: id, flags, parts: [block.slice()], length: block.length };
  }

  private onContinuation(flags: number, payload: Uint8Array): void {
    const block = this.headerBlock;
    if (!block) throw new ConnectionError(Code.protocol, 'CONTINUATION without HEADERS');
    block.parts.push(payload.slice());
    block.length += payload.length;
    if (block.length > HEADER_LIST_LIMIT || block.parts.length > 64)
      throw new ConnectionError(Code.enhanceYourCalm, 'the header block is too long');
    if (!(flags & Flag.endHeaders)) return;
    this.headerBlock = undefined;
    const whole = new Uint8Array(block.length);
    let at = 0;
    for (const part of block.parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.headers(block.stream, block.flags, whole);
  }

  private headers(id: number, flags: number, block: Uint8Array): void {
    // Always decoded: the table must stay in step with the peer's.
    const headers = this.hpack.decode(block);
    const known = this.streams.get(id);
    if (known) {
      if (!(flags & Flag.endStream) || known.peerEnded) throw new ConnectionError(Code.protocol, 'trailers that do not end the stream');
      known.peerEnded = true;
      known.handler!.end();
      return;
    }
    if (id <= this.lastStream) {
      // Trailers of a stream that we ended already.
      if (flags & Flag.endStream) return;
      throw new ConnectionError(Code.protocol, `stream ${id} is closed`);
    }
    this.lastStream = id;
    const stream = new ServerStream(this, id, this.streamSendWindow);
    if (this.closing || this.streams.size >= MAX_STREAMS) {
      this.out.head(4, Type.reset, 0, id);
      this.out.u32(Code.refusedStream);
      this.flushSoon();
      return;
    }
    this.streams.set(id, stream);
    stream.handler = this.accept(stream, headers);
    if (flags & Flag.endStream && !stream.over) {
      stream.peerEnded = true;
      stream.handler.end();
    }
  }

  private onSettings(flags: number, payload: Uint8Array): void {
    if (flags & Flag.ack) return;
    if (payload.length % 6 !== 0) throw new ConnectionError(Code.frameSize, 'SETTINGS of a wrong size');
    this.sawSettings = true;
    for (let at = 0; at < payload.length; at += 6) {
      const id = (payload[at]! << 8) | payload[at + 1]!;
      const value = u32(payload, at + 2);
      if (id !== Setting.initialWindowSize) continue;
      if (value > MAX_WINDOW) throw new ConnectionError(Code.flowControl, 'the initial window is too large');
      for (const stream of this.streams.values()) stream.sendWindow += value - this.streamSendWindow;
      this.streamSendWindow = value;
    }
    this.answer(Type.settings, new Uint8Array(0));
    this.pump();
  }

  private onWindowUpdate(id: number, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(Code.frameSize, 'WINDOW_UPDATE of a wrong size');
    const by = u32(payload, 0) & 0x7fffffff;
    if (by === 0) throw new ConnectionError(Code.protocol, 'a window update of nothing');
    if (id === 0) {
      this.sendWindow += by;
      if (this.sendWindow > MAX_WINDOW) throw new ConnectionError(Code.flowControl, 'the window is too large');
    } else {
      const stream = this.streams.get(id);
      if (stream === undefined) return;
      stream.sendWindow += by;
      if (stream.sendWindow > MAX_WINDOW) this.reset(stream, Code.flowControl);
    }
    if (this.waiting.size > 0) this.pump();
  }

  private onReset(id: number, payload: Uint8Array): void {
    if (payload.length !== 4 || id === 0) throw new ConnectionError(Code.protocol, 'bad RST_STREAM');
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (++this.resets > RESET_LIMIT) throw new ConnectionError(Code.enhanceYourCalm, 'too many streams were reset');
    this.forget(stream, true);
  }
}

const u32 = (b: Uint8Array, at: number): number => ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;

function unpad(payload: Uint8Array, at: number): Uint8Array {
  const padding = payload[at];
  if (padding === undefined || padding >= payload.length) throw new ConnectionError(Code.protocol, 'bad padding');
  return payload.subarray(at + 1, payload.length - padding);
}
