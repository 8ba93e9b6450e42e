/**
 * The HTTP/2 of the etcd API against what RFC 7541 and RFC 9113 say: the header blocks of the examples, frames that may not be, and floods. Whatever
 * comes, the connection answers with a stream error or a connection error and nothing is thrown.
 */
import { describe, expect, it } from 'vitest';
import { Http2Connection } from '../../src/etcd/http2/connection.js';
import { Code, Flag, MAX_FRAME, PREFACE, Type } from '../../src/etcd/http2/frames.js';
import { encodeHeaders, HpackDecoder, HpackError } from '../../src/etcd/http2/hpack.js';
import type { ServerStream } from '../../src/etcd/http2/stream.js';
import { seededRandom } from '../../src/util/random.js';

const hex = (s: string): Uint8Array => Uint8Array.from(s.replace(/\s/g, '').match(/../g) ?? [], (h) => Number.parseInt(h, 16));
const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

type Bytes = readonly number[] | Uint8Array;

function frame(type: number, flags: number, stream: number, payload: Bytes = [], length = payload.length): Uint8Array {
  const head = [(length >>> 16) & 255, (length >>> 8) & 255, length & 255, type, flags, ...u32(stream)];
  return joined(Uint8Array.from(head), Uint8Array.from(payload));
}

const REQUEST = encodeHeaders([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a'],
]);
const END = Flag.endHeaders | Flag.endStream;
const open = (id: number): Uint8Array => frame(Type.headers, Flag.endHeaders, id, REQUEST);
const whole = (id: number): Uint8Array => frame(Type.headers, END, id, REQUEST);
const settings = (...pairs: (readonly [number, number])[]): Uint8Array =>
  frame(
    Type.settings,
    0,
    0,
    pairs.flatMap(([id, value]) => [id >>> 8, id & 255, ...u32(value)]),
  );
const windowUpdate = (id: number, by: number): Uint8Array => frame(Type.windowUpdate, 0, id, u32(by));
const reset = (id: number): Uint8Array => frame(Type.reset, 0, id, u32(Code.cancel));

/** One peer: what it sends, and which errors it got. */
class Peer {
  readonly written: Uint8Array[] = [];
  readonly streams: ServerStream[] = [];
  bytes = 0;
  taken = 0;
  gone = 0;
  reads = true;
  closed = false;
  private readonly later: (() => void)[] = [];
  readonly connection = new Http2Connection(
    {
      write: (b) => {
        this.written.push(b.slice());
        this.bytes += b.length;
        return this.reads;
      },
      close: () => {
        this.closed = true;
      },
      soon: (fn) => this.later.push(fn),
    },
    (stream) => {
      this.streams.push(stream);
      return { data: (d) => void (this.taken += d.length), end: () => this.onRequest(stream), gone: () => void this.gone++ };
    },
  );

  constructor(
    greet = true,
    private readonly onRequest: (stream: ServerStream) => void = () => {},
  ) {
    if (greet) this.send(Buffer.from(PREFACE), settings());
  }

  send(...frames: Uint8Array[]): this {
    for (const f of frames) {
      this.connection.receive(f);
      this.turn();
    }
    return this;
  }

  turn(): void {
    while (this.later.length) this.later.shift()!();
  }

