/**
 * Inflate (RFC 1951) of a zlib stream that comes in pieces, each ending with a flush: SPDY compresses all header blocks of a connection as one
 * stream. Only whole blocks are taken, which is what every peer's sync flush gives; the last 32 KiB stay as the window.
 */
import { DICTIONARY, DICTIONARY_ID } from './dictionary.js';

const WINDOW = 32 * 1024;
/** Largest header block after inflating: more is an attack, not headers. */
export const MAX_INFLATED = 256 * 1024;

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes each length has, and the symbols in code order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function huffman(lengths: readonly number[]): Huffman {
  const counts = new Uint16Array(16);
  for (const l of lengths) counts[l]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(16);
  for (let i = 1; i < 15; i++) offsets[i + 1] = offsets[i]! + counts[i]!;
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, l] of lengths.entries()) if (l) symbols[offsets[l]!++] = symbol;
  return { counts, symbols };
}

const FIXED_LITERALS = huffman(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)));
const FIXED_DISTANCES = huffman(Array.from({ length: 30 }, () => 5));

class Bits {
  private at = 0;
  private bit = 0;
  constructor(private readonly bytes: Uint8Array) {}

  read(n: number): number {
    let value = 0;
    for (let i = 0; i < n; i++) {
      if (this.at >= this.bytes.length) throw new Error('compressed header block ends early');
      value |= ((this.bytes[this.at]! >> this.bit) & 1) << i;
      if (++this.bit === 8) {
        this.bit = 0;
        this.at++;
      }
    }
    return value;
  }

  symbol(code: Huffman): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length++) {
      value |= this.read(1);
      const count = code.counts[length]!;
      if (value - count < first) return code.symbols[index + (value - first)]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new Error('bad Huffman code in compressed header block');
  }

  align(): void {
    if (this.bit) {
      this.bit = 0;
      this.at++;
    }
  }

  take(n: number): Uint8Array {
    if (this.at + n > this.bytes.length) throw new Error('compressed header block ends early');
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** Less than a byte, which can only be padding. */
  get done(): boolean {
    return this.at >= this.bytes.length;
  }
}

/** The receiving half of a connection's header compression. */
export class Inflater {
  private out: number[] = Array.from(DICTIONARY);
  private started = false;
  private finished = false;

  /** One flushed piece in, its bytes out. Throws on data that is not deflate; the connection is then useless. */
  push(piece: Uint8Array): Uint8Array {
    const bits = new Bits(piece);
    if (!this.started) this.header(bits);
    this.started = true;
    const start = this.out.length;
    while (!bits.done && !this.finished) {
      this.block(bits);
      if (this.out.length - start > MAX_INFLATED) throw new Error('header block is too large');
    }
    const result = Uint8Array.from(this.out.slice(start));
    if (this.out.length > WINDOW) this.out = this.out.slice(-WINDOW);
    return result;
  }

  private header(bits: Bits): void {
    const [method, flags] = bits.take(2);
    if ((method! & 0x0f) !== 8 || (method! * 256 + flags!) % 31 !== 0) throw new Error('not a zlib stream');
    if (flags! & 0x20) {
      const id = bits.take(4).reduce((n, b) => n * 256 + b, 0);
      if (id !== DICTIONARY_ID) throw new Error('unknown compression dictionary');
    } else {
      this.out = [];
    }
  }

  private block(bits: Bits): void {
    this.finished = bits.read(1) === 1;
    const type = bits.read(2);
    if (type === 0) this.stored(bits);
    else if (type === 1) this.compressed(bits, FIXED_LITERALS, FIXED_DISTANCES);
    else if (type === 2) this.dynamic(bits);
    else throw new Error('bad block type in compressed header block');
  }

  private stored(bits: Bits): void {
    bits.align();
    const [a, b] = bits.take(4);
    for (const byte of bits.take(a! | (b! << 8))) this.out.push(byte);
  }

  private dynamic(bits: Bits): void {
    const literals = bits.read(5) + 257;
    const distances = bits.read(5) + 1;
    const codes = bits.read(4) + 4;
    const order = new Array<number>(19).fill(0);
    for (let i = 0; i < codes; i++) order[CODE_LENGTH_ORDER[i]!] = bits.read(3);
    const lengthCode = huffman(order);
    const lengths: number[] = [];
    while (lengths.length < literals + distances) {
      const symbol = bits.symbol(lengthCode);
      if (symbol < 16) lengths.push(symbol);
      else if (symbol === 16) repeat(lengths, lengths.at(-1) ?? 0, 3 + bits.read(2));
      else repeat(lengths, 0, symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7));
    }
    this.compressed(bits, huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals, literals + distances)));
  }

  private compressed(bits: Bits, literals: Huffman, distances: Huffman): void {
    for (let symbol = bits.symbol(literals); symbol !== 256; symbol = bits.symbol(literals)) {
      if (symbol < 256) {
        this.out.push(symbol);
        continue;
      }
      const l = symbol - 257;
      const length = LENGTH_BASE[l]! + bits.read(LENGTH_EXTRA[l]!);
      const d = bits.symbol(distances);
      const distance = DISTANCE_BASE[d]! + bits.read(DISTANCE_EXTRA[d]!);
      if (distance > this.out.length || Number.isNaN(length)) throw new Error('compressed header block points before its start');
      for (let i = 0; i < length; i++) this.out.push(this.out[this.out.length - distance]!);
      if (this.out.length > MAX_INFLATED + WINDOW) throw new Error('header block is too large');
    }
  }
}

function repeat(list: number[], value: number, times: number): void {
  for (let i = 0; i < times; i++) list.push(value);
}
