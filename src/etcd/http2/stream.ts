import type { Http2Connection, StreamHandler } from './connection.js';
import { Flag, MAX_FRAME, Type } from './frames.js';

const NO_TRAILERS = new Uint8Array(0);

/** One request and its answer: header blocks and data out, under the peer's flow control. */
export class ServerStream {
  handler: StreamHandler | undefined;
  /** What the peer allowed beyond its initial window, less what was sent. */
  credit = 0;
  /** Bytes that came since the last window update. */
  received = 0;
  peerEnded = false;
  /** Nothing can be sent any more. */
  over = false;
  /** Bytes that wait for the peer. */
  buffered = 0;
  /** Called when nothing waits any more. */
  onDrained: (() => void) | undefined;
  private queue: Uint8Array[] = [];
  private queueAt = 0;
  private trailers: Uint8Array | undefined;

  constructor(
    private readonly connection: Http2Connection,
    readonly id: number,
  ) {}

  /** `end`: there will be no data. */
  headers(block: Uint8Array, end: boolean): void {
    if (this.over) return;
    const { out } = this.connection;
    out.head(block.length, Type.headers, Flag.endHeaders | (end ? Flag.endStream : 0), this.id);
    out.raw(block);
    this.connection.flushSoon();
    if (end) this.close();
  }

  /** The bytes must stay as they are. */
  data(bytes: Uint8Array): void {
    if (this.over) return;
    if (this.queue.length === 0 && bytes.length <= MAX_FRAME && this.connection.allowance(this, bytes.length) === bytes.length) {
      this.frame(bytes);
      this.connection.flushSoon();
      return;
    }
    this.queue.push(bytes);
    this.buffered += bytes.length;
    if (!this.pump()) this.connection.wait(this);
  }

  /** Ends the answer with trailers, after the data that waits. */
  end(trailers: Uint8Array): void {
    if (this.over) return;
    if (this.queue.length > 0) {
      this.trailers = trailers;
      return;
    }
    this.headers(trailers, true);
  }

  /** Ends the answer without trailers. */
  endData(): void {
    if (this.over) return;
    if (this.queue.length > 0) {
      this.trailers = NO_TRAILERS;
      return;
    }
    this.connection.out.head(0, Type.data, Flag.endStream, this.id);
    this.connection.flushSoon();
    this.close();
  }

  reset(code: number): void {
    if (!this.over) this.connection.reset(this, code);
  }

  /** Sends what the windows allow; true when nothing waits any more. */
  pump(): boolean {
    while (this.queue.length > 0) {
      const bytes = this.queue[0]!;
      const size = this.connection.allowance(this, Math.min(MAX_FRAME, bytes.length - this.queueAt));
      if (size === 0) return false;
      this.frame(bytes.subarray(this.queueAt, this.queueAt + size));
      this.buffered -= size;
      this.queueAt += size;
      if (this.queueAt === bytes.length) {
        this.queue.shift();
        this.queueAt = 0;
      }
      this.connection.flushSoon();
    }
    if (this.trailers === NO_TRAILERS) this.endData();
    else if (this.trailers) this.headers(this.trailers, true);
    else this.onDrained?.();
    // Who was told may have sent more.
    return this.queue.length === 0;
  }

  private frame(bytes: Uint8Array): void {
    const { out } = this.connection;
    out.head(bytes.length, Type.data, 0, this.id);
    out.raw(bytes);
    this.connection.sent(this, bytes.length);
  }

  private close(): void {
    // A peer that has not ended its side learns that we do not listen to it any more.
    if (!this.peerEnded) this.connection.reset(this, 0);
    else this.connection.forget(this, false);
  }
}