  frames(): { type: number; flags: number; id: number; payload: Buffer }[] {
    const all = Buffer.concat(this.written);
    const found = [];
    for (let at = 0; at < all.length; ) {
      const length = all.readUIntBE(at, 3);
      found.push({
        type: all[at + 3]!,
        flags: all[at + 4]!,
        id: all.readUInt32BE(at + 5),
        payload: all.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
    return found;
  }

  /** `connection CODE`, `stream ID CODE`, or `fine`. */
  outcome(): string {
    const name = (code: number): string => Object.entries(Code).find(([, c]) => c === code)?.[0] ?? String(code);
    const frames = this.frames();
    const away = frames.find((f) => f.type === Type.goAway);
    if (away) {
      expect(this.closed).toBe(true);
      return `connection ${name(away.payload.readUInt32BE(4))}`;
    }
    const one = frames.find((f) => f.type === Type.reset);
    return one ? `stream ${one.id} ${name(one.payload.readUInt32BE(0))}` : 'fine';
  }
}

const outcomeOf = (frames: readonly Uint8Array[]): string => new Peer().send(...frames).outcome();

describe('header blocks of RFC 7541, appendix C', () => {
  const request = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' };
  const requests = [
    request,
    { ...request, 'cache-control': 'no-cache' },
    { ...request, ':scheme': 'https', ':path': '/index.html', 'custom-key': 'custom-value' },
  ];
  const response = {
    ':status': '302',
    'cache-control': 'private',
    date: 'Mon, 21 Oct 2013 20:13:21 GMT',
    location: 'https://www.example.com',
  };
  const responses = [
    response,
    { ...response, ':status': '307' },
    {
      ...response,
      ':status': '200',
      date: 'Mon, 21 Oct 2013 20:13:22 GMT',
      'content-encoding': 'gzip',
      'set-cookie': 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    },
  ];
  const small = '3fe1 01'; // a table of 256 bytes, as the examples of responses have it
  it.each<[string, string[], Record<string, string>[]]>([
    ['C.2.1 literal, indexed', ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'], [{ 'custom-key': 'custom-header' }]],
    ['C.2.2 literal, not indexed', ['040c 2f73 616d 706c 652f 7061 7468'], [{ ':path': '/sample/path' }]],
    ['C.2.3 literal, never indexed', ['1008 7061 7373 776f 7264 0673 6563 7265 74'], [{ password: 'secret' }]],
    ['C.2.4 indexed', ['82'], [{ ':method': 'GET' }]],
    [
      'C.3 requests',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
      requests,
    ],
    [
      'C.4 requests, Huffman',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
      requests,
    ],
    [
      'C.5 responses, with evictions',
      [
        `${small} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
      responses,
    ],
    [
      'C.6 responses, Huffman, with evictions',
      [
        `${small} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
      responses,
    ],
  ])('%s', (_, blocks, right) => {
    const decoder = new HpackDecoder();
    expect(blocks.map((b) => Object.fromEntries(decoder.decode(hex(b))))).toEqual(right);
    // What we write ourselves reads the same.
    for (const headers of right)
      expect(Object.fromEntries(new HpackDecoder().decode(encodeHeaders(Object.entries(headers))))).toEqual(headers);
  });

  it.each([
    ['an index of nothing', '80'],
    ['an index beyond the tables', 'be'],
    ['an integer without an end', '7fff ffff ffff ffff'],
    ['a string longer than the block', '0005 61'],
    ['a name that is cut', '40'],
    ['padding of Huffman that is too long', '0001 6182 1fff'],
    ['the end of the string in Huffman', '0001 6184 ffff ffff'],
    ['a table larger than allowed', '3fe2 1f'],
    ['a change of the table after a field', '8220'],
    ['three changes of the table', '2020 2082'],
  ])('refuses %s', (_, block) => expect(() => new HpackDecoder().decode(hex(block))).toThrow(HpackError));

  it('a bomb of references to one long entry is stopped by the length of the list', () => {
    const decoder = new HpackDecoder();
    decoder.decode(joined(hex('4001 61 7f81 1e'), new Uint8Array(3968).fill(98)));
    expect(() => decoder.decode(new Uint8Array(60_000).fill(0xbe))).toThrow('too long');
  });
});

const field = (...pairs: [string, string][]): Uint8Array => encodeHeaders(pairs);
const ask = (id: number, ...pairs: [string, string][]): Uint8Array => frame(Type.headers, END, id, field(...pairs));
const METHOD: [string, string] = [':method', 'POST'];
const SCHEME: [string, string] = [':scheme', 'http'];
const PATH: [string, string] = [':path', '/a'];

describe('frames that may not be, RFC 9113', () => {
  it.each<[string, Uint8Array[], string]>([
    ['DATA on stream 0', [frame(Type.data, 0, 0, [1])], 'connection protocol'],
    ['DATA on an idle stream', [frame(Type.data, 0, 1, [1])], 'connection protocol'],
    ['DATA on an even stream', [open(5), frame(Type.data, 0, 2, [1])], 'connection protocol'],
    ['DATA after the end', [whole(1), frame(Type.data, 0, 1, [1])], 'stream 1 streamClosed'],
    ['DATA on a stream that was reset', [open(1), reset(1), frame(Type.data, 0, 1, [1])], 'fine'],
    ['DATA padded longer than itself', [open(1), frame(Type.data, Flag.padded, 1, [4, 1, 2])], 'connection protocol'],
    ['DATA padded without a length', [open(1), frame(Type.data, Flag.padded, 1)], 'connection protocol'],
    ['DATA that is all padding', [open(1), frame(Type.data, Flag.padded, 1, [2, 0, 0])], 'fine'],
    ['DATA with flags nobody knows', [open(1), frame(Type.data, 0xf6, 1, [1])], 'fine'],
    ['HEADERS on stream 0', [frame(Type.headers, Flag.endHeaders, 0, REQUEST)], 'connection protocol'],
    ['HEADERS on an even stream', [open(2)], 'connection protocol'],
    ['HEADERS on a lower stream', [open(5), open(3)], 'connection protocol'],
    ['what may be trailers of a stream that we ended', [open(5), whole(3)], 'fine'],
    ['HEADERS after the end', [whole(1), open(1)], 'stream 1 streamClosed'],
    ['trailers after the end', [whole(1), whole(1)], 'stream 1 streamClosed'],
    ['trailers that do not end', [open(1), open(1)], 'connection protocol'],
    ['HEADERS padded longer than itself', [frame(Type.headers, END | Flag.padded, 1, [9, 0x82])], 'connection protocol'],
    ['HEADERS too short for its priority', [frame(Type.headers, END | Flag.priority, 1, [0, 0])], 'connection frameSize'],
    ['HEADERS with a priority', [frame(Type.headers, END | Flag.priority, 1, [0, 0, 0, 0, 9, ...REQUEST])], 'fine'],
    ['HEADERS with a bad block', [frame(Type.headers, END, 1, [0x80])], 'connection compression'],
    ['HEADERS that begin no block', [frame(Type.headers, END, 1)], 'stream 1 protocol'],
    ['a request without a path', [ask(1, METHOD, SCHEME)], 'stream 1 protocol'],
    ['a request without a method', [ask(1, SCHEME, PATH)], 'stream 1 protocol'],
    ['two paths', [ask(1, METHOD, SCHEME, PATH, PATH)], 'stream 1 protocol'],
    ['a pseudo-header of answers', [ask(1, METHOD, SCHEME, PATH, [':status', '200'])], 'stream 1 protocol'],
    ['a pseudo-header after the others', [ask(1, METHOD, SCHEME, ['a', 'b'], PATH)], 'stream 1 protocol'],
    ['a name in capitals', [ask(1, METHOD, SCHEME, PATH, ['A', 'b'])], 'stream 1 protocol'],
    ['a line break in a value', [ask(1, METHOD, SCHEME, PATH, ['a', 'b\r\nc'])], 'stream 1 protocol'],
    ['a header of HTTP/1', [ask(1, METHOD, SCHEME, PATH, ['connection', 'close'])], 'stream 1 protocol'],
    ['PRIORITY on stream 0', [frame(Type.priority, 0, 0, [0, 0, 0, 1, 0])], 'connection protocol'],
    ['PRIORITY of a wrong size', [open(1), frame(Type.priority, 0, 1, [0, 0])], 'stream 1 frameSize'],
    ['PRIORITY on itself', [open(1), frame(Type.priority, 0, 1, [0, 0, 0, 1, 0])], 'fine'],
    ['PRIORITY on an idle stream', [frame(Type.priority, 0, 9, [0, 0, 0, 1, 0])], 'fine'],
    ['RST_STREAM on stream 0', [frame(Type.reset, 0, 0, u32(8))], 'connection protocol'],
    ['RST_STREAM on an idle stream', [reset(1)], 'connection protocol'],
    ['RST_STREAM of a wrong size', [open(1), frame(Type.reset, 0, 1, [0])], 'connection frameSize'],
    ['SETTINGS on a stream', [frame(Type.settings, 0, 1)], 'connection protocol'],
    ['SETTINGS of a wrong size', [frame(Type.settings, 0, 0, [0, 1, 0])], 'connection frameSize'],
    ['an acknowledgement that says something', [frame(Type.settings, Flag.ack, 0, [0, 3, 0, 0, 0, 1])], 'connection frameSize'],
    ['ENABLE_PUSH of 2', [settings([2, 2])], 'connection protocol'],
    ['INITIAL_WINDOW_SIZE too large', [settings([4, 2 ** 31])], 'connection flowControl'],
    [
      'INITIAL_WINDOW_SIZE that overflows a stream',
      [open(1), windowUpdate(1, 2 ** 30), settings([4, 2 ** 31 - 1])],
      'connection flowControl',
    ],
    ['MAX_FRAME_SIZE too small', [settings([5, 100])], 'connection protocol'],
    ['MAX_FRAME_SIZE too large', [settings([5, 2 ** 24])], 'connection protocol'],
    ['a setting nobody knows', [settings([0xfafa, 1], [1, 0], [3, 1])], 'fine'],
    ['PUSH_PROMISE', [open(1), frame(Type.push, Flag.endHeaders, 1, [0, 0, 0, 2])], 'connection protocol'],
    ['PING on a stream', [frame(Type.ping, 0, 1, new Uint8Array(8))], 'connection protocol'],
    ['PING of a wrong size', [frame(Type.ping, 0, 0, new Uint8Array(7))], 'connection frameSize'],
    ['PING answered without a question', [frame(Type.ping, Flag.ack, 0, new Uint8Array(8))], 'fine'],
    ['GOAWAY on a stream', [frame(Type.goAway, 0, 1, new Uint8Array(8))], 'connection protocol'],
    ['GOAWAY of a wrong size', [frame(Type.goAway, 0, 0, new Uint8Array(7))], 'connection frameSize'],
    ['GOAWAY', [frame(Type.goAway, 0, 0, new Uint8Array(8))], 'fine'],
    ['WINDOW_UPDATE of 0', [windowUpdate(0, 0)], 'connection protocol'],
    ['WINDOW_UPDATE of 0 on a stream', [open(1), windowUpdate(1, 0)], 'stream 1 protocol'],
    ['WINDOW_UPDATE of a wrong size', [frame(Type.windowUpdate, 0, 0, [1])], 'connection frameSize'],
    ['WINDOW_UPDATE on an idle stream', [windowUpdate(3, 1)], 'connection protocol'],
    ['WINDOW_UPDATE that overflows', [windowUpdate(0, 2 ** 31 - 1)], 'connection flowControl'],
    ['WINDOW_UPDATE that overflows a stream', [open(1), windowUpdate(1, 2 ** 31 - 1)], 'stream 1 flowControl'],
    ['CONTINUATION alone', [frame(Type.continuation, Flag.endHeaders, 1, REQUEST)], 'connection protocol'],
    ['a block interrupted by DATA', [frame(Type.headers, 0, 1, []), frame(Type.data, 0, 1, [])], 'connection protocol'],
    ['a block interrupted by an unknown frame', [frame(Type.headers, 0, 1, []), frame(0x42, 0, 1)], 'connection protocol'],
    [
      'a block continued on another stream',
      [frame(Type.headers, 0, 1, []), frame(Type.continuation, 4, 3, REQUEST)],
      'connection protocol',
    ],
    [
      'a block in two parts',
      [frame(Type.headers, 1, 1, REQUEST.subarray(0, 2)), frame(Type.continuation, 4, 1, REQUEST.subarray(2))],
      'fine',
    ],
    ['a frame nobody knows', [frame(0x42, 0xff, 7, [1, 2, 3])], 'fine'],
    ['a frame that is too long', [frame(Type.data, 0, 1, [], MAX_FRAME + 1)], 'connection frameSize'],
  ])('%s', (_, frames, right) => {
    expect(outcomeOf(frames)).toBe(right);
    // The same bytes one at a time, and all in one.
    const bytes = joined(...frames);
    expect(outcomeOf(Array.from(bytes, (b) => Uint8Array.of(b)))).toBe(right);
    expect(outcomeOf([bytes])).toBe(right);
  });

  it.each<[string, Uint8Array[], string]>([
    ['another preface', [Buffer.from('PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n')], 'connection protocol'],
    ['no SETTINGS first', [Buffer.from(PREFACE), frame(Type.ping, 0, 0, new Uint8Array(8))], 'connection protocol'],
    ['an acknowledgement first', [Buffer.from(PREFACE), frame(Type.settings, Flag.ack, 0)], 'connection protocol'],
  ])('%s', (_, frames, right) => expect(new Peer(false).send(...frames).outcome()).toBe(right));

  it('tells who answers a stream that it is gone, when it was reset for what the peer did', () => {
    const peer = new Peer().send(whole(1), frame(Type.data, 0, 1, [1]));
    expect(peer.gone).toBe(1);
  });

  it('does not answer what came after a connection error', () => {
    const peer = new Peer().send(joined(frame(Type.data, 0, 0, [1]), whole(1)));
    expect(peer.streams).toHaveLength(0);
  });
});

/** Sends chunks until the connection ends or all are sent; how many were taken. */
function flood(peer: Peer, chunk: (n: number) => Uint8Array, most: number): number {
  for (let n = 0; n < most; n++) {
    if (peer.closed) return n;
    peer.send(chunk(n));
  }
  return most;
}

describe('floods', () => {
  const MOST = 200_000;
  it.each<[string, (peer: Peer) => (n: number) => Uint8Array]>([
    [
      'CONTINUATION without an end',
      (p) => {
        p.send(frame(Type.headers, 0, 1, []));
        return () => frame(Type.continuation, 0, 1, []);
      },
    ],
    [
      'CONTINUATION full of bytes',
      (p) => {
        p.send(frame(Type.headers, 0, 1, []));
        return () => frame(Type.continuation, 0, 1, new Uint8Array(MAX_FRAME));
      },
    ],
    ['streams reset at once', () => (n) => joined(open(2 * n + 1), reset(2 * n + 1))],
    ['streams that we are made to reset', () => (n) => joined(open(2 * n + 1), windowUpdate(2 * n + 1, 0))],
    ['streams reset by both in turn', () => (n) => joined(open(4 * n + 1), reset(4 * n + 1), open(4 * n + 3), windowUpdate(4 * n + 3, 0))],
    ['DATA after the end', () => (n) => joined(whole(2 * n + 1), frame(Type.data, 0, 2 * n + 1, [1]))],
    ['malformed requests', () => (n) => ask(2 * n + 1, METHOD)],
    [
      'empty DATA',
      (p) => {
        p.send(open(1));
        return () => frame(Type.data, 0, 1, []);
      },
    ],
    [
      'DATA of padding',
      (p) => {
        p.send(open(1));
        return () => frame(Type.data, Flag.padded, 1, [1, 0]);
      },
    ],
    ['more streams than allowed', () => (n) => open(2 * n + 1)],
  ])('%s ends the connection', (_, start) => {
    const peer = new Peer();
    const taken = flood(peer, start(peer), MOST);
    expect(taken).toBeLessThan(MOST);
    expect(peer.outcome()).toBe('connection enhanceYourCalm');
  });

  it.each<[string, (n: number) => Uint8Array]>([
    ['PING', () => frame(Type.ping, 0, 0, new Uint8Array(8))],
    ['SETTINGS', () => settings([4, 1000])],
    ['requests', (n) => whole(2 * n + 1)],
    ['requests that are refused', (n) => ask(2 * n + 1, METHOD)],
  ])('of a peer that does not read, %s: what waits for it is bounded', (_, chunk) => {
    const peer = new Peer(true, (stream) => stream.headers(encodeHeaders([[':status', '404']]), true));
    peer.reads = false;
    flood(peer, chunk, 400_000);
    expect(peer.outcome()).toBe('connection enhanceYourCalm');
    expect(peer.bytes + peer.connection.out.pending).toBeLessThan(8 * 1024 * 1024);
  });

  it('the streams that wait are not looked at again for each frame', () => {
    const peer = new Peer();
    peer.send(settings([4, 0]));
    for (let n = 0; n < 9_000; n++) {
      peer.send(whole(2 * n + 1));
      peer.streams[n]!.data(new Uint8Array(1));
    }
    let looks = 0;
    for (const stream of peer.streams) {
      const pump = stream.pump.bind(stream);
      stream.pump = () => {
        looks++;
        return pump();
      };
    }
    peer.send(joined(...Array.from({ length: 1000 }, () => windowUpdate(0, 1))));
    peer.send(joined(...Array.from({ length: 1000 }, () => settings([4, 0], [4, 0], [4, 0]))));
    expect(looks).toBeLessThan(40_000);
    expect(peer.outcome()).toBe('fine');
    // And they do go out as soon as they may.
    peer.send(settings([4, 1]));
    expect(peer.frames().filter((f) => f.type === Type.data)).toHaveLength(9_000);
  });
});

it('random frames end in an answer', { timeout: 30_000 }, () => {
  const random = seededRandom(Number(process.env.FUZZ_SEED ?? 1));
  const pick = (n: number): number => Math.floor(random.float() * n);
  const until = performance.now() + (Number(process.env.FUZZ_SECONDS ?? 20) * 1000) / 10;
  while (performance.now() < until) {
    const peer = new Peer(true, (s) => s.headers(encodeHeaders([[':status', '404']]), pick(2) === 0));
    for (let n = 0; n < 40 && !peer.closed; n++) {
      const payload = pick(3) ? REQUEST : Uint8Array.from({ length: pick(20) }, () => pick(256));
      peer.send(frame(pick(11), pick(4) ? END : pick(256), pick(12), payload));
      for (const s of peer.streams) if (pick(8) === 0) s.data(new Uint8Array(pick(200_000)));
    }
    expect(peer.outcome()).not.toBe('connection internal');
  }
});
