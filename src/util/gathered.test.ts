import { describe, expect, it } from 'vitest';
import { Gathered } from './gathered.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (b: Uint8Array): string => new TextDecoder().decode(b);

describe('bytes in pieces', () => {
  it('come out as they came in, whatever the pieces', () => {
    const all = bytes('abcdefghijklmnopqrstuvwxyz'.repeat(20));
    for (const [piece, part] of [
      [1, 7],
      [7, 1],
      [520, 3],
      [13, 13],
    ] as const) {
      const g = new Gathered();
      const parts: Uint8Array[] = [];
      for (let at = 0; at < all.length; at += piece) {
        g.push(all.subarray(at, at + piece));
        while (g.length >= part) parts.push(g.take(part));
      }
      parts.push(g.take(g.length));
      expect(parts.map(text).join('')).toBe(text(all));
      expect(g.length).toBe(0);
    }
  });
  it('are the reader’s own: the piece may be used again by who gave it', () => {
    const piece = bytes('ab');
    const g = new Gathered();
    g.push(piece);
    const taken = g.take(1);
    piece.fill(0);
    g.push(bytes('cd'));
    expect([text(taken), text(g.held())]).toEqual(['a', 'bcd']);
  });
});

it('a megabyte in pieces of one byte is copied a few times, not once for each piece', { timeout: 30_000 }, () => {
  const SIZE = 1 << 20;
  const one = Uint8Array.of(120);
  const g = new Gathered();
  for (let n = 0; n < SIZE; n++) g.push(one);
  expect(g.take(SIZE).every((b) => b === 120)).toBe(true);
});
