import type { Version } from './version.js';

/** Where a store writes its changes. What is recorded becomes durable with the next `commit`, all together or not at all. */
export interface Journal {
  version(v: Version): void;
  grant(id: bigint, ttl: number): void;
  revoke(id: bigint): void;
  compact(revision: number): void;
  note(name: string, value: Uint8Array): void;
  /** Writes and syncs what was recorded since the last call. Throws (or rejects) where the disk does not take it; the store is over then. */
  commit(): void | Promise<void>;
  /** Bytes on disk. */
  readonly size: number;
  close(): void;
}

/** Remembers nothing: the journal of a store in memory. */
export const noJournal: Journal = { version() {}, grant() {}, revoke() {}, compact() {}, note() {}, commit() {}, size: 0, close() {} };
