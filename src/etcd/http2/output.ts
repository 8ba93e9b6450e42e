/** Collects what a connection sends, so that everything of one turn goes out in one write. */
const SLAB = 128 * 1024;

export class Output {
  private slab = new Uint8Array(SLAB);
  private start = 0;
  private at = 0;

  get pending(): number {
    return this.at - this.start;
  }

  /** A frame's head. */
  head(length: number, type: number, flags: number, stream: number): void {
    this.reserve(9);
    const { slab, at } = this;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = stream >>> 24;
    slab[at + 6] = stream >>> 16;
    slab[at + 7] = stream >>> 8;
    slab[at + 8] = stream;
    this.at = at + 9;
  }

  u16(n: number): void {
    this.reserve(2);
    this.slab[this.at++] = n >>> 8;
    this.slab[this.at++] = n;
  }

  u32(n: number): void {
    this.reserve(4);
    this.slab[this.at++] = n >>> 24;
    this.slab[this.at++] = n >>> 16;
    this.slab[this.at++] = n >>> 8;
    this.slab[this.at++] = n;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.slab.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** What was collected; the bytes are the taker's. */
  take(): Uint8Array {
    const bytes = this.slab.subarray(this.start, this.at);
    this.start = this.at;
    return bytes;
  }

  private reserve(n: number): void {
    if (this.at + n <= this.slab.length) return;
    const pending = this.slab.subarray(this.start, this.at);
    let size = SLAB;
    while (size < pending.length * 2 + n) size *= 2;
    this.slab = new Uint8Array(size);
    this.slab.set(pending);
    this.start = 0;
    this.at = pending.length;
  }
}
