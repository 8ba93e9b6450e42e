/** A store's snapshot as etcd's database: the buckets and rows that etcd 3.6 writes. Source: server/storage/schema */
import type { HistoryOutline, StoreSnapshot } from '../../store/maintenance.js';
import { encode } from '../../store/proto/codec.js';
import { alarmsOf } from '../alarms.js';
import { compareKeys } from '../bbolt/format.js';
import type { BucketSource, Row } from '../bbolt/layout.js';
import { type DatabaseImage, planDatabase } from '../bbolt/writer.js';
import { ETCD_CLUSTER_VERSION } from '../context.js';
import { authRowsOf } from './auth.js';
import { revisionKey } from './revision-key.js';

/** Of whose data it is; a restored member gets an identity of its own. */
export interface SnapshotIdentity {
  readonly memberId: bigint;
  readonly name: string;
  readonly raftTerm: bigint;
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
}

/**
 * Lays the database out. The snapshot must stay pinned until the last page is taken.
 * There is no cluster version in it: etcd agrees on one when it starts, and an older etcd than ours can start on the data.
 */
export function snapshotImage(snapshot: StoreSnapshot, identity: SnapshotIdentity): Promise<DatabaseImage> {
  const auth = authRowsOf(snapshot.notes);
  const named = (rows: typeof auth.users) => rows.map(([name, value]) => row(latin1(name), value));
  return planDatabase([
    { name: 'key', rows: () => keyRows(snapshot) },
    bucket('meta', metaRows(snapshot, identity)),
    bucket(
      'lease',
      snapshot.leases.map(({ id, ttl }) => row(u64(BigInt.asUintN(64, id)), encode('Lease', { id, ttl }))),
    ),
    bucket(
      'alarm',
      alarmsOf(snapshot.notes).map((alarm) => row(encode('AlarmMember', { memberId: identity.memberId, alarm }), NOTHING)),
    ),
    bucket('auth', [row(utf8('authEnabled'), Uint8Array.of(auth.enabled ? 1 : 0)), row(utf8('authRevision'), u64(auth.revision))]),
    bucket('authUsers', named(auth.users)),
    bucket('authRoles', named(auth.roles)),
    bucket('cluster', []),
    bucket('members', [row(utf8(identity.memberId.toString(16)), utf8(memberJson(identity)))]),
    bucket('members_removed', []),
  ]);
}

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const utf8 = (text: string) => encoder.encode(text);
const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const row = (key: Uint8Array, value: Uint8Array): Row => ({ key, size: value.length, value: () => value });

function bucket(name: string, rows: readonly Row[]): BucketSource {
  const sorted = [...rows].sort((a, b) => compareKeys(a.key, b.key));
  return { name, rows: () => sorted };
}

function u64(n: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, n);
  return bytes;
}

function metaRows({ revision, compactRevision }: StoreSnapshot, identity: SnapshotIdentity): Row[] {
  const compacted = revisionKey(compactRevision, 0);
  return [
    row(utf8('consistent_index'), u64(BigInt(revision))),
    row(utf8('term'), u64(identity.raftTerm)),
    row(utf8('confState'), utf8(`{"voters":[${identity.memberId}],"auto_leave":false}`)),
    row(utf8('storageVersion'), utf8(ETCD_CLUSTER_VERSION)),
    // A compaction that is scheduled and not finished would be done again at the start.
    ...(compactRevision > 0 ? [row(utf8('scheduledCompactRev'), compacted), row(utf8('finishedCompactRev'), compacted)] : []),
  ];
}

/** By hand: the id is a number that JavaScript's cannot hold. */
function memberJson({ memberId, name, peerUrls, clientUrls }: SnapshotIdentity): string {
  const rest = JSON.stringify({ peerURLs: peerUrls, name, clientURLs: clientUrls });
  return `{"id":${memberId},${rest.slice(1)}`;
}

function* keyRows(snapshot: StoreSnapshot): Generator<Row> {
  for (const record of snapshot.outline()) {
    const { key, deleted } = record;
    yield {
      key: revisionKey(record.modRevision, record.sub, deleted),
      size: deleted ? bytesField(key.length) : keyValueSize(record),
      value: () => encode('KeyValue', deleted ? { key } : { ...record, value: record.value() }),
    };
  }
}

/** Bytes of the encoded KeyValue. */
function keyValueSize(r: HistoryOutline): number {
  return (
    bytesField(r.key.length) +
    intField(r.createRevision) +
    intField(r.modRevision) +
    intField(r.version) +
    bytesField(r.length) +
    leaseField(r.lease)
  );
}

/** A lease may be any 64 bits: more than a number holds. */
function leaseField(lease: bigint): number {
  if (lease === 0n) return 0;
  let size = 2;
  for (let rest = BigInt.asUintN(64, lease); rest >= 128n; rest >>= 7n) size++;
  return size;
}

const bytesField = (length: number): number => (length === 0 ? 0 : intField(length) + length);

/** A tag of one byte and a varint; nothing for zero. */
function intField(n: number): number {
  if (n === 0) return 0;
  let size = 2;
  for (let rest = n; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
