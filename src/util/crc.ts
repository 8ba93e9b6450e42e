/** Checksums of 32 bits by table, four bytes at a time. Source: https://www.w3.org/TR/png/#D-CRCAppendix */

/** `seed`: the checksum of what came before, or a salt. */
export type Checksum = (bytes: Uint8Array, seed?: number) => number;

type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** `polynomial`: with its bits reversed. */
function checksumBy(polynomial: number): Checksum {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256)) as unknown as Tables;
  const [T0, T1, T2, T3] = tables;
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    T0[i] = c;
  }
  for (let t = 1; t < 4; t++) for (let i = 0; i < 256; i++) tables[t]![i] = (tables[t - 1]![i]! >>> 8) ^ T0[tables[t - 1]![i]! & 0xff]!;
  return (bytes, seed = 0) => {
    let c = ~seed;
    let i = 0;
    for (const end = bytes.length - 3; i < end; i += 4) {
      c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      c = T3[c & 0xff]! ^ T2[(c >>> 8) & 0xff]! ^ T1[(c >>> 16) & 0xff]! ^ T0[c >>> 24]!;
    }
    for (; i < bytes.length; i++) c = T0[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
    return ~c >>> 0;
  };
}

/** The one of zlib and Ethernet. */
export const crc32 = checksumBy(0xedb88320);
/** Castagnoli's: of etcd's hashes. */
export const crc32c = checksumBy(0x82f63b78);
