/**
 * Protobuf for the messages of `schema.ts`. Decoding copies bytes out of the network's buffer. Encoding goes from the last byte to the
 * first, so that the length of a nested message is known when it is due.
 */

import { latin1 } from '../../store/embedded/bytes.js';
import { table } from '../../util/own.js';
import type { Draft, Message, MessageName } from './message.js';
import { schema } from './schema.js';

type Kind = 'key' | 'bytes' | 'string' | 'int' | 'id' | 'uid' | 'u32' | 'bool' | 'enum' | 'message';

interface FieldCodec {
  readonly name: string;
  readonly number: number;
  readonly kind: Kind;
  readonly repeated: boolean;
  message: MessageCodec | undefined;
  readonly wire: number;
}

interface MessageCodec {
  readonly name: string;
  readonly fields: FieldCodec[];
  readonly byNumber: (FieldCodec | undefined)[];
  readonly empty: Record<string, unknown>;
}

const EMPTY_BYTES = new Uint8Array(0);
const EMPTY_LIST: readonly never[] = Object.freeze([]);
const ZERO: Record<Kind, unknown> = table({
  key: '',
  bytes: EMPTY_BYTES,
  string: '',
  int: 0,
  id: 0n,
  uid: 0n,
  u32: 0,
  bool: false,
  enum: 0,
  message: undefined,
});
const LENGTH_DELIMITED: ReadonlySet<Kind> = new Set(['key', 'bytes', 'string', 'message']);

const codecs = new Map<string, MessageCodec>();
for (const [name, text] of Object.entries(schema)) codecs.set(name, compile(name, text));
for (const codec of codecs.values())
  for (const field of codec.fields) if (field.kind === 'message') field.message = codecs.get(typeOf(codec.name, field.name));

function compile(name: string, text: string): MessageCodec {
  const codec: MessageCodec = { name, fields: [], byNumber: [], empty: {} };
  for (const line of text === '' ? [] : text.split(', ')) {
    const [field, number, type] = line.split(' ') as [string, string, string];
    const repeated = type.endsWith('[]');
    const base = repeated ? type.slice(0, -2) : type;
    const kind = (base in ZERO && base !== 'message' ? base : 'message') as Kind;
    const entry: FieldCodec = {
      name: field,
      number: Number(number),
      kind,
      repeated,
      message: undefined,
      wire: LENGTH_DELIMITED.has(kind) ? 2 : 0,
    };
    codec.fields.push(entry);
    codec.byNumber[entry.number] = entry;
    codec.empty[field] = repeated ? EMPTY_LIST : ZERO[kind];
  }
  return codec;
}

function typeOf(message: string, field: string): string {
  const line = schema[message as MessageName].split(', ').find((l) => l.startsWith(`${field} `))!;
  return line.split(' ')[2]!.replace('[]', '');
}

/** The bytes are no message of that type. */
export class ProtoError extends Error {
  constructor(what: string) {
    super(`proto: ${what}`);
  }
}

export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  return new Decoder(bytes).message(codecs.get(name)!, bytes.length) as unknown as Message<Name>;
}

const utf8 = new TextDecoder();

class Decoder {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  message(codec: MessageCodec, end: number): Record<string, unknown> {
    const message = { ...codec.empty };
    while (this.at < end) {
      const tag = this.varint();
      const wire = tag & 7;
      const field = codec.byNumber[tag >>> 3];
      if (field === undefined) {
        this.skip(wire, end);
        continue;
      }
      if (wire === 2 && field.wire === 0 && field.repeated) {
        this.packed(message, field, end);
        continue;
      }
      if (wire !== field.wire) throw new ProtoError(`wrong wireType = ${wire} for field ${field.name}`);
      const value = this.value(field, end);
      if (!field.repeated) message[field.name] = value;
      else if (message[field.name] === EMPTY_LIST) message[field.name] = [value];
      else (message[field.name] as unknown[]).push(value);
    }
    if (this.at !== end) throw new ProtoError('unexpected EOF');
    return message;
  }

  private packed(message: Record<string, unknown>, field: FieldCodec, end: number): void {
    const list = message[field.name] === EMPTY_LIST ? [] : (message[field.name] as unknown[]);
    for (const to = this.lengthEnd(end); this.at < to; ) list.push(this.value(field, to));
    message[field.name] = list;
  }

