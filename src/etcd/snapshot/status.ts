/** What a snapshot file holds, in the numbers that `etcdutl snapshot status` gives. */
import { decode } from '../../store/proto/codec.js';
import { crc32c } from '../../util/crc.js';
import { checkDatabase } from '../bbolt/check.js';
import { CorruptDatabaseError, type Database } from '../bbolt/reader.js';
import { parseRevisionKey } from './revision-key.js';

export interface SnapshotStatus {
  /** CRC-32C over the names, keys and values of all buckets. */
  readonly hash: number;
  readonly revision: number;
  /** Keys that exist at that revision. */
  readonly totalKey: number;
  /** Bytes, without the file's digest. */
  readonly totalSize: number;
  /** The storage version, from etcd 3.6 on; else ''. */
  readonly version: string;
}

/** Throws CorruptDatabaseError where the database is not whole. */
export function snapshotStatus(db: Database): SnapshotStatus {
  const problems = checkDatabase(db);
  if (problems.length > 0)
    throw new CorruptDatabaseError(`snapshot file integrity check failed. ${problems.length} errors found.\n${problems.join('\n')}`);
  const name = new TextDecoder();
  const live = new Set<string>();
  let hash = 0;
  let revision = 0;
  let version = '';
  const root = db.root();
  for (const bucket of root.entries()) {
    if (!bucket.isBucket) throw new CorruptDatabaseError(`nil bucket: ${JSON.stringify(name.decode(bucket.key))}`);
    hash = crc32c(bucket.key, hash);
    const named = name.decode(bucket.key);
    for (const { key, value } of root.open(bucket).entries()) {
      hash = crc32c(value, crc32c(key, hash));
      if (named === 'meta' && name.decode(key) === 'storageVersion') version = name.decode(value);
      if (named !== 'key') continue;
      const parsed = parseRevisionKey(key);
      if (!parsed) throw new CorruptDatabaseError('cannot parse a revision key');
      revision = parsed.main;
      if (parsed.deleted) live.delete(decode('KeyValue', value).key);
      else live.add(decode('KeyValue', value).key);
    }
  }
  return { hash, revision, totalKey: live.size, totalSize: db.meta.pageCount * db.meta.pageSize, version };
}
