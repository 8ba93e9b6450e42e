import { describe, expect, it } from 'vitest';
import { encodeHeaders, HpackDecoder, HpackError } from './hpack.js';

const hex = (s: string) => Uint8Array.from(s.replace(/\s/g, '').match(/../g) ?? [], (h) => Number.parseInt(h, 16));

describe('HPACK', () => {
  it('decodes the request examples of RFC 7541 C.3 (plain) and C.4 (Huffman), with the dynamic table', () => {
    for (const blocks of [
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ]) {
      const decoder = new HpackDecoder();
      const [a, b, c] = blocks.map((block) => Object.fromEntries(decoder.decode(hex(block))));
      expect(a).toEqual({ ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' });
      expect(b).toEqual({ ...a, 'cache-control': 'no-cache' });
      expect(c).toEqual({ ...a, ':scheme': 'https', ':path': '/index.html', 'custom-key': 'custom-value' });
    }
  });

  it('decodes the response examples of C.6 while a small table evicts', () => {
    const decoder = new HpackDecoder();
    decoder.decode(hex('3fe101'));
    const first = decoder.decode(
      hex(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    );
    expect(first.get('location')).toBe('https://www.example.com');
    expect(first.get('date')).toBe('Mon, 21 Oct 2013 20:13:21 GMT');
    expect(Object.fromEntries(decoder.decode(hex('4883 640e ffc1 c0bf')))).toMatchObject({ ':status': '307', 'cache-control': 'private' });
  });

  it('gives the same for a block seen before, and not when the table moved on', () => {
    const decoder = new HpackDecoder();
    decoder.decode(hex('4003 6161 6101 31'));
    expect(decoder.decode(hex('be')).get('aaa')).toBe('1');
    expect(decoder.decode(hex('be')).get('aaa')).toBe('1');
    decoder.decode(hex('4003 6262 6201 32'));
    expect(decoder.decode(hex('be')).get('bbb')).toBe('2');
  });

  it.each(['bf', '80', '41', '4005', '0085 ffff ffff ff00', '7fff ffff ffff 0f', '3fff ff03'])('refuses %s', (block) => {
    expect(() => new HpackDecoder().decode(hex(block))).toThrow(HpackError);
  });

  it('writes what it reads', () => {
    const headers = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-message', 'x'.repeat(300)],
    ] as const;
    expect([...new HpackDecoder().decode(encodeHeaders(headers))]).toEqual(headers);
  });
});
