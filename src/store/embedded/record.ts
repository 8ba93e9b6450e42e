/**
 * The records of the log. Each stands for itself (a put carries its create revision and version), so a record can be moved into a
 * rewritten log as it is, and replaying needs no state beyond the records.
 */
import type { Key } from '../store.js';
import { ByteReader, type ByteWriter } from './bytes.js';
import type { Version } from './version.js';

export enum Tag {
  Put = 1,
  Delete = 2,
  Grant = 3,
  Revoke = 4,
  Compact = 5,
  /** Opens a rewritten log: the state that the records after it make up. */
  Base = 6,
  /** Closes it. */
  BaseEnd = 7,
  /** A named value beside the keys: identity of the cluster, alarms and the like. */
  Note = 8,
}

const PUT_HEAD = 1 + 4 + 8 + 8 + 8 + 8 + 4 + 4;
const DELETE_HEAD = 1 + 4 + 8 + 4;
/** A deleted key's record carries no value; all other records are small. */
const SMALL = 64;

export const recordSize = (v: Version): number => (v.deleted ? DELETE_HEAD : PUT_HEAD + v.length) + v.key.length;

/** Writes a version; for a put, returns where its value lies in the writer. */
export function writeVersion(w: ByteWriter, v: Version, value: Uint8Array): number {
  w.reserve(recordSize(v));
  if (v.deleted) {
    w.u8(Tag.Delete);
    w.u32(v.sub);
    w.u64(v.mod);
    w.u32(v.key.length);
    w.key(v.key);
    return w.length;
  }
  w.u8(Tag.Put);
  w.u32(v.sub);
  w.u64(v.mod);
  w.u64(v.create);
  w.u64(v.count);
  w.i64(v.lease);
  w.u32(v.key.length);
  w.u32(value.length);
  w.key(v.key);
  const at = w.length;
  w.raw(value);
  return at;
}

export function writeGrant(w: ByteWriter, id: bigint, ttl: number): void {
  w.reserve(SMALL);
  w.u8(Tag.Grant);
  w.i64(id);
  w.u64(ttl);
}

export function writeRevoke(w: ByteWriter, id: bigint): void {
  w.reserve(SMALL);
  w.u8(Tag.Revoke);
  w.i64(id);
}

export function writeCompact(w: ByteWriter, revision: number): void {
  w.reserve(SMALL);
  w.u8(Tag.Compact);
  w.u64(revision);
}

export function writeBase(w: ByteWriter, revision: number, compactRevision: number, nextSequence: number): void {
  w.reserve(SMALL);
  w.u8(Tag.Base);
  w.u64(revision);
  w.u64(compactRevision);
  w.u64(nextSequence);
}

export function writeBaseEnd(w: ByteWriter): void {
  w.reserve(SMALL);
  w.u8(Tag.BaseEnd);
}

export function writeNote(w: ByteWriter, name: string, value: Uint8Array): void {
  w.reserve(SMALL + name.length + value.length);
  w.u8(Tag.Note);
  w.u32(name.length);
  w.u32(value.length);
  w.key(name);
  w.raw(value);
}

/** What takes the records when a log is read. `valueAt` is the value's offset in the bytes that are read. */
export interface RecordSink {
  put(key: Key, mod: number, sub: number, create: number, count: number, lease: bigint, valueAt: number, valueLength: number): void;
  delete(key: Key, mod: number, sub: number): void;
  grant(id: bigint, ttl: number): void;
  revoke(id: bigint): void;
  compact(revision: number): void;
  base(revision: number, compactRevision: number, nextSequence: number): void;
  baseEnd(): void;
  note(name: string, value: Uint8Array): void;
}

/** Reads the records of one frame. Throws a RangeError where they make no sense (the checksum held, so it is not the disk's fault). */
export function readRecords(bytes: Uint8Array, sink: RecordSink): void {
  const r = new ByteReader(bytes);
  while (!r.done) {
    const tag = r.u8();
    switch (tag) {
      case Tag.Put: {
        const sub = r.u32();
        const mod = r.u64();
        const create = r.u64();
        const count = r.u64();
        const lease = r.i64();
        const keyLength = r.u32();
        const length = r.u32();
        const key = r.key(keyLength);
        sink.put(key, mod, sub, create, count, lease, r.at, length);
        r.at += length;
        break;
      }
      case Tag.Delete: {
        const sub = r.u32();
        const mod = r.u64();
        sink.delete(r.key(r.u32()), mod, sub);
        break;
      }
      case Tag.Grant:
        sink.grant(r.i64(), r.u64());
        break;
      case Tag.Revoke:
        sink.revoke(r.i64());
        break;
      case Tag.Compact:
        sink.compact(r.u64());
        break;
      case Tag.Base:
        sink.base(r.u64(), r.u64(), r.u64());
        break;
      case Tag.BaseEnd:
        sink.baseEnd();
        break;
      case Tag.Note: {
        const nameLength = r.u32();
        const length = r.u32();
        sink.note(r.key(nameLength), r.raw(length).slice());
        break;
      }
      default:
        throw new RangeError(`unknown record type ${tag}`);
    }
  }
}
