import zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { crc32, crc32c } from './crc.js';

it('is the CRC-32 that everyone knows, at any length and from any seed', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const native = (zlib as unknown as { crc32?: (b: Uint8Array, seed?: number) => number }).crc32;
  for (let n = 1; n < 70; n++) {
    const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) & 0xff);
    expect(crc32(bytes.subarray(3), crc32(bytes.subarray(0, 3)))).toBe(crc32(bytes));
    if (native) expect(crc32(bytes, 12345)).toBe(native(bytes, 12345));
  }
});

it("Castagnoli's gives the published value", () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});
