/** Writes protobuf's wire format into one growing buffer. Nested messages are written first and their length put before them. */
const encoder = new TextEncoder();

export class Writer {
  private buffer = new Uint8Array(1024);
  private at = 0;

  finish(): Uint8Array {
    return this.buffer.slice(0, this.at);
  }

  tag(num: number, wire: number): void {
    this.varint(num * 8 + wire);
  }

  varint(n: number): void {
    this.room(10);
    if (n < 0) return this.bigVarint(BigInt.asUintN(64, BigInt(n)));
    while (n > 127) {
      this.buffer[this.at++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    this.buffer[this.at++] = n;
  }

  private bigVarint(n: bigint): void {
    while (n > 127n) {
      this.buffer[this.at++] = Number(n & 127n) | 128;
      n >>= 7n;
    }
    this.buffer[this.at++] = Number(n);
  }

  double(n: number): void {
    this.room(8);
    new DataView(this.buffer.buffer).setFloat64(this.at, n, true);
    this.at += 8;
  }

  bytes(b: Uint8Array): void {
    this.varint(b.length);
    this.room(b.length);
    this.buffer.set(b, this.at);
    this.at += b.length;
  }

  string(s: string): void {
    this.room(s.length * 3 + 5);
    // Most strings are short ASCII: their length in bytes is known before they are written.
    const start = this.at;
    const { written } = encoder.encodeInto(s, this.buffer.subarray(start + 5));
    this.lengthBefore(start, start + 5, written);
  }

  /** `body` writes a message; its length goes before it. */
  message(body: () => void): void {
    this.room(5);
    const start = this.at;
    this.at += 5;
    body();
    this.lengthBefore(start, start + 5, this.at - start - 5);
  }

  private lengthBefore(at: number, from: number, length: number): void {
    this.at = at;
    this.varint(length);
    this.buffer.copyWithin(this.at, from, from + length);
    this.at += length;
  }

  private room(n: number): void {
    if (this.at + n <= this.buffer.length) return;
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + n));
    bigger.set(this.buffer);
    this.buffer = bigger;
  }
}
