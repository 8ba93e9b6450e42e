import { expect, it } from 'vitest';
import { sizes } from './remote-command.js';

async function read(...chunks: Uint8Array[]): Promise<string[]> {
  const out: string[] = [];
  async function* input() {
    yield* chunks;
  }
  for await (const s of sizes(input())) out.push(`${s.width}x${s.height}`);
  return out;
}
const bytes = (s: string) => new TextEncoder().encode(s);

it.each<[string, string[], string[]]>([
  ['one', ['{"Width":80,"Height":24}'], ['80x24']],
  ['two in a chunk', ['{"Width":1,"Height":2}{"Width":3,"Height":4}'], ['1x2', '3x4']],
  ['one in parts', ['{"Width":8', '0,"Height":24}'], ['80x24']],
  ['what is no size is passed over', ['}}{"x"}{"Width":5,"Height":6}'], ['5x6']],
])('sizes of a terminal: %s', async (_what, chunks, wanted) => expect(await read(...chunks.map(bytes))).toEqual(wanted));

it('text without end is not kept, nor looked through again and again', async () => {
  const spaces = new Uint8Array(1024 * 1024).fill(0x20);
  const braces = new Uint8Array(1024 * 1024).fill(0x7d);
  const many = Array.from({ length: 100 }, (_, i) => (i % 2 ? spaces : braces));
  expect(await read(...many, bytes('{"Width":7,"Height":8}'))).toEqual(['7x8']);
});
