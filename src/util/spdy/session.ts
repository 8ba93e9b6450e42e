/**
 * One SPDY/3.1 connection: streams over a two-way byte stream that somebody else moves. Bytes in by `receive`, bytes out by `send`.
 * As in the Go implementation that kubectl, kubelets and containerd share, there is no flow control by windows: a stream that is not
 * read holds back the connection.
 */
import { ByteQueue } from './byte-queue.js';
import { encodeFrame, type Frame, FrameReader } from './frame.js';
import { HeaderReader, type Headers, HeaderWriter } from './headers.js';

export interface SpdyOptions {
  readonly side: 'client' | 'server';
  /** Resolves when more may be sent. */
  readonly send: (bytes: Uint8Array) => Promise<void>;
  /** A stream that the peer opens. It is answered with SYN_REPLY at once. */
  readonly onStream?: (stream: SpdyStream) => void;
  readonly onClose?: () => void;
}

/** More than any client opens at once: a port-forward uses two a connection. */
export const MAX_STREAMS = 4096;
const MAX_DATA = 32 * 1024;
const CANCEL = 5;
const REFUSED = 3;

export class SpdyStream {
  readonly input = new ByteQueue();
  private localDone = false;
  private remoteDone = false;
  private readonly replied: Promise<void>;
  private reply: { resolve: () => void; reject: (e: Error) => void } | undefined;

  constructor(
    readonly id: number,
    readonly headers: Headers,
    private readonly session: SpdySession,
  ) {
    this.replied = new Promise((resolve, reject) => {
      this.reply = { resolve, reject };
    });
    this.replied.catch(() => {}); // nobody has to wait for the reply
  }

  /** Resolves when the peer has taken the stream; rejects when it refuses. */
  accepted(): Promise<void> {
    return this.replied;
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.localDone; at += MAX_DATA) {
      await this.session.sendFrame({ kind: 'data', stream: this.id, fin: false, data: data.subarray(at, at + MAX_DATA) });
    }
  }

  /** No more from this side. */
  async end(): Promise<void> {
    if (this.localDone) return;
    this.localDone = true;
    await this.session.sendFrame({ kind: 'data', stream: this.id, fin: true, data: new Uint8Array(0) });
    this.forgetIfDone();
  }

  async reset(): Promise<void> {
    if (this.localDone && this.remoteDone) return;
    this.localDone = true;
    this.remoteDone = true;
    this.input.cancel();
    this.forgetIfDone();
    await this.session.sendFrame({ kind: 'rst-stream', stream: this.id, status: CANCEL });
  }

  /** Frames of the session for this stream. */
  async take(frame: Frame): Promise<void> {
    if (frame.kind === 'data') await this.input.push(frame.data.slice());
    if (frame.kind === 'syn-reply') this.reply?.resolve();
    if (frame.kind === 'rst-stream') {
      this.localDone = true;
      this.reply?.reject(new Error(`stream refused by the peer (status ${frame.status})`));
      this.finishInput();
    }
    if ('fin' in frame && frame.fin) this.finishInput();
  }

  private finishInput(): void {
    this.remoteDone = true;
    this.input.end();
    this.forgetIfDone();
  }

  lost(): void {
    this.localDone = true;
    this.remoteDone = true;
    this.reply?.reject(new Error('connection closed'));
    this.input.end();
  }

  private forgetIfDone(): void {
    if (this.localDone && this.remoteDone) this.session.forget(this.id);
  }
}

export class SpdySession {
  private readonly frames = new FrameReader();
  private readonly writer = new HeaderWriter();
  private readonly reader = new HeaderReader();
  private readonly streams = new Map<number, SpdyStream>();
  private nextId: number;
  private closed = false;

  constructor(private readonly options: SpdyOptions) {
    this.nextId = options.side === 'client' ? 1 : 2;
  }

  /** What the connection brought. Resolves when more may be read. Throws on bytes that are not SPDY: then drop the connection. */
  async receive(bytes: Uint8Array): Promise<void> {
    if (this.closed) return;
    for (const frame of this.frames.push(bytes)) await this.handle(frame);
  }

  /** Opens a stream. Does not wait for the peer's reply: see `accepted`. */
  async open(headers: Headers, fin = false): Promise<SpdyStream> {
    if (this.closed) throw new Error('connection closed');
    const id = this.nextId;
    this.nextId += 2;
    const stream = new SpdyStream(id, headers, this);
    this.streams.set(id, stream);
    await this.sendFrame({ kind: 'syn-stream', stream: id, fin, block: this.writer.encode(headers) });
    return stream;
  }

  /** The byte stream is gone, or this side gives up: every stream ends. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const s of this.streams.values()) s.lost();
    this.streams.clear();
    this.options.onClose?.();
  }

  /** For streams. */
  async sendFrame(frame: Exclude<Frame, { kind: 'other' }>): Promise<void> {
    if (!this.closed) await this.options.send(encodeFrame(frame));
  }

  forget(id: number): void {
    this.streams.delete(id);
  }

  private async handle(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'syn-stream':
        return this.accept(frame.stream, this.reader.decode(frame.block), frame);
      case 'syn-reply':
      case 'headers':
        this.reader.decode(frame.block); // keeps the compression in step
        return this.streams.get(frame.stream)?.take(frame);
      case 'data':
      case 'rst-stream':
        return this.streams.get(frame.stream)?.take(frame);
      case 'ping': // own pings have our parity; we send none
        return this.sendFrame(frame);
      case 'goaway':
      case 'other':
        return;
    }
  }

  private async accept(id: number, headers: Headers, frame: Frame): Promise<void> {
    if (!this.options.onStream || this.streams.size >= MAX_STREAMS) {
      return this.sendFrame({ kind: 'rst-stream', stream: id, status: REFUSED });
    }
    const stream = new SpdyStream(id, headers, this);
    this.streams.set(id, stream);
    await this.sendFrame({ kind: 'syn-reply', stream: id, fin: false, block: this.writer.encode({}) });
    await stream.take(frame);
    this.options.onStream(stream);
  }
}
