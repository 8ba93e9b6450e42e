/**
 * The revisioned key-value store under the API server and under the etcd listener: one interface, three back ends
 * (`embedded`, `memory`, `remote`). It has etcd's data model: every change gets the next revision, old revisions can be read and watched
 * until they are compacted. `test/compliance/store.ts` is the contract in runnable form.
 * Source: https://etcd.io/docs/latest/learning/data_model/
 */

/** A key: one character per byte (code points 0 to 255), so that string order is byte order. Kubernetes' keys are ASCII. */
export type Key = string;

export interface KeyValue {
  readonly key: Key;
  /** Must not be changed by anyone after it was handed over, in either direction. */
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** How often the key was written since it was created; 1 at first. */
  readonly version: number;
  /** 0n: no lease. */
  readonly lease: bigint;
}

/** `end` absent: the one key. `end` '\0': all keys from `key` on. Else the half-open range [key, end). */
export interface KeyRange {
  readonly key: Key;
  readonly end?: Key;
}

export interface RangeRequest extends KeyRange {
  /** 0 or absent: now. Throws CompactedError or FutureRevisionError where that revision cannot be read. */
  readonly revision?: number;
  /** 0 or absent: no limit. */
  readonly limit?: number;
  readonly sort?: { readonly by: 'key' | 'version' | 'create' | 'mod' | 'value'; readonly descending?: boolean };
  /** May be answered from a replica's own state. Single-process back ends make no difference. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

export interface RangeResult {
  /** The store's revision when the read was made. */
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  /** Keys in the range, whatever the limit. */
  readonly count: number;
  readonly more: boolean;
}

export type Compare = KeyRange & { readonly result: '=' | '!=' | '>' | '<' } & (
    | { readonly target: 'version' | 'create' | 'mod'; readonly value: number }
    | { readonly target: 'lease'; readonly value: bigint }
    | { readonly target: 'value'; readonly value: Uint8Array }
  );

export interface PutRequest {
  readonly key: Key;
  readonly value: Uint8Array;
  readonly lease?: bigint;
  readonly prevKv?: boolean;
  /** Keep the present value or lease; throws KeyNotFoundError where there is no such key. */
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface DeleteRequest extends KeyRange {
  readonly prevKv?: boolean;
}

export interface TxnRequest {
  /** All must hold for `success` to be taken. */
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type Operation =
  | { readonly range: RangeRequest }
  | { readonly put: PutRequest }
  | { readonly delete: DeleteRequest }
  | { readonly txn: TxnRequest };

export type OperationResult =
  | { readonly range: RangeResult }
  | { readonly put: { readonly prevKv?: KeyValue } }
  | { readonly delete: { readonly deleted: number; readonly prevKvs: readonly KeyValue[] } }
  | { readonly txn: TxnResult };

export interface TxnResult {
  readonly revision: number;
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

export interface WatchRequest extends KeyRange {
  /** First revision to see; absent: what comes after `Store.revision`. */
  readonly startRevision?: number;
  readonly prevKv?: boolean;
  readonly noPut?: boolean;
  readonly noDelete?: boolean;
}

export interface StoreEvent {
  readonly type: 'put' | 'delete';
  /** For a delete: the key and the revision of the delete, with an empty value. */
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue;
}

export interface WatchSink {
  /** All events of one or several revisions, never a part of a revision; in order; only what is durable. Must not throw. */
  events(events: readonly StoreEvent[], revision: number): void;
  /** The watch has seen everything up to `revision`. */
  progress?(revision: number): void;
  /** The watch is over: cancelled (no error), its start was compacted, or the back end failed. */
  end(error?: Error): void;
}

export interface Watch {
  /** It was given everything up to `Store.revision`; false also where that cannot be said at once. */
  readonly inStep: boolean;
  cancel(): void;
  /** Asks for a `progress` call. */
  requestProgress(): void;
}

export interface LeaseStatus {
  readonly id: bigint;
  /** Seconds left; -1 where the lease is gone. */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys?: readonly Key[];
}

export interface Store {
  /** The newest revision that is durable and visible to reads. Starts at 1, as etcd's does. */
  readonly revision: number;
  /** Where other processes write too: the newest revision of all, as of a moment after the call. Absent: `revision` is that. */
  latest?(): Promise<number>;
  range(request: RangeRequest): Promise<RangeResult>;
  /** Atomic. Resolves when the change is durable and every watch of this store object has been given its events. */
  txn(request: TxnRequest): Promise<TxnResult>;
  watch(request: WatchRequest, sink: WatchSink): Watch;
  /** Forgets revisions below `revision`. `physical`: resolves only when the space is free. */
  compact(revision: number, physical?: boolean): Promise<void>;
  /** `id` 0n: the store chooses. `ttl` in seconds. */
  leaseGrant(ttl: number, id?: bigint): Promise<{ id: bigint; ttl: number }>;
  leaseRevoke(id: bigint): Promise<void>;
  /** The new time to live in seconds; 0 where the lease is gone. */
  leaseKeepAlive(id: bigint): Promise<number>;
  leaseTimeToLive(id: bigint, keys?: boolean): Promise<LeaseStatus>;
  leases(): Promise<readonly bigint[]>;
  status(): Promise<StoreStatus>;
  close(): Promise<void>;
}

export interface StoreStatus {
  readonly revision: number;
  readonly compactRevision: number;
  /** Bytes on disk (or, in memory, of keys and values), and the part of them in use. */
  readonly size: number;
  readonly sizeInUse: number;
  readonly keys: number;
}

/** The revision was compacted away. */
export class CompactedError extends Error {
  constructor(readonly compactRevision: number) {
    super('etcdserver: mvcc: required revision has been compacted');
    this.name = 'CompactedError';
  }
}
export class FutureRevisionError extends Error {
  constructor() {
    super('etcdserver: mvcc: required revision is a future revision');
    this.name = 'FutureRevisionError';
  }
}
export class KeyNotFoundError extends Error {
  constructor() {
    super('etcdserver: key not found');
    this.name = 'KeyNotFoundError';
  }
}
export class LeaseNotFoundError extends Error {
  constructor() {
    super('etcdserver: requested lease not found');
    this.name = 'LeaseNotFoundError';
  }
}
export class LeaseExistsError extends Error {
  constructor() {
    super('etcdserver: lease already exists');
    this.name = 'LeaseExistsError';
  }
}
/** The disk failed or is full: the write is not acknowledged and no further one will be taken. */
export class StoreFailedError extends Error {
  constructor(cause: Error) {
    super(`the store cannot write any more: ${cause.message}`, { cause });
    this.name = 'StoreFailedError';
  }
}

export const inRange = (range: KeyRange, key: Key): boolean =>
  range.end === undefined ? key === range.key : key >= range.key && (range.end === '\0' || key < range.end);

/** The end of the range that holds every key starting with `prefix`. */
export function prefixEnd(prefix: Key): Key {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const c = prefix.charCodeAt(i);
    if (c < 0xff) return prefix.slice(0, i) + String.fromCharCode(c + 1);
  }
  return '\0';
}
