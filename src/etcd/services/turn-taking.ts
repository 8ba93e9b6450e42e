/**
 * Waiting in line under a prefix: each contender has a key with its lease, and the one with the lowest create revision has the turn.
 * Locks and elections are both that (as in etcd's client library, with whose locks these mix).
 */
import { type Key, type Operation, prefixEnd, type Store, type TxnRequest } from '../../store/store.js';
import { mayWatchTurns } from '../auth/check.js';
import type { EtcdContext } from '../context.js';
import type { CallSignal } from '../grpc/router.js';
import { Code, GrpcError } from '../grpc/status.js';
import { write } from './write.js';

/** The lease of a contender that brought none, in seconds. */
const SESSION_TTL = 60;

export interface Place {
  readonly key: Key;
  /** The create revision of the contender's key. */
  readonly revision: number;
  readonly lease: bigint;
}

/** Queues up under `name` with `value`, and resolves when the turn has come. A caller that goes away leaves the line. */
export async function takeTurn(c: EtcdContext, name: Key, lease: bigint, value: Uint8Array, signal: CallSignal): Promise<Place> {
  const { store } = c;
  if (c.auth.enabled) mayWatchTurns(c.auth, signal, name);
  const id = lease !== 0n ? lease : (await store.leaseGrant(SESSION_TTL)).id;
  const prefix = `${name}/`;
  const key = prefix + BigInt.asUintN(64, id).toString(16);
  const { succeeded, revision, results } = await write(c, signal, {
    compare: [{ key, target: 'create', result: '=', value: 0 }],
    success: [{ put: { key, value, lease: id } }],
    failure: [{ range: { key } }],
  });
  const [found] = results;
  const mine = !succeeded && found && 'range' in found ? found.range.kvs[0]!.createRevision : revision;
  const place: Place = { key, revision: mine, lease: id };
  // Campaigning again under the same lease means to change the value.
  if (!succeeded && value.length > 0) await write(c, signal, replacing(place, value));
  try {
    while (!signal.lost) {
      const ahead = await store.range({
        key: prefix,
        end: prefixEnd(prefix),
        maxCreateRevision: mine - 1,
        sort: { by: 'create', descending: true },
        limit: 1,
        keysOnly: true,
      });
      const next = ahead.kvs[0];
      if (!next) break;
      await deleted(store, next.key, ahead.revision + 1, signal);
    }
    if (signal.lost) throw new GrpcError(Code.cancelled, 'context canceled');
    if ((await store.range({ key, keysOnly: true })).count === 0) throw new GrpcError(Code.unknown, 'mutex: session is expired');
    return place;
  } catch (e) {
    await store.txn(leaving(place));
    throw e;
  }
}

/** Writes a new value under the contender's key, where it is still its. */
export const replacing = (place: Place, value: Uint8Array): TxnRequest =>
  ifStill(place, { put: { key: place.key, value, lease: place.lease } });

/** Leaves the line. */
export const leaving = (place: Place): TxnRequest => ifStill(place, { delete: { key: place.key } });

const ifStill = (place: Place, then: Operation): TxnRequest => ({
  compare: [{ key: place.key, target: 'create', result: '=', value: place.revision }],
  success: [then],
  failure: [],
});

function deleted(store: Store, key: Key, from: number, signal: CallSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const watch = store.watch(
      { key, startRevision: from, noPut: true },
      { events: () => watch.cancel(), end: (error) => (error ? reject(error) : resolve()) },
    );
    signal.onLost(() => watch.cancel());
    if (signal.lost) watch.cancel();
  });
}
