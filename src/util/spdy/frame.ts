/** SPDY/3.1 frames as bytes. Source: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ section 2.2 */

import { Gathered } from '../gathered.js';
import { table } from '../own.js';

export const FIN = 1;

export type Frame =
  | { readonly kind: 'syn-stream'; readonly stream: number; readonly fin: boolean; readonly block: Uint8Array }
  | { readonly kind: 'syn-reply' | 'headers'; readonly stream: number; readonly fin: boolean; readonly block: Uint8Array }
  | { readonly kind: 'rst-stream'; readonly stream: number; readonly status: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goaway'; readonly lastStream: number; readonly status: number }
  | { readonly kind: 'data'; readonly stream: number; readonly fin: boolean; readonly data: Uint8Array }
  /** Settings, window updates and credentials: this side neither needs nor answers them. */
  | { readonly kind: 'other'; readonly type: number };

/** The length field's own limit is 16 MiB; no peer of ours sends more than 64 KiB a frame. */
export const MAX_FRAME = 1024 * 1024;

const HEAD = 8;
const VERSION = 3;
const TYPES: Readonly<Record<number, string>> = table({
  1: 'syn-stream',
  2: 'syn-reply',
  3: 'rst-stream',
  6: 'ping',
  7: 'goaway',
  8: 'headers',
});
const TYPE_OF: Readonly<Record<string, number>> = Object.fromEntries(Object.entries(TYPES).map(([n, name]) => [name, Number(n)]));

/** Cuts frames out of a byte stream. */
export class FrameReader {
  private readonly waiting = new Gathered();

  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    this.waiting.push(bytes);
    while (this.waiting.length >= HEAD) {
      const held = this.waiting.held();
      const view = new DataView(held.buffer, held.byteOffset, held.length);
      const length = view.getUint32(4) & 0xffffff;
      if (length > MAX_FRAME) throw new Error(`SPDY frame of ${length} bytes is too large`);
      if (held.length < HEAD + length) break;
      frames.push(parse(view.getUint32(0), view.getUint8(4), this.waiting.take(HEAD + length).subarray(HEAD)));
    }
    return frames;
  }
}

function parse(head: number, flags: number, body: Uint8Array): Frame {
  const fin = (flags & FIN) !== 0;
  if (!(head & 0x80000000)) return { kind: 'data', stream: head >>> 0, fin, data: body };
  const version = (head >>> 16) & 0x7fff;
  if (version !== VERSION) throw new Error(`SPDY version ${version} is not spoken here, only 3.1`);
  const type = head & 0xffff;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const word = (at: number): number => {
    if (body.length < at + 4) throw new Error('SPDY frame is cut short');
    return view.getUint32(at);
  };
  const kind = TYPES[type];
  if (kind === 'syn-stream') return { kind, stream: word(0) & 0x7fffffff, fin, block: body.subarray(10) };
  if (kind === 'syn-reply' || kind === 'headers') return { kind, stream: word(0) & 0x7fffffff, fin, block: body.subarray(4) };
  if (kind === 'rst-stream') return { kind, stream: word(0) & 0x7fffffff, status: word(4) };
  if (kind === 'ping') return { kind, id: word(0) };
  if (kind === 'goaway') return { kind, lastStream: word(0) & 0x7fffffff, status: word(4) };
  return { kind: 'other', type };
}

export function encodeFrame(frame: Exclude<Frame, { kind: 'other' }>): Uint8Array {
  if (frame.kind === 'data') return build(frame.stream, frame.fin, frame.data);
  const head = (0x80000000 | (VERSION << 16) | TYPE_OF[frame.kind]!) >>> 0;
  switch (frame.kind) {
    case 'syn-stream': // stream, associated stream 0, priority and slot 0
      return build(head, frame.fin, join(words(frame.stream, 0), Uint8Array.of(0, 0), frame.block));
    case 'syn-reply':
    case 'headers':
      return build(head, frame.fin, join(words(frame.stream), frame.block));
    case 'rst-stream':
      return build(head, false, words(frame.stream, frame.status));
    case 'ping':
      return build(head, false, words(frame.id));
    case 'goaway':
      return build(head, false, words(frame.lastStream, frame.status));
  }
}

function build(head: number, fin: boolean, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, head);
  view.setUint32(4, body.length);
  view.setUint8(4, fin ? FIN : 0);
  out.set(body, 8);
  return out;
}

function words(...values: number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  for (const [i, v] of values.entries()) view.setUint32(i * 4, v);
  return out;
}

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