  private value(field: FieldCodec, end: number): unknown {
    switch (field.kind) {
      case 'int':
        return this.int();
      case 'enum':
      case 'u32':
        return this.varint();
      case 'bool':
        return this.varint() !== 0;
      case 'id':
        return BigInt.asIntN(64, this.varint64());
      case 'uid':
        return this.varint64();
    }
    const from = this.at;
    const to = this.lengthEnd(end);
    switch (field.kind) {
      case 'message':
        return this.message(field.message!, to);
      case 'key': {
        const start = this.at;
        this.at = to;
        return latin1(this.bytes, start, to);
      }
      case 'bytes': {
        const start = this.at;
        this.at = to;
        return start === to ? EMPTY_BYTES : copy(this.bytes, start, to);
      }
      case 'string': {
        const start = this.at;
        this.at = to;
        return utf8.decode(this.bytes.subarray(start, to));
      }
    }
    throw new ProtoError(`cannot read ${field.name} at ${from}`);
  }

  private lengthEnd(end: number): number {
    const length = this.varint();
    const to = this.at + length;
    if (to > end) throw new ProtoError('unexpected EOF');
    return to;
  }

  private skip(wire: number, end: number): void {
    if (wire === 0) this.varint64();
    else if (wire === 1) this.at += 8;
    else if (wire === 2) this.at = this.lengthEnd(end);
    else if (wire === 5) this.at += 4;
    else throw new ProtoError(`illegal wireType ${wire}`);
  }

  /** Up to 32 bits; what is above is dropped. */
  private varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++];
    if (byte === undefined) throw new ProtoError('unexpected EOF');
    if (byte < 128) return byte;
    let n = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[this.at++];
      if (byte === undefined) throw new ProtoError('unexpected EOF');
      if (shift < 32) n |= (byte & 0x7f) << shift;
      if (byte < 128) return n >>> 0;
    }
    throw new ProtoError('integer overflow');
  }

  private int(): number {
    const { bytes } = this;
    const start = this.at;
    let n = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = bytes[this.at++];
      if (byte === undefined) throw new ProtoError('unexpected EOF');
      n += (byte & 0x7f) * scale;
      if (byte < 128) return n;
      scale *= 128;
    }
    this.at = start;
    return Number(BigInt.asIntN(64, this.varint64()));
  }

  private varint64(): bigint {
    let n = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new ProtoError('unexpected EOF');
      n |= BigInt(byte & 0x7f) << shift;
      if (byte < 128) return BigInt.asUintN(64, n);
    }
    throw new ProtoError('integer overflow');
  }
}

function copy(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const out = new Uint8Array(to - from);
  out.set(bytes.subarray(from, to));
  return out;
}

/** Room in front of an encoded message for gRPC's five bytes. */
export const GRPC_HEAD = 5;

/** The message's bytes, the caller's to keep. */
export function encode<Name extends MessageName>(name: Name, draft: Draft<Name>): Uint8Array {
  const end = scratch.begin();
  scratch.message(codecs.get(name)!, draft as Record<string, unknown>);
  return scratch.taken(end);
}

/**
 * The same with gRPC's head before it: not compressed, and the length. The head counts `tailLength` bytes more, which the caller sends
 * after it: fields that were encoded before.
 */
export function encodeFramed<Name extends MessageName>(name: Name, draft: Draft<Name>, tailLength = 0): Uint8Array {
  const end = scratch.begin();
  scratch.message(codecs.get(name)!, draft as Record<string, unknown>);
  scratch.frameHead(end, tailLength);
  return scratch.taken(end);
}

const MIN_SCRATCH = 64 * 1024;
/** A message of this size takes its buffer with it: copying would cost more than a new one. */
const LARGE = 1024 * 1024;
const encoder = new TextEncoder();

class BackwardEncoder {
  private buffer = new Uint8Array(MIN_SCRATCH);
  private at = MIN_SCRATCH;
  /** The last large message: the next one is likely of its size. */
  private lastLarge = 0;

  /** Bytes from the end of the buffer: stays right when the buffer grows. */
  begin(): number {
    return this.buffer.length - this.at;
  }

