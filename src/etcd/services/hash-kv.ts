/**
 * etcd's hash of the key space up to a revision: CRC-32C over the rows of its "key" bucket (revision, then the encoded key-value pair).
 * Stores with the same history have the same hash, ours and etcd's.
 */
import type { StoreSnapshot } from '../../store/maintenance.js';
import { encode } from '../../store/proto/codec.js';
import { yieldTurn } from '../../util/turn.js';
import { crc32c } from '../crc32c.js';
import { revisionKey } from '../snapshot/revision-key.js';

const BUCKET = new TextEncoder().encode('key');
/** Rows between two pauses. */
const SLICE = 5000;

export async function hashKv(snapshot: StoreSnapshot, revision: number): Promise<number> {
  let crc = crc32c(BUCKET);
  let rows = 0;
  for (const r of snapshot.history()) {
    if (r.modRevision > revision) continue;
    crc = crc32c(revisionKey(r.modRevision, r.sub, r.deleted), crc);
    crc = crc32c(encode('KeyValue', r.deleted ? { key: r.key } : r), crc);
    if (++rows % SLICE === 0) await yieldTurn();
  }
  return crc;
}
