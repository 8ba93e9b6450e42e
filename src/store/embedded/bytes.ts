/**
 * A growing byte buffer with the few integer forms that the log uses (little-endian), and keys as bytes.
 * Keys are strings of one character per byte, so their bytes are their character codes.
 */
const INITIAL = 64 * 1024;
const TWO32 = 2 ** 32;

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  private view: DataView;

  constructor(capacity = INITIAL) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `n` more bytes. The writers below do not check by themselves. */
  reserve(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < this.length + n) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  u8(n: number): void {
    this.bytes[this.length++] = n;
  }

  u32(n: number): void {
    this.view.setUint32(this.length, n, true);
    this.length += 4;
  }

  /** A whole number up to 2^53-1. */
  u64(n: number): void {
    this.view.setUint32(this.length, n % TWO32, true);
    this.view.setUint32(this.length + 4, Math.floor(n / TWO32), true);
    this.length += 8;
  }

  i64(n: bigint): void {
    this.view.setBigInt64(this.length, n, true);
    this.length += 8;
  }

  key(key: string): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < key.length; i++) bytes[at++] = key.charCodeAt(i);
    this.length = at;
  }

  raw(value: Uint8Array): void {
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  setU32(at: number, n: number): void {
    this.view.setUint32(at, n, true);
  }

  view64(at: number, n: number): void {
    this.view.setUint32(at, n % TWO32, true);
    this.view.setUint32(at + 4, Math.floor(n / TWO32), true);
  }

  filled(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  at = 0;
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    return this.view.getUint8(this.at++);
  }

  u32(): number {
    const n = this.view.getUint32(this.at, true);
    this.at += 4;
    return n;
  }

  u64(): number {
    const n = this.view.getUint32(this.at, true) + this.view.getUint32(this.at + 4, true) * TWO32;
    this.at += 8;
    return n;
  }

  i64(): bigint {
    const n = this.view.getBigInt64(this.at, true);
    this.at += 8;
    return n;
  }

  key(length: number): string {
    const key = latin1(this.bytes, this.at, this.at + length);
    this.at += length;
    return key;
  }

  raw(length: number): Uint8Array {
    const value = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }
}

/** Bytes as a string of one character per byte. (TextDecoder's "latin1" is windows-1252 and not that.) */
export const latin1: (bytes: Uint8Array, from: number, to: number) => string =
  typeof Buffer === 'undefined'
    ? (bytes, from, to) => {
        let s = '';
        for (let i = from; i < to; i += 8192) s += String.fromCharCode(...bytes.subarray(i, Math.min(i + 8192, to)));
        return s;
      }
    : (bytes, from, to) => Buffer.prototype.latin1Slice.call(bytes, from, to);
