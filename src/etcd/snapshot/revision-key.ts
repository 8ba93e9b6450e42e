/** The keys of etcd's "key" bucket. Source: server/storage/mvcc/revision.go */

const SEPARATOR = 0x5f;
const TOMBSTONE = 0x74;
const LENGTH = 17;

export interface RevisionKey {
  readonly main: number;
  readonly sub: number;
  readonly deleted: boolean;
}

/** Main revision, '_', sub revision, and 't' for a delete; big-endian, so that byte order is the order of changes. */
export function revisionKey(main: number, sub: number, deleted = false): Uint8Array {
  const bytes = new Uint8Array(deleted ? LENGTH + 1 : LENGTH);
  writeU64(bytes, 0, main);
  bytes[8] = SEPARATOR;
  writeU64(bytes, 9, sub);
  if (deleted) bytes[LENGTH] = TOMBSTONE;
  return bytes;
}

/** Undefined where the bytes are no such key. */
export function parseRevisionKey(bytes: Uint8Array): RevisionKey | undefined {
  const deleted = bytes.length === LENGTH + 1 && bytes[LENGTH] === TOMBSTONE;
  if ((bytes.length !== LENGTH && !deleted) || bytes[8] !== SEPARATOR) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { main: readU64(view, 0), sub: readU64(view, 9), deleted };
}

const TWO32 = 2 ** 32;
const readU64 = (view: DataView, at: number): number => view.getUint32(at) * TWO32 + view.getUint32(at + 4);

function writeU64(bytes: Uint8Array, at: number, n: number): void {
  const high = Math.floor(n / TWO32);
  for (let i = 0; i < 4; i++) {
    bytes[at + i] = high >>> (24 - 8 * i);
    bytes[at + 4 + i] = n >>> (24 - 8 * i);
  }
}
