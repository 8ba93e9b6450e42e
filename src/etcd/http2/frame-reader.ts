import { Code, ConnectionError, FRAME_HEAD, MAX_FRAME, PREFACE } from './frames.js';

/** Cuts what comes into frames, after the preface. Of a frame that is not whole yet no more is kept than the longest that is taken. */
export class FrameReader {
  private partial: Uint8Array | undefined;
  private partialLength = 0;
  private prefaceLeft = PREFACE.length;

  constructor(
    /** A frame: its head is at `at`, its payload of `length` bytes after it; the bytes are only good during the call. */
    private readonly take: (bytes: Uint8Array, at: number, length: number) => void,
    /** Nothing more is wanted. */
    private readonly over: () => boolean,
  ) {}

  read(chunk: Uint8Array): void {
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
      this.take(bytes, 0, bytes.length - FRAME_HEAD);
    }
    while (at < chunk.length && !this.over()) {
      const left = chunk.length - at;
      const length = left >= FRAME_HEAD ? this.length(chunk, at) : 0;
      if (left < FRAME_HEAD + length) {
        this.partial = new Uint8Array(FRAME_HEAD + length);
        this.partial.set(chunk.subarray(at));
        this.partialLength = left;
        return;
      }
      this.take(chunk, at, length);
      at += FRAME_HEAD + length;
    }
  }

  private length(bytes: Uint8Array, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > MAX_FRAME) throw new ConnectionError(Code.frameSize, `a frame of ${length} bytes`);
    return length;
  }
}
