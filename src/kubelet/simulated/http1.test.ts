import { expect, it } from 'vitest';
import { serveHttp } from './http1.js';

async function* pieces(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Method, path and body of each request. */
async function requests(input: AsyncIterable<Uint8Array>): Promise<string[]> {
  const got: string[] = [];
  await serveHttp(
    input,
    async () => {},
    80,
    async (r) => {
      got.push(`${r.method} ${r.path} ${new TextDecoder().decode(r.body)}`);
      return {};
    },
  );
  return got;
}

const TEXT =
  'POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyzGET /b HTTP/1.1\r\nx: \r\r\n\r\nPUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n';

it.each([1, 2, 3, 7, 1000])('requests in pieces of %i bytes', async (size) => {
  expect(await requests(pieces(TEXT, size))).toEqual(['POST /a xyz', 'GET /b ', 'PUT /c abc']);
});

it('a body in small pieces is not copied for each of them', { timeout: 30_000 }, async () => {
  async function* input() {
    yield* pieces('POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n', 1000);
    const piece = new Uint8Array(10).fill(120);
    for (let n = 0; n < 400_000; n++) yield piece;
  }
  expect((await requests(input()))[0]).toHaveLength('POST / '.length + 4_000_000);
});

it('chunks are no more together than a body may be', async () => {
  async function* input() {
    yield* pieces('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', 1000);
    const chunk = new TextEncoder().encode(`100000\r\n${'x'.repeat(1 << 20)}\r\n`);
    for (let n = 0; n < 17; n++) yield chunk;
    yield* pieces('0\r\n\r\n', 1000);
  }
  await expect(requests(input())).rejects.toThrow('request body is too large');
});

it.each([
  'Content-Length: -5\r\n\r\nabcdefgh',
  'Content-Length: x\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\n-5\r\nabcdefgh',
  'Transfer-Encoding: chunked\r\n\r\n\r\n',
])('a length that is none is refused: %j', async (rest) => {
  await expect(requests(pieces(`POST / HTTP/1.1\r\n${rest}`, 5))).rejects.toThrow('not a length');
});
