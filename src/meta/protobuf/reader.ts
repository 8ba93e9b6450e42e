/** Reads protobuf's wire format. Everything is checked against the end of the message: hostile bytes throw. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Nesting deeper than this is refused. */
export const DEPTH_LIMIT = 64;

export class Reader {
  constructor(
    private readonly buffer: Uint8Array,
    private at = 0,
    readonly end = buffer.length,
  ) {}

  get done(): boolean {
    return this.at >= this.end;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const b = this.byte();
      value += (b & 127) * scale;
      if (b < 128) return value;
      scale *= 128;
    }
    // More than 49 bits: a large or a negative number.
    let big = BigInt(value);
    for (let shift = 49n; ; shift += 7n) {
      if (shift > 63n) throw new Error('proto: integer overflow');
      const b = this.byte();
      big |= BigInt(b & 127) << shift;
      if (b < 128) return Number(BigInt.asIntN(64, big));
    }
  }

  double(): number {
    this.need(8);
    const v = new DataView(this.buffer.buffer, this.buffer.byteOffset + this.at).getFloat64(0, true);
    this.at += 8;
    return v;
  }

  bytes(): Uint8Array {
    const length = this.varint();
    this.need(length);
    return this.buffer.subarray(this.at, (this.at += length));
  }

  string(): string {
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch {
      throw new Error('proto: string field contains invalid UTF-8');
    }
  }

  message(): Reader {
    const length = this.varint();
    this.need(length);
    const inner = new Reader(this.buffer, this.at, this.at + length);
    this.at += length;
    return inner;
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.advance(8);
    else if (wire === 2) this.advance(this.varint());
    else if (wire === 5) this.advance(4);
    else throw new Error(`proto: illegal wireType ${wire}`);
  }

  private advance(n: number): void {
    this.need(n);
    this.at += n;
  }

  private byte(): number {
    if (this.at >= this.end) throw new Error('unexpected EOF');
    return this.buffer[this.at++]!;
  }

  private need(n: number): void {
    if (!(n >= 0) || this.at + n > this.end) throw new Error('unexpected EOF');
  }
}
