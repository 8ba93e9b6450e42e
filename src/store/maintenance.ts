/** What an operator, a snapshot or a fork asks of a store beside its data. The local stores have it; a remote one does it its own way. */
import type { KeyValue, Store, StoreFailedError } from './store.js';

/** One change of one key. A delete has `deleted` and an empty value. */
export interface HistoryRecord extends KeyValue {
  /** Which change of its revision it is, from 0. */
  readonly sub: number;
  readonly deleted: boolean;
}

/** The same without its value, which is read when it is asked for. */
export interface HistoryOutline extends Omit<HistoryRecord, 'value'> {
  /** Bytes of the value. */
  readonly length: number;
  value(): Uint8Array;
}

/** Everything in a store: enough to make another one that goes on from here. */
export interface StoreState {
  readonly revision: number;
  readonly compactRevision: number;
  readonly leases: readonly { readonly id: bigint; readonly ttl: number; readonly remaining: number }[];
  readonly notes: readonly (readonly [string, Uint8Array])[];
  readonly history: Iterable<HistoryRecord>;
}

/** The store at one revision, unchanged while writes go on. */
export interface StoreSnapshot extends Omit<StoreState, 'history'> {
  /** In the order of revisions. May be called once or more, until `release`. */
  history(): Iterable<HistoryRecord>;
  /** The same records: for who needs to know what there is before the values, or has no memory for them. */
  outline(): Iterable<HistoryOutline>;
  release(): void;
}

export interface StoreMaintenance {
  /** Gives the space of what is gone back to the disk. */
  defragment(): Promise<void>;
  snapshot(): StoreSnapshot;
  /** A durable value beside the keys, without a revision: the identity of the cluster, alarms. */
  note(name: string): Uint8Array | undefined;
  setNote(name: string, value: Uint8Array): Promise<void>;
  readonly failure: StoreFailedError | undefined;
}

export function maintenanceOf(store: Store): (Store & StoreMaintenance) | undefined {
  return 'defragment' in store && 'snapshot' in store ? (store as Store & StoreMaintenance) : undefined;
}

/** A copy that does not need the store any more. */
export function copyState(snapshot: StoreSnapshot): StoreState {
  const { revision, compactRevision, leases, notes } = snapshot;
  const state = { revision, compactRevision, leases, notes, history: [...snapshot.history()] };
  snapshot.release();
  return state;
}
