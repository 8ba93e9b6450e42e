/** The one way in for writes of clients: everything is asked here before the store is. */
import type { Operation, TxnRequest, TxnResult } from '../../store/store.js';
import { mayTxn } from '../auth/check.js';
import type { EtcdContext } from '../context.js';
import type { Caller } from '../grpc/router.js';
import { errors } from '../grpc/status.js';

const NONE: readonly never[] = [];

/** A transaction that does one thing whatever there is. */
export const always = (op: Operation): TxnRequest => ({ compare: NONE, success: [op], failure: NONE });

/** Throws where the caller may not, the request is too large, there is no room, or the data is said to be corrupt. */
export async function write({ alarms, auth, limits, store }: EtcdContext, caller: Caller, txn: TxnRequest): Promise<TxnResult> {
  if (auth.enabled) await mayTxn(auth, store, caller, txn);
  if (bytesOf(txn) > limits.maxRequestBytes) throw errors.requestTooLarge();
  alarms.checkCorrupt();
  if (alarms.mustCheckSpace && puts(txn)) await alarms.checkSpace();
  return store.txn(txn);
}

const operations = (txn: TxnRequest): readonly Operation[] => (txn.failure.length === 0 ? txn.success : [...txn.success, ...txn.failure]);

const puts = (txn: TxnRequest): boolean => operations(txn).some((op) => 'put' in op || ('txn' in op && puts(op.txn)));

function bytesOf(txn: TxnRequest): number {
  let bytes = 0;
  for (const op of operations(txn)) {
    if ('put' in op) bytes += op.put.key.length + op.put.value.length;
    else if ('txn' in op) bytes += bytesOf(op.txn);
  }
  return bytes;
}
