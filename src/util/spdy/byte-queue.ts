/**
 * Bytes on their way from one who pushes to one who iterates, with a limit: `push` resolves when the queue is below it again, which is what
 * holds back a peer that sends faster than it is read.
 */
export const DEFAULT_QUEUE_LIMIT = 256 * 1024;

export class ByteQueue implements AsyncIterable<Uint8Array> {
  private readonly chunks: Uint8Array[] = [];
  private size = 0;
  private ended = false;
  private error: Error | undefined;
  private wakeReader: (() => void) | undefined;
  private readonly wakeWriters: (() => void)[] = [];

  constructor(private readonly limit = DEFAULT_QUEUE_LIMIT) {}

  /** Bytes after the end are dropped: the reader has said that it wants no more. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.ended || !chunk.length) return;
    this.chunks.push(chunk);
    this.size += chunk.length;
    this.wakeReader?.();
    if (this.size > this.limit) await new Promise<void>((resolve) => this.wakeWriters.push(resolve));
  }

  end(): void {
    this.ended = true;
    this.wakeReader?.();
  }

  /** The reader gets what is queued, then the error. */
  fail(error: Error): void {
    if (this.ended) return;
    this.error = error;
    this.end();
    this.release();
  }

  /** Nobody reads any more: drops what is queued and lets writers go on. */
  cancel(): void {
    this.end();
    this.chunks.length = 0;
    this.size = 0;
    this.release();
  }

  private release(): void {
    for (const wake of this.wakeWriters.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.chunks.shift();
        if (chunk) {
          this.size -= chunk.length;
          if (this.size <= this.limit) this.release();
          yield chunk;
        } else if (this.ended) {
          if (this.error) throw this.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wakeReader = resolve;
          });
          this.wakeReader = undefined;
        }
      }
    } finally {
      this.cancel();
    }
  }
}