  taken(from: number): Uint8Array {
    const { buffer, at } = this;
    const end = buffer.length - from;
    if (from > 0 || end - at < LARGE) {
      this.at = end;
      return buffer.slice(at, end);
    }
    this.lastLarge = end - at;
    this.buffer = new Uint8Array(MIN_SCRATCH);
    this.at = MIN_SCRATCH;
    return buffer.subarray(at, end);
  }

  frameHead(from: number, more: number): void {
    const length = this.buffer.length - from - this.at + more;
    this.reserve(GRPC_HEAD);
    this.at -= GRPC_HEAD;
    const { buffer, at } = this;
    buffer[at] = 0;
    buffer[at + 1] = length >>> 24;
    buffer[at + 2] = length >>> 16;
    buffer[at + 3] = length >>> 8;
    buffer[at + 4] = length;
  }

  message(codec: MessageCodec, draft: Record<string, unknown>): void {
    const { fields } = codec;
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = fields[i]!;
      const value = draft[field.name];
      if (value === undefined) continue;
      if (field.repeated) {
        const list = value as readonly unknown[];
        for (let k = list.length - 1; k >= 0; k--) this.field(field, list[k]);
      } else if (!isZero(field.kind, value)) this.field(field, value);
    }
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.at -= bytes.length;
    this.buffer.set(bytes, this.at);
  }

  private field(field: FieldCodec, value: unknown): void {
    const end = this.buffer.length - this.at;
    switch (field.kind) {
      case 'int':
        this.int(value as number);
        break;
      case 'enum':
      case 'u32':
        this.varint(value as number);
        break;
      case 'bool':
        this.varint(value ? 1 : 0);
        break;
      case 'id':
      case 'uid':
        this.varint64(BigInt.asUintN(64, value as bigint));
        break;
      case 'key':
        this.key(value as string);
        break;
      case 'bytes':
        this.bytes(value as Uint8Array);
        break;
      case 'string':
        this.bytes(encoder.encode(value as string));
        break;
      case 'message':
        this.message(field.message!, value as Record<string, unknown>);
    }
    if (field.wire === 2) this.varint(this.buffer.length - this.at - end);
    this.varint(field.number * 8 + field.wire);
  }

  private key(key: string): void {
    this.reserve(key.length);
    this.at -= key.length;
    const { buffer, at } = this;
    for (let i = 0; i < key.length; i++) buffer[at + i] = key.charCodeAt(i);
  }

  private int(n: number): void {
    if (n < 0) this.varint64(BigInt.asUintN(64, BigInt(n)));
    else this.varint(n);
  }

  /** A whole number from 0 to 2^53-1. */
  private varint(n: number): void {
    this.reserve(10);
    if (n < 128) {
      this.buffer[--this.at] = n;
      return;
    }
    let size = 1;
    for (let rest = n; rest >= 128; rest = Math.floor(rest / 128)) size++;
    this.at -= size;
    let at = this.at;
    for (; n >= 128; n = Math.floor(n / 128)) this.buffer[at++] = (n % 128) | 128;
    this.buffer[at] = n;
  }

  private varint64(n: bigint): void {
    if (n <= 0xffffffffffffn) {
      this.varint(Number(n));
      return;
    }
    this.reserve(10);
    let size = 1;
    for (let rest = n; rest >= 128n; rest >>= 7n) size++;
    this.at -= size;
    let at = this.at;
    for (; n >= 128n; n >>= 7n) this.buffer[at++] = Number(n & 0x7fn) | 128;
    this.buffer[at] = Number(n);
  }

  private reserve(n: number): void {
    if (this.at >= n) return;
    const used = this.buffer.length - this.at;
    let size = this.buffer.length * 2;
    while (size < used + n) size *= 2;
    if (size >= LARGE && size < this.lastLarge + MIN_SCRATCH) size = this.lastLarge + MIN_SCRATCH;
    const grown = new Uint8Array(size);
    grown.set(this.buffer.subarray(this.at), size - used);
    this.buffer = grown;
    this.at = size - used;
  }
}

function isZero(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'message':
      return false;
    case 'bytes':
      return (value as Uint8Array).length === 0;
    case 'id':
    case 'uid':
      return value === 0n;
    default:
      return !value;
  }
}

const scratch = new BackwardEncoder();
