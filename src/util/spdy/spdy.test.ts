import { createDeflate, type Deflate, constants as zlib } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.js';
import { DICTIONARY, DICTIONARY_ID } from './dictionary.js';
import { encodeFrame, FrameReader } from './frame.js';
import { HeaderReader, HeaderWriter } from './headers.js';
import { SpdySession, type SpdyStream } from './session.js';

/** zlib as Go's and Node's peers use it: one stream, a sync flush after each block. */
async function deflated(deflate: Deflate, plain: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const take = (c: Buffer) => chunks.push(c);
  deflate.on('data', take);
  deflate.write(plain);
  await new Promise<void>((resolve) => deflate.flush(zlib.Z_SYNC_FLUSH, () => resolve()));
  deflate.off('data', take);
  return Buffer.concat(chunks);
}

function block(pairs: [string, string][]): Buffer {
  const parts: Buffer[] = [];
  const word = (n: number) => {
    const b = Buffer.alloc(4);
    b.writeUInt32BE(n);
    return b;
  };
  parts.push(word(pairs.length));
  for (const s of pairs.flat()) parts.push(word(s.length), Buffer.from(s));
  return Buffer.concat(parts);
}

async function text(queue: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const c of queue) chunks.push(c);
  return Buffer.concat(chunks).toString();
}

describe('header compression', () => {
  it('has the dictionary of the specification', () => {
    expect(DICTIONARY.length).toBe(1423);
    expect(DICTIONARY_ID.toString(16)).toBe('e3c6a7c2');
  });

  it.each([0, 1, 6, 9])('reads what zlib writes at level %i, over many blocks of one stream', async (level) => {
    const deflate = createDeflate({ dictionary: DICTIONARY, level });
    const reader = new HeaderReader();
    for (let i = 0; i < 200; i++) {
      const pairs: [string, string][] = [
        ['streamtype', i % 2 ? 'data' : 'error'],
        ['port', String(8000 + i)],
        ['requestid', String(i)],
        [
          'x-random',
          Buffer.from(`${i * 7919}`.repeat(i))
            .toString('base64')
            .slice(0, 4000),
        ],
      ];
      expect(reader.decode(await deflated(deflate, block(pairs)))).toEqual(Object.fromEntries(pairs));
    }
    deflate.destroy();
  });

  it('reads what it writes', () => {
    const writer = new HeaderWriter();
    const reader = new HeaderReader();
    for (const h of [{ streamtype: 'stdin' }, {}, { a: 'ä', b: '' }] as Record<string, string>[])
      expect(reader.decode(writer.encode(h))).toEqual(h);
  });

  it.each([
    ['not zlib', Uint8Array.of(1, 2, 3, 4)],
    ['cut short', Uint8Array.of(0x78, 0xbb, 0xe3)],
    ['another dictionary', Uint8Array.of(0x78, 0xbb, 0, 0, 0, 1, 0)],
  ])('refuses %s', (_, bytes) => {
    expect(() => new HeaderReader().decode(bytes)).toThrow();
  });
});

describe('frames', () => {
  it('come out whole however the bytes are cut', () => {
    const bytes = Buffer.concat([
      encodeFrame({ kind: 'syn-stream', stream: 1, fin: false, block: Uint8Array.of(9, 9) }),
      encodeFrame({ kind: 'data', stream: 1, fin: true, data: Uint8Array.of(1, 2, 3) }),
      encodeFrame({ kind: 'ping', id: 7 }),
      encodeFrame({ kind: 'goaway', lastStream: 3, status: 0 }),
    ]);
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new FrameReader();
      const frames = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
      expect(frames.map((f) => f.kind)).toEqual(['syn-stream', 'data', 'ping', 'goaway']);
      expect(frames[1]).toMatchObject({ stream: 1, fin: true, data: Uint8Array.of(1, 2, 3) });
    }
  });
  it('of a megabyte come whole in pieces of one byte, and what waits is not copied for each', { timeout: 30_000 }, () => {
    const reader = new FrameReader();
    const one = Uint8Array.of(120);
    expect(reader.push(Uint8Array.of(0, 0, 0, 1, 0, 0x10, 0, 0))).toEqual([]);
    for (let n = 1; n < 1 << 20; n++) if (reader.push(one).length) throw new Error(`a frame after ${n} bytes`);
    expect(reader.push(one)).toMatchObject([{ kind: 'data', stream: 1, data: { length: 1 << 20 } }]);
  });
  it('of another version or too large are refused', () => {
    expect(() => new FrameReader().push(Uint8Array.of(0x80, 2, 0, 1, 0, 0, 0, 0))).toThrow('SPDY version 2');
    expect(() => new FrameReader().push(Uint8Array.of(0, 0, 0, 1, 0, 0xff, 0xff, 0xff))).toThrow('too large');
  });
});

describe('sessions', () => {
  function pair(onStream: (s: SpdyStream) => void) {
    let server: SpdySession;
    const client: SpdySession = new SpdySession({ side: 'client', send: (b) => server.receive(b) });
    server = new SpdySession({ side: 'server', send: (b) => client.receive(b), onStream });
    return { client, server };
  }

  it('carry streams both ways with half-close', async () => {
    const seen: string[] = [];
    const { client } = pair((s) => {
      seen.push(s.headers.streamtype!);
      void (async () => {
        await s.write(Buffer.from(`echo ${await text(s.input)}`));
        await s.end();
      })();
    });
    const stream = await client.open({ streamType: 'data' });
    await stream.accepted();
    await stream.write(Buffer.from('hello'));
    await stream.end();
    expect(await text(stream.input)).toBe('echo hello');
    expect(seen).toEqual(['data']);
  });

  it('end their streams when the connection goes', async () => {
    const { client } = pair(() => {});
    const stream = await client.open({});
    client.close();
    expect(await text(stream.input)).toBe('');
    await expect(client.open({})).rejects.toThrow('closed');
  });

  it('refuse streams where none is expected', async () => {
    const client: SpdySession = new SpdySession({ side: 'client', send: (b) => server.receive(b) });
    const server = new SpdySession({ side: 'server', send: (b) => client.receive(b) });
    const stream = await client.open({});
    await expect(stream.accepted()).rejects.toThrow('refused');
  });
});

describe('byte queue', () => {
  it('holds the writer back until the reader has read', async () => {
    const q = new ByteQueue(4);
    let pushed = false;
    const push = q.push(new Uint8Array(8)).then(() => {
      pushed = true;
    });
    await Promise.resolve();
    expect(pushed).toBe(false);
    q.end();
    expect((await text(q)).length).toBe(8);
    await push;
    expect(pushed).toBe(true);
  });
});
