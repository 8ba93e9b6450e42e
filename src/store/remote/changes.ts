/** What a transaction changed: the watches that cover it have to be told before the writer is. */
import type { Message } from '../proto/message.js';
import { inRange, type Operation, type TxnRequest, type WatchRequest } from '../store.js';

export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
}

export const writes = (t: TxnRequest): boolean =>
  [...t.success, ...t.failure].some((op) => 'put' in op || 'delete' in op || ('txn' in op && writes(op.txn)));

/** The keys that were changed. Needs the former values of what deletes of ranges removed (`fromTxn` with `withKeys`). */
export function changesOf(request: TxnRequest, answer: Message<'TxnResponse'>): Change[] {
  return (answer.succeeded ? request.success : request.failure).flatMap((op, i) => changesOfOne(op, answer.responses[i]!));
}

function changesOfOne(op: Operation, r: Message<'ResponseOp'>): Change[] {
  if ('put' in op) return [{ type: 'put', key: op.put.key }];
  if ('txn' in op) return changesOf(op.txn, r.txn!);
  if ('range' in op || !r.deleteRange?.deleted) return [];
  if (op.delete.end === undefined) return [{ type: 'delete', key: op.delete.key }];
  return r.deleteRange.prevKvs.map((kv) => ({ type: 'delete', key: kv.key }));
}

export const covers = (w: WatchRequest, c: Change): boolean => inRange(w, c.key) && !(c.type === 'put' ? w.noPut : w.noDelete);
