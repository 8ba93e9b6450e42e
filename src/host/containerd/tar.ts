/** Writes tar archives (ustar) in memory: image layers and image archives that are made here, without a registry. */
export interface TarEntry {
  readonly path: string;
  /** Absent: a folder. */
  readonly data?: Uint8Array;
  /** Target of a symbolic link, in place of data. */
  readonly link?: string;
  readonly mode?: number;
}

const BLOCK = 512;

function header(e: TarEntry): Buffer {
  const h = Buffer.alloc(BLOCK);
  const type = e.link !== undefined ? '2' : e.data ? '0' : '5';
  if (Buffer.byteLength(e.path) > 100) throw new Error(`path is too long for a ustar header: ${e.path}`);
  h.write(e.path, 0, 100);
  h.write(octal(e.mode ?? (type === '5' ? 0o755 : 0o644), 7), 100);
  h.write(octal(0, 7), 108);
  h.write(octal(0, 7), 116);
  h.write(octal(e.data?.length ?? 0, 11), 124);
  h.write(octal(0, 11), 136);
  h.write('        ', 148);
  h.write(type, 156);
  h.write(e.link ?? '', 157, 100);
  h.write('ustar\x0000', 257);
  const sum = h.reduce((a, b) => a + b, 0);
  h.write(`${octal(sum, 6)}\0 `, 148);
  return h;
}

const octal = (n: number, width: number): string => n.toString(8).padStart(width, '0');

export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const e of entries) {
    parts.push(header(e));
    if (e.data?.length) parts.push(e.data, Buffer.alloc((BLOCK - (e.data.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}
