/**
 * etcd's hash of the key space up to a revision: CRC-32C over the rows of its "key" bucket (revision, then the encoded key-value pair).
 * Stores with the same history have the same hash, ours and etcd's.
 */
import type { StoreSnapshot } from '../../store/maintenance.js';
import { encode } from '../../store/proto/codec.js';
import { yieldTurn } from '../../util/turn.js';

const BUCKET = new TextEncoder().encode('key');
/** Rows between two pauses. */
const SLICE = 5000;

export async function hashKv(snapshot: StoreSnapshot, revision: number): Promise<number> {
  let crc = update(0xffffffff, BUCKET);
  let rows = 0;
  for (const r of snapshot.history()) {
    if (r.modRevision > revision) continue;
    crc = update(crc, revisionKey(r.modRevision, r.sub, r.deleted));
    crc = update(crc, encode('KeyValue', r.deleted ? { key: r.key } : r));
    if (++rows % SLICE === 0) await yieldTurn();
  }
  return ~crc >>> 0;
}

/** Main revision, '_', sub revision, and 't' for a delete; big-endian, so that byte order is the order of changes. */
function revisionKey(main: number, sub: number, deleted: boolean): Uint8Array {
  const bytes = new Uint8Array(deleted ? 18 : 17);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(main));
  bytes[8] = 0x5f;
  view.setBigInt64(9, BigInt(sub));
  if (deleted) bytes[17] = 0x74;
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function update(crc: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}
