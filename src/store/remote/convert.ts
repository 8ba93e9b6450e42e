/** The store's requests as messages of the etcd API, and the answers back. */
import { table } from '../../util/own.js';
import type { Draft, Message } from '../proto/message.js';
import type { Compare, Operation, OperationResult, RangeRequest, RangeResult, StoreEvent, TxnRequest, TxnResult } from '../store.js';

const SORT_TARGETS = table({ key: 0, version: 1, create: 2, mod: 3, value: 4 } as const);
const ASCEND = 1;
const DESCEND = 2;
const RESULTS = table({ '=': 0, '>': 1, '<': 2, '!=': 3 } as const);
const DELETE_EVENT = 1;

export function fromRange(r: RangeRequest): Draft<'RangeRequest'> {
  const { end, sort, ...rest } = r;
  return {
    ...rest,
    rangeEnd: end ?? '',
    sortTarget: sort ? SORT_TARGETS[sort.by] : 0,
    sortOrder: sort ? (sort.descending ? DESCEND : ASCEND) : 0,
  };
}

/** `prevKv` of deletes of ranges is asked for where `withKeys`: it says which keys went. */
export function fromTxn(t: TxnRequest, withKeys: boolean): Draft<'TxnRequest'> {
  const operations = (list: readonly Operation[]) => list.map((op) => fromOperation(op, withKeys));
  return { compare: t.compare.map(fromCompare), success: operations(t.success), failure: operations(t.failure) };
}

function fromOperation(op: Operation, withKeys: boolean): Draft<'RequestOp'> {
  if ('range' in op) return { range: fromRange(op.range) };
  if ('put' in op) return { put: op.put };
  if ('txn' in op) return { txn: fromTxn(op.txn, withKeys) };
  const { key, end, prevKv } = op.delete;
  return { deleteRange: { key, rangeEnd: end ?? '', prevKv: prevKv || (withKeys && end !== undefined) } };
}

function fromCompare(c: Compare): Draft<'Compare'> {
  const common = { key: c.key, rangeEnd: c.end ?? '', result: RESULTS[c.result] };
  switch (c.target) {
    case 'version':
      return { ...common, target: 0, version: c.value };
    case 'create':
      return { ...common, target: 1, createRevision: c.value };
    case 'mod':
      return { ...common, target: 2, modRevision: c.value };
    case 'value':
      return { ...common, target: 3, value: c.value };
    case 'lease':
      return { ...common, target: 4, lease: c.value };
  }
}

export const toRange = (r: Message<'RangeResponse'>, revision: number): RangeResult => ({
  revision: r.header?.revision || revision,
  kvs: r.kvs,
  count: r.count,
  more: r.more,
});

/** `revision` counts where an answer inside the transaction has none of its own. */
export function toTxn(request: TxnRequest, r: Message<'TxnResponse'>, revision: number): TxnResult {
  const branch = r.succeeded ? request.success : request.failure;
  return { revision, succeeded: r.succeeded, results: branch.map((op, i) => toResult(op, r.responses[i]!, revision)) };
}

function toResult(op: Operation, r: Message<'ResponseOp'>, revision: number): OperationResult {
  if ('range' in op) return { range: toRange(r.range!, revision) };
  if ('put' in op) return { put: r.put?.prevKv ? { prevKv: r.put.prevKv } : {} };
  if ('txn' in op) return { txn: toTxn(op.txn, r.txn!, revision) };
  return { delete: { deleted: r.deleteRange!.deleted, prevKvs: op.delete.prevKv ? r.deleteRange!.prevKvs : [] } };
}

export function toEvent(e: Message<'Event'>): StoreEvent {
  const type = e.type === DELETE_EVENT ? 'delete' : 'put';
  return e.prevKv ? { type, kv: e.kv!, prevKv: e.prevKv } : { type, kv: e.kv! };
}
