/** CRC-32 with Castagnoli's polynomial, four bytes at a time. `seed`: the checksum of what came before. */
const POLYNOMIAL = 0x82f63b78;

const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256)) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
const [T0, T1, T2, T3] = TABLES;
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? POLYNOMIAL ^ (c >>> 1) : c >>> 1;
  T0[i] = c;
}
for (let t = 1; t < 4; t++) {
  const before = TABLES[t - 1]!;
  for (let i = 0; i < 256; i++) TABLES[t]![i] = (before[i]! >>> 8) ^ T0[before[i]! & 0xff]!;
}

export function crc32c(bytes: Uint8Array, seed = 0): number {
  let c = ~seed;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c = T3[c & 0xff]! ^ T2[(c >>> 8) & 0xff]! ^ T1[(c >>> 16) & 0xff]! ^ T0[c >>> 24]!;
  }
  for (; i < bytes.length; i++) c = T0[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}
