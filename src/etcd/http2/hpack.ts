/**
 * HPACK (RFC 7541): decoding with the dynamic table, and encoding without one (our headers are few and known, each block is made once).
 */
import { latin1 } from '../../store/embedded/bytes.js';
import { decodeHuffman } from './huffman.js';

/** Name, value, and whether no header may be so. */
type Field = readonly [name: string, value: string, bad?: boolean];

const STATIC: readonly Field[] =
  `:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`
    .split('|')
    .map((line) => {
      const space = line.indexOf(' ');
      return space < 0 ? ([line, ''] as const) : ([line.slice(0, space), line.slice(space + 1)] as const);
    });

/** What a peer may make us remember (SETTINGS_HEADER_TABLE_SIZE, which we leave at its default). */
const TABLE_LIMIT = 4096;
const COLON = 0x3a;
const ENTRY_OVERHEAD = 32;
/** All names and values of one block. */
export const HEADER_LIST_LIMIT = 64 * 1024;
/** Blocks whose meaning is remembered while the table stays as it is. */
const REMEMBERED = 64;

/** What a request may say of itself, and what it may not say in HTTP/2. */
const PSEUDO = new Set([':method', ':scheme', ':path', ':authority']);
const OF_HTTP_1 = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const BAD_NAME = /[^!-9;-@[-~]/;
const BAD_VALUE = /[\0\r\n]/;

const isBad = (name: string, value: string): boolean =>
  (PSEUDO.has(name) ? false : name === '' || BAD_NAME.test(name) || OF_HTTP_1.has(name) || (name === 'te' && value !== 'trailers')) ||
  BAD_VALUE.test(value);

export type Headers = ReadonlyMap<string, string>;

export class HpackError extends Error {}

export class HpackDecoder {
  /** The newest first. */
  private dynamic: Field[] = [];
  private size = 0;
  private limit = TABLE_LIMIT;
  private readonly remembered = new Map<string, Headers>();
  private at = 0;
  /** The block read last is none of a request (RFC 9113, section 8.2 and 8.3): its stream is refused, the table goes on. */
  malformed = false;

  /** Throws HpackError; the connection is then of no use any more. */
  decode(block: Uint8Array): Headers {
    const key = block.length <= 64 ? latin1(block, 0, block.length) : '';
    const known = key === '' ? undefined : this.remembered.get(key);
    this.malformed = false;
    if (known) return known;
    const headers = new Map<string, string>();
    let changed = false;
    let size = 0;
    let updates = 0;
    let regular = false;
    for (this.at = 0; this.at < block.length; ) {
      const byte = block[this.at]!;
      let field: Field;
      if (byte & 0x80) field = this.entry(this.integer(block, 7));
      else if (byte & 0x40) {
        field = this.literal(block, 6);
        this.insert(field);
        changed = true;
      } else if (byte & 0x20) {
        // Two say all: the smallest it was, and what it is.
        if (size > 0 || ++updates > 2) throw new HpackError('a change of the table where none may be');
        this.resize(this.integer(block, 5));
        changed = true;
        continue;
      } else field = this.literal(block, 4);
      size += field[0].length + field[1].length + ENTRY_OVERHEAD;
      if (size > HEADER_LIST_LIMIT) throw new HpackError('the header list is too long');
      const before = headers.get(field[0]);
      if (field[0].charCodeAt(0) !== COLON) regular = true;
      else if (regular || before !== undefined || !PSEUDO.has(field[0])) this.malformed = true;
      if (field[2]) this.malformed = true;
      headers.set(field[0], before === undefined ? field[1] : `${before},${field[1]}`);
    }
    if (changed) this.remembered.clear();
    else if (key !== '' && !this.malformed && this.remembered.size < REMEMBERED) this.remembered.set(key, headers);
    return headers;
  }

  private entry(index: number): Field {
    const entry = index <= STATIC.length ? STATIC[index - 1] : this.dynamic[index - STATIC.length - 1];
    if (entry === undefined) throw new HpackError(`no header with index ${index}`);
    return entry;
  }

  private literal(block: Uint8Array, prefix: number): Field {
    const index = this.integer(block, prefix);
    const name = index === 0 ? this.string(block) : this.entry(index)[0];
    const value = this.string(block);
    return [name, value, isBad(name, value)];
  }

  private string(block: Uint8Array): string {
    if (this.at >= block.length) throw new HpackError('the header block is cut short');
    const huffman = (block[this.at]! & 0x80) !== 0;
    const length = this.integer(block, 7);
    const from = this.at;
    if (from + length > block.length) throw new HpackError('the header block is cut short');
    this.at = from + length;
    const text = huffman ? decodeHuffman(block, from, this.at) : latin1(block, from, this.at);
    if (text === undefined) throw new HpackError('bad Huffman code');
    return text;
  }

  private integer(block: Uint8Array, prefix: number): number {
    const mask = (1 << prefix) - 1;
    let n = block[this.at++]! & mask;
    if (n < mask) return n;
    for (let shift = 0; ; shift += 7) {
      const byte = block[this.at++];
      if (byte === undefined || shift > 21) throw new HpackError('bad integer');
      n += (byte & 0x7f) << shift;
      if (!(byte & 0x80)) return n;
    }
  }

  private insert(field: Field): void {
    this.size += field[0].length + field[1].length + ENTRY_OVERHEAD;
    this.dynamic.unshift(field);
    this.evict();
  }

  private resize(limit: number): void {
    if (limit > TABLE_LIMIT) throw new HpackError('the table is larger than allowed');
    this.limit = limit;
    this.evict();
  }

  private evict(): void {
    while (this.size > this.limit) {
      const [name, value] = this.dynamic.pop()!;
      this.size -= name.length + value.length + ENTRY_OVERHEAD;
    }
  }
}

/** A header block of literals that change no table. */
export function encodeHeaders(headers: readonly (readonly [string, string])[]): Uint8Array {
  const out: number[] = [];
  const integer = (n: number, prefix: number, flags: number) => {
    const mask = (1 << prefix) - 1;
    if (n < mask) return void out.push(flags | n);
    out.push(flags | mask);
    for (n -= mask; n >= 128; n = Math.floor(n / 128)) out.push((n % 128) | 128);
    out.push(n);
  };
  const string = (s: string) => {
    integer(s.length, 7, 0);
    for (let i = 0; i < s.length; i++) out.push(s.charCodeAt(i));
  };
  for (const [name, value] of headers) {
    const whole = STATIC.findIndex(([n, v]) => n === name && v === value && v !== '');
    if (whole >= 0) {
      integer(whole + 1, 7, 0x80);
      continue;
    }
    const index = STATIC.findIndex(([n]) => n === name) + 1;
    integer(index, 4, 0);
    if (index === 0) string(name);
    string(value);
  }
  return Uint8Array.from(out);
}
