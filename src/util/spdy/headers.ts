/** SPDY/3 header blocks: counted pairs of names and values, compressed as one zlib stream for each direction of a connection. */
import { DICTIONARY_ID } from './dictionary.js';
import { Inflater } from './inflate.js';

/** Names in lower case; a name that occurs more than once has its values parted by NUL, as on the wire. */
export type Headers = Readonly<Record<string, string>>;

const utf8 = new TextEncoder();
const text = new TextDecoder();
const MAX_STORED = 0xffff;
/** An empty stored block: Go's reader hands out what it has only when it meets one. */
const SYNC = [0, 0, 0, 0xff, 0xff];

/** The sending half: stored blocks only, which every inflater reads. Header blocks are small, and the streams are local. */
export class HeaderWriter {
  private started = false;

  encode(headers: Headers): Uint8Array {
    const pairs = Object.entries(headers).map(([name, value]) => [utf8.encode(name.toLowerCase()), utf8.encode(value)] as const);
    const plain = new Uint8Array(4 + pairs.reduce((n, [k, v]) => n + 8 + k.length + v.length, 0));
    const view = new DataView(plain.buffer);
    view.setUint32(0, pairs.length);
    let at = 4;
    for (const part of pairs.flat()) {
      view.setUint32(at, part.length);
      plain.set(part, at + 4);
      at += 4 + part.length;
    }
    return this.store(plain);
  }

  private store(plain: Uint8Array): Uint8Array {
    if (plain.length > MAX_STORED) throw new Error('headers are too large for one block');
    const head = this.started
      ? []
      : [0x78, 0xbb, (DICTIONARY_ID >>> 24) & 255, (DICTIONARY_ID >>> 16) & 255, (DICTIONARY_ID >>> 8) & 255, DICTIONARY_ID & 255];
    this.started = true;
    const n = plain.length;
    return Uint8Array.from([...head, 0, n & 255, n >> 8, ~n & 255, (~n >> 8) & 255, ...plain, ...SYNC]);
  }
}

/** The receiving half. */
export class HeaderReader {
  private readonly inflater = new Inflater();

  decode(block: Uint8Array): Headers {
    const plain = this.inflater.push(block);
    const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
    const headers = Object.create(null) as Record<string, string>;
    let at = 4;
    const count = (from: number): number => {
      if (from + 4 > plain.length) throw new Error('header block is cut short');
      return view.getUint32(from);
    };
    const next = (): string => {
      const n = count(at);
      if (at + 4 + n > plain.length) throw new Error('header block is cut short');
      at += 4 + n;
      return text.decode(plain.subarray(at - n, at));
    };
    for (let left = count(0); left > 0; left--) {
      const name = next();
      headers[name.toLowerCase()] = next();
    }
    return headers;
  }
}
