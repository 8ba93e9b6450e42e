/**
 * The server's side of one HTTP/2 connection (RFC 9113), bytes in and bytes out, without any I/O of its own. It does what gRPC needs and
 * no more: no push, no priorities. `node:http2` spends about three times as long on each request.
 */
import { FrameReader } from './frame-reader.js';
import { Code, ConnectionError, DEFAULT_WINDOW, Flag, FRAME_HEAD, MAX_WINDOW, Setting, Type, u32, unpad } from './frames.js';
import { HEADER_LIST_LIMIT, type Headers, HpackDecoder, HpackError } from './hpack.js';
import { Output } from './output.js';
import { ServerStream } from './stream.js';

/** Streams open at a time on one connection. */
export const MAX_STREAMS = 10_000;
/** What a peer may send on one stream, and on all, before we say more may come; we say so as soon as half is used. */
const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
/** Streams that a peer resets while they are being answered, or makes us reset: more than this many beyond those that ended well is an attack. */
const RESET_LIMIT = 1000;
/** Frames of no data, one after another, that do not end a stream. */
const EMPTY_LIMIT = 1000;
/** What was answered and waits because the peer does not read: with so much, nothing more is taken. */
const BACKLOG = 2 * 1024 * 1024;
/** The longest frame that a peer may allow us to send; ours are never longer than the shortest that it may. */
const MAX_FRAME_SIZES = [16_384, 2 ** 24 - 1] as const;

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

