/**
 * etcd's hash of the key space up to a revision: CRC-32C over the rows of its "key" bucket (revision, then the encoded key-value pair).
 * Stores with the same history have the same hash, ours and etcd's.
 */
import type { HistoryOutline, StoreSnapshot } from '../../store/maintenance.js';
import { encode } from '../../store/proto/codec.js';
import { crc32c } from '../../util/crc.js';
import { yieldTurn } from '../../util/turn.js';
import { revisionKey } from '../snapshot/revision-key.js';

const BUCKET = new TextEncoder().encode('key');
/** Rows between two pauses. */
const SLICE = 5000;

export async function hashKv(snapshot: StoreSnapshot, revision: number): Promise<number> {
  const kept = keptOf(snapshot, revision);
  let crc = crc32c(BUCKET);
  let rows = 0;
  for (const r of snapshot.outline()) {
    if (r.modRevision > revision || !kept(r)) continue;
    crc = crc32c(revisionKey(r.modRevision, r.sub, r.deleted), crc);
    crc = crc32c(encode('KeyValue', r.deleted ? { key: r.key } : { ...r, value: r.value() }), crc);
    if (++rows % SLICE === 0) await yieldTurn();
  }
  return crc;
}

/**
 * What was compacted counts only where it is still to be seen at `revision`: members compact at different moments and must agree.
 * (Where nothing at all is to be seen, all counts.)
 */
function keptOf({ compactRevision, outline }: StoreSnapshot, revision: number): (r: HistoryOutline) => boolean {
  if (compactRevision === 0) return () => true;
  const visible = new Map<string, number>();
  for (const r of outline()) {
    if (r.modRevision > revision) break;
    if (r.deleted) visible.delete(r.key);
    else visible.set(r.key, r.modRevision);
  }
  if (visible.size === 0) return () => true;
  return (r) => r.modRevision > compactRevision || visible.get(r.key) === r.modRevision;
}
