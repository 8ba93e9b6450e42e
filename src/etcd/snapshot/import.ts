/** etcd's database as the state of a store: any etcd's from 3.0 on. Identity and membership stay behind: who restores is a new cluster. */
import type { HistoryRecord, StoreState } from '../../store/maintenance.js';
import { decode, ProtoError } from '../../store/proto/codec.js';
import { alarmNote } from '../alarms.js';
import { type Bucket, CorruptDatabaseError, type Database } from '../bbolt/reader.js';
import { type AuthRows, authNotesOf } from './auth.js';
import { parseRevisionKey } from './revision-key.js';

/** Throws CorruptDatabaseError, where the history is read too. */
export function stateOf(db: Database): StoreState & { readonly auth: AuthRows } {
  const buckets = new Map<string, Bucket>();
  const root = db.root();
  for (const entry of root.entries()) if (entry.isBucket) buckets.set(text(entry.key), root.open(entry));
  const keys = buckets.get('key');
  const meta = buckets.get('meta');
  if (!keys || !meta) throw new CorruptDatabaseError('this is no etcd database: it has no buckets "key" and "meta"');
  const compactRevision = compacted(meta);
  const auth = authRows(buckets);
  const alarms = alarmRows(buckets.get('alarm'));
  return {
    // What was compacted away may have been newer than all that is left.
    revision: Math.max(lastRevision(keys), compactRevision),
    compactRevision,
    leases: leaseRows(buckets.get('lease')),
    notes: [...(alarms.length > 0 ? [alarmNote(alarms)] : []), ...authNotesOf(auth)],
    history: { [Symbol.iterator]: () => history(keys) },
    auth,
  };
}

const utf8 = new TextDecoder();
const text = (bytes: Uint8Array): string => utf8.decode(bytes);
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
/** An empty etcd's revision. */
const FIRST_REVISION = 1;

function* pairs(bucket: Bucket | undefined): Generator<[Uint8Array, Uint8Array]> {
  if (bucket) for (const { key, value } of bucket.entries()) yield [key, value];
}

function parseKey(key: Uint8Array) {
  const parsed = parseRevisionKey(key);
  if (!parsed) throw new CorruptDatabaseError(`the bucket "key" has a key that is no revision: ${hex(key)}`);
  return parsed;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

function message<T>(bucket: string, key: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof ProtoError) throw new CorruptDatabaseError(`the bucket "${bucket}" cannot be read at key ${hex(key)}: ${e.message}`);
    throw e;
  }
}

function* history(keys: Bucket): Generator<HistoryRecord> {
  for (const [bytes, value] of pairs(keys)) {
    const { main, sub, deleted } = parseKey(bytes);
    const kv = message('key', bytes, () => decode('KeyValue', value));
    // etcdutl's --bump-revision leaves a row without a key, for its revision alone.
    if (kv.key !== '') yield { ...kv, modRevision: main, sub, deleted };
  }
}

function lastRevision(keys: Bucket): number {
  const last = keys.last();
  return last ? Math.max(parseKey(last.key).main, FIRST_REVISION) : FIRST_REVISION;
}

/** The newest compaction, also one that etcd had not finished: what it was to remove is not read again. */
function compacted(meta: Bucket): number {
  let revision = 0;
  for (const [key, value] of pairs(meta)) {
    if (text(key) !== 'scheduledCompactRev' && text(key) !== 'finishedCompactRev') continue;
    const parsed = parseRevisionKey(value);
    if (!parsed) throw new CorruptDatabaseError(`the bucket "meta" has no revision at ${text(key)}`);
    revision = Math.max(revision, parsed.main);
  }
  return revision;
}

function leaseRows(bucket: Bucket | undefined): StoreState['leases'] {
  return [...pairs(bucket)].map(([key, value]) => {
    const { id, ttl, remainingTtl } = message('lease', key, () => decode('Lease', value));
    return { id, ttl, remaining: remainingTtl || ttl };
  });
}

function alarmRows(bucket: Bucket | undefined): number[] {
  const alarms = [...pairs(bucket)].map(([key]) => message('alarm', key, () => decode('AlarmMember', key)).alarm);
  return [...new Set(alarms)];
}

function authRows(buckets: ReadonlyMap<string, Bucket>): AuthRows {
  let enabled = false;
  let revision = 1n;
  for (const [key, value] of pairs(buckets.get('auth'))) {
    if (text(key) === 'authEnabled') enabled = value[0] === 1;
    if (text(key) === 'authRevision' && value.length === 8) revision = view(value).getBigUint64(0);
  }
  const named = (name: string) => [...pairs(buckets.get(name))].map(([key, value]) => [latin1(key), value.slice()] as const);
  return { enabled, revision, users: named('authUsers'), roles: named('authRoles') };
}