export class Http2Connection {
  readonly out = new Output();
  private readonly hpack = new HpackDecoder();
  private readonly streams = new Map<number, ServerStream>();
  /** Streams with data that wait for window or for the peer to read. */
  private readonly waiting = new Set<ServerStream>();
  private readonly reader = new FrameReader(
    (bytes, at, length) => this.frame(bytes, at, length),
    () => this.closed,
  );
  private sawSettings = false;
  private lastStream = 0;
  private headerBlock: { stream: number; flags: number; parts: Uint8Array[]; length: number } | undefined;
  private sendWindow = DEFAULT_WINDOW;
  /** What each stream may send at first; what it got and used since is its `credit`. */
  private initialWindow = DEFAULT_WINDOW;
  /** No stream's credit is above this. */
  private highestCredit = 0;
  /** Who waits is looked at once, when all that came was read. */
  private toPump = false;
  private received = 0;
  private resets = 0;
  private empties = 0;
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
      this.reader.read(chunk);
    } catch (e) {
      const code = e instanceof ConnectionError ? e.code : e instanceof HpackError ? Code.compression : Code.internal;
      this.fail(code, e instanceof Error ? e.message : String(e));
      return;
    }
    if (!this.toPump) return;
    this.toPump = false;
    this.pump();
  }

  /** The peer reads again. */
  drained(): void {
    this.blocked = false;
    this.pump();
    this.flushSoon();
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
    return this.blocked || this.out.pending > OUT_LIMIT
      ? 0
      : Math.max(0, Math.min(wanted, this.sendWindow, this.initialWindow + stream.credit));
  }

  sent(stream: ServerStream, bytes: number): void {
    this.sendWindow -= bytes;
    stream.credit -= bytes;
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

  /** Resets a stream for what the peer did. */
  private fault(stream: ServerStream, code: number): void {
    this.refuse(stream.id, code);
    this.forget(stream, true);
  }

  private refuse(id: number, code: number): void {
    this.countReset();
    this.out.head(4, Type.reset, 0, id);
    this.out.u32(code);
    this.flushSoon();
  }

  private countReset(): void {
    if (++this.resets > RESET_LIMIT) throw new ConnectionError(Code.enhanceYourCalm, 'too many streams were reset');
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
    if (this.closed || this.blocked || this.out.pending === 0) return;
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
    this.io.soon(() => this.last());
  }

  /** What is left to say, whether the peer reads or not, and the end. */
  private last(): void {
    if (!this.closed && this.out.pending > 0) this.io.write(this.out.take());
    this.ended();
    this.io.close();
  }

  private fail(code: number, message: string): void {
    this.onError(message);
    this.goAway(code);
    this.last();
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

  private frame(bytes: Uint8Array, at: number, length: number): void {
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const id = u32(bytes, at + 5) & 0x7fffffff;
    const payload = bytes.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length);
    if (this.blocked && this.out.pending > BACKLOG) throw new ConnectionError(Code.enhanceYourCalm, 'the answers are not read');
    if (this.headerBlock && (type !== Type.continuation || id !== this.headerBlock.stream))
      throw new ConnectionError(Code.protocol, 'a header block was interrupted');
    if (!this.sawSettings && (type !== Type.settings || flags & Flag.ack))
      throw new ConnectionError(Code.protocol, 'the first frame must be SETTINGS');
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
        this.onSettings(id, flags, payload);
        break;
      case Type.windowUpdate:
        this.onWindowUpdate(id, payload);
        break;
      case Type.ping:
        this.onPing(id, flags, payload);
        break;
      case Type.reset:
        this.onReset(id, payload);
        break;
      case Type.push:
        throw new ConnectionError(Code.protocol, 'a client does not push');
      case Type.priority:
        this.onPriority(id, payload);
        break;
      case Type.goAway:
        onConnection(id);
        if (payload.length < 8) throw new ConnectionError(Code.frameSize, 'a GOAWAY of a wrong size');
        break;
      // Unknown types need nothing.
    }
  }

  /** The stream of a frame; undefined when it is over. One that never began, as all of ours, may not have frames. */
  private streamOf(id: number, what: string): ServerStream | undefined {
    const stream = this.streams.get(id);
    if (stream === undefined && (id === 0 || id > this.lastStream || id % 2 === 0))
      throw new ConnectionError(Code.protocol, `${what} on ${id === 0 ? 'stream 0' : 'an idle stream'}`);
    return stream;
  }

  /** It says nothing we would do, but it has a form. */
  private onPriority(id: number, payload: Uint8Array): void {
    if (id === 0) throw new ConnectionError(Code.protocol, 'PRIORITY on stream 0');
    if (payload.length === 5) return;
    const stream = this.streams.get(id);
    if (stream) this.fault(stream, Code.frameSize);
    else throw new ConnectionError(Code.frameSize, 'a PRIORITY of a wrong size');
  }

  private onPing(id: number, flags: number, payload: Uint8Array): void {
    onConnection(id);
    if (payload.length !== 8) throw new ConnectionError(Code.frameSize, 'a ping of a wrong size');
    if (!(flags & Flag.ack)) this.answer(Type.ping, payload);
  }

  private answer(type: number, payload: Uint8Array): void {
    this.out.head(payload.length, type, Flag.ack, 0);
    this.out.raw(payload);
    this.flushSoon();
  }

  private onData(id: number, flags: number, payload: Uint8Array): void {
    const stream = this.streamOf(id, 'DATA');
    this.received += payload.length;
    if (this.received >= CONNECTION_WINDOW / 2) {
      this.windowUpdate(0, this.received);
      this.received = 0;
    }
    const data = flags & Flag.padded ? unpad(payload) : payload;
    const end = (flags & Flag.endStream) !== 0;
    if (data.length > 0 || end) this.empties = 0;
    else if (++this.empties > EMPTY_LIMIT) throw new ConnectionError(Code.enhanceYourCalm, 'too many frames of no data');
    if (stream === undefined) return;
    if (stream.peerEnded) {
      this.fault(stream, Code.streamClosed);
      return;
    }
    stream.received += payload.length;
    if (!end && stream.received >= STREAM_WINDOW / 2) {
      this.windowUpdate(id, stream.received);
      stream.received = 0;
    }
    if (data.length > 0) stream.handler!.data(data);
    if (end && !stream.over) {
      stream.peerEnded = true;
      stream.handler!.end();
    }
  }

  private onHeaders(id: number, flags: number, payload: Uint8Array): void {
    if (id % 2 === 0) throw new ConnectionError(Code.protocol, `HEADERS on stream ${id}`);
    let block = flags & Flag.padded ? unpad(payload) : payload;
    if (flags & Flag.priority && block.length < 5) throw new ConnectionError(Code.frameSize, 'HEADERS too short for their priority');
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
    const { malformed } = this.hpack;
    const known = this.streams.get(id);
    if (known) {
      if (known.peerEnded) return this.fault(known, Code.streamClosed);
      if (!(flags & Flag.endStream)) throw new ConnectionError(Code.protocol, 'trailers that do not end the stream');
      if (malformed) return this.fault(known, Code.protocol);
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
    if (this.closing || this.streams.size >= MAX_STREAMS) return this.refuse(id, Code.refusedStream);
    if (malformed || !REQUIRED.every((name) => headers.has(name))) return this.refuse(id, Code.protocol);
    const stream = new ServerStream(this, id);
    this.streams.set(id, stream);
    stream.handler = this.accept(stream, headers);
    if (flags & Flag.endStream && !stream.over) {
      stream.peerEnded = true;
      stream.handler.end();
    }
  }

  private onSettings(id: number, flags: number, payload: Uint8Array): void {
    onConnection(id);
    if (payload.length % 6 !== 0 || (flags & Flag.ack && payload.length > 0))
      throw new ConnectionError(Code.frameSize, 'SETTINGS of a wrong size');
    if (flags & Flag.ack) return;
    this.sawSettings = true;
    for (let at = 0; at < payload.length; at += 6) this.set((payload[at]! << 8) | payload[at + 1]!, u32(payload, at + 2));
    this.answer(Type.settings, new Uint8Array(0));
    this.toPump = this.waiting.size > 0;
  }

  private set(id: number, value: number): void {
    if (id === Setting.enablePush && value > 1) throw new ConnectionError(Code.protocol, `ENABLE_PUSH is ${value}`);
    if (id === Setting.maxFrameSize && (value < MAX_FRAME_SIZES[0] || value > MAX_FRAME_SIZES[1]))
      throw new ConnectionError(Code.protocol, `MAX_FRAME_SIZE is ${value}`);
    if (id !== Setting.initialWindowSize) return;
    if (value + this.highestCredit > MAX_WINDOW) {
      // The highest may be gone, or have been used; only then is everyone looked at.
      this.highestCredit = 0;
      for (const { credit } of this.streams.values()) if (credit > this.highestCredit) this.highestCredit = credit;
      if (value + this.highestCredit > MAX_WINDOW) throw new ConnectionError(Code.flowControl, 'the initial window is too large');
    }
    this.initialWindow = value;
  }

  private onWindowUpdate(id: number, payload: Uint8Array): void {
    if (payload.length !== 4) throw new ConnectionError(Code.frameSize, 'WINDOW_UPDATE of a wrong size');
    const by = u32(payload, 0) & 0x7fffffff;
    if (id === 0) {
      if (by === 0) throw new ConnectionError(Code.protocol, 'a window update of nothing');
      this.sendWindow += by;
      if (this.sendWindow > MAX_WINDOW) throw new ConnectionError(Code.flowControl, 'the window is too large');
      this.toPump ||= this.waiting.size > 0;
      return;
    }
    const stream = this.streamOf(id, 'WINDOW_UPDATE');
    if (stream === undefined) return;
    if (by === 0) return this.fault(stream, Code.protocol);
    stream.credit += by;
    if (this.initialWindow + stream.credit > MAX_WINDOW) return this.fault(stream, Code.flowControl);
    if (stream.credit > this.highestCredit) this.highestCredit = stream.credit;
    if (this.waiting.has(stream) && stream.pump()) this.waiting.delete(stream);
  }

  private onReset(id: number, payload: Uint8Array): void {
    const stream = this.streamOf(id, 'RST_STREAM');
    if (payload.length !== 4) throw new ConnectionError(Code.frameSize, 'RST_STREAM of a wrong size');
    if (stream === undefined) return;
    this.countReset();
    this.forget(stream, true);
  }
}

const REQUIRED = [':method', ':scheme', ':path'] as const;

function onConnection(id: number): void {
  if (id !== 0) throw new ConnectionError(Code.protocol, `a frame of the connection on stream ${id}`);
}
