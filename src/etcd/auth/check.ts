/** Whether a caller may make a request on keys and leases. Only to be asked where authentication is on. */
import {
  type KeyRange,
  LeaseNotFoundError,
  type Operation,
  type PutRequest,
  prefixEnd,
  type Store,
  type TxnRequest,
} from '../../store/store.js';
import type { Caller } from '../grpc/router.js';
import { errors } from '../grpc/status.js';
import type { Auth } from './auth.js';

export function mayRead(auth: Auth, caller: Caller, range: KeyRange): void {
  auth.need(auth.userOf(caller), 'read', range);
}

/** Both branches count, and what is compared is read. */
export async function mayTxn(auth: Auth, store: Store, caller: Caller, txn: TxnRequest): Promise<void> {
  await txnBy(auth, store, auth.userOf(caller), txn);
}

/** Whether the caller may see who is in a line. */
export const mayWatchTurns = (auth: Auth, caller: Caller, name: string): void => auth.need(auth.userOf(caller), 'read', line(name));

const line = (name: string): KeyRange => ({ key: `${name}/`, end: prefixEnd(`${name}/`) });

/** Whether the caller may write every key of a lease: to end it, to prolong it, or to put a key under it. */
export async function mayEndLease(auth: Auth, store: Store, caller: Caller, id: bigint): Promise<void> {
  await leaseBy(auth, store, auth.userOf(caller), id, 'write');
}

/** Whether the caller may read every key of the leases. */
export async function mayListLeases(auth: Auth, store: Store, caller: Caller, ids: readonly bigint[]): Promise<void> {
  const user = auth.userOf(caller);
  if (!user) throw errors.userEmpty();
  for (const id of ids) await leaseBy(auth, store, user, id, 'read');
}

async function txnBy(auth: Auth, store: Store, user: string | undefined, txn: TxnRequest): Promise<void> {
  for (const compare of txn.compare) auth.need(user, 'read', compare);
  for (const op of [...txn.success, ...txn.failure]) await operationBy(auth, store, user, op);
}

async function operationBy(auth: Auth, store: Store, user: string | undefined, op: Operation): Promise<void> {
  if ('range' in op) auth.need(user, 'read', op.range);
  else if ('put' in op) await putBy(auth, store, user, op.put);
  else if ('delete' in op) deleteBy(auth, user, op.delete);
  else await txnBy(auth, store, user, op.txn);
}

async function putBy(auth: Auth, store: Store, user: string | undefined, put: PutRequest): Promise<void> {
  auth.need(user, 'write', { key: put.key });
  if (put.prevKv) auth.need(user, 'read', { key: put.key });
  if (put.lease) await leaseBy(auth, store, user, put.lease, 'write');
}

function deleteBy(auth: Auth, user: string | undefined, range: KeyRange & { readonly prevKv?: boolean }): void {
  if (range.prevKv) auth.need(user, 'read', range);
  auth.need(user, 'write', range);
}

async function leaseBy(auth: Auth, store: Store, user: string | undefined, id: bigint, what: 'read' | 'write'): Promise<void> {
  if (!user) throw errors.userEmpty();
  if (auth.isRoot(user)) return;
  const { keys = [] } = await store.leaseTimeToLive(id, true).catch((e: unknown) => {
    // Has no keys; that it is gone is said by what was asked for.
    if (e instanceof LeaseNotFoundError) return { keys: [] };
    throw e;
  });
  for (const key of keys) auth.need(user, what, { key });
}
