/**
 * The rules for a transaction's shape: not too many operations, and no key written twice. The two branches of a nested transaction
 * may write the same key, since only one of them runs.
 */

import { inRange, type Key, type KeyRange, type Operation, type TxnRequest } from '../../store/store.js';
import { addAll } from '../../util/add-all.js';
import { errors } from '../grpc/status.js';

export function checkTxn(txn: TxnRequest, maxOps: number): void {
  checkCount(txn, maxOps);
  checkOverlap(txn.success);
  checkOverlap(txn.failure);
}

function checkCount(txn: TxnRequest, left: number): void {
  const ops = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (ops > left) throw errors.tooManyOps();
  for (const op of [...txn.success, ...txn.failure]) if ('txn' in op) checkCount(op.txn, left - ops);
}

interface Written {
  readonly puts: Set<Key>;
  readonly deletes: KeyRange[];
}

function checkOverlap(ops: readonly Operation[]): Written {
  const written: Written = { puts: new Set(), deletes: ops.flatMap((op) => ('delete' in op ? [op.delete] : [])) };
  for (const op of ops) {
    if (!('txn' in op)) continue;
    const then = checkOverlap(op.txn.success);
    const otherwise = checkOverlap(op.txn.failure);
    for (const key of then.puts) addPut(written, key);
    for (const key of otherwise.puts) if (!then.puts.has(key)) addPut(written, key);
    addAll(written.deletes, then.deletes, otherwise.deletes);
  }
  for (const op of ops) if ('put' in op) addPut(written, op.put.key);
  return written;
}

function addPut({ puts, deletes }: Written, key: Key): void {
  if (puts.has(key) || deletes.some((range) => inRange(range, key))) throw errors.duplicateKey();
  puts.add(key);
}
