/** Between the messages of the API and the store's requests. */

import type { Draft, Message } from '../../store/proto/message.js';
import type { Compare, KeyRange, Operation, OperationResult, RangeRequest, RangeResult, TxnRequest, TxnResult } from '../../store/store.js';
import { Code, errors, GrpcError } from '../grpc/status.js';

const SORT_TARGETS = ['key', 'version', 'create', 'mod', 'value'] as const;
const SORT_NONE = 0;
const SORT_DESCEND = 2;
const RESULTS = ['=', '>', '<', '!='] as const;

export const keyRange = (key: string, rangeEnd: string): KeyRange => (rangeEnd === '' ? { key } : { key, end: rangeEnd });

export function toRange(r: Message<'RangeRequest'>): RangeRequest {
  if (r.key === '') throw errors.emptyKey();
  const by = SORT_TARGETS[r.sortTarget];
  if (by === undefined || r.sortOrder > SORT_DESCEND) throw errors.invalidSortOption();
  // A target other than the key without an order means ascending.
  const sorted = r.sortOrder !== SORT_NONE || by !== 'key';
  return {
    ...keyRange(r.key, r.rangeEnd),
    // As etcd takes them: below zero is as nothing said.
    revision: Math.max(r.revision, 0),
    limit: Math.max(r.limit, 0),
    sort: sorted ? { by, descending: r.sortOrder === SORT_DESCEND } : undefined,
    serializable: r.serializable,
    keysOnly: r.keysOnly,
    countOnly: r.countOnly,
    minModRevision: r.minModRevision,
    maxModRevision: r.maxModRevision,
    minCreateRevision: r.minCreateRevision,
    maxCreateRevision: r.maxCreateRevision,
  };
}

export function checkPut(r: Message<'PutRequest'>): void {
  if (r.key === '') throw errors.emptyKey();
  if (r.ignoreValue && r.value.length > 0) throw errors.valueProvided();
  if (r.ignoreLease && r.lease !== 0n) throw errors.leaseProvided();
}

export function toTxn(r: Message<'TxnRequest'>): TxnRequest {
  return { compare: r.compare.map(toCompare), success: r.success.map(toOperation), failure: r.failure.map(toOperation) };
}

function toCompare(c: Message<'Compare'>): Compare {
  if (c.key === '') throw errors.emptyKey();
  const result = RESULTS[c.result];
  if (result === undefined) throw new GrpcError(Code.invalidArgument, `etcdserver: unknown comparison ${c.result}`);
  const common = { ...keyRange(c.key, c.rangeEnd), result };
  switch (c.target) {
    case 0:
      return { ...common, target: 'version', value: c.version };
    case 1:
      return { ...common, target: 'create', value: c.createRevision };
    case 2:
      return { ...common, target: 'mod', value: c.modRevision };
    case 3:
      return { ...common, target: 'value', value: c.value };
    case 4:
      return { ...common, target: 'lease', value: c.lease };
    default:
      throw new GrpcError(Code.invalidArgument, `etcdserver: unknown comparison target ${c.target}`);
  }
}

function toOperation(op: Message<'RequestOp'>): Operation {
  if (op.range) return { range: toRange(op.range) };
  if (op.put) {
    checkPut(op.put);
    return { put: op.put };
  }
  if (op.deleteRange) {
    if (op.deleteRange.key === '') throw errors.emptyKey();
    return { delete: { ...keyRange(op.deleteRange.key, op.deleteRange.rangeEnd), prevKv: op.deleteRange.prevKv } };
  }
  if (op.txn) return { txn: toTxn(op.txn) };
  throw errors.keyNotFound();
}

export const fromRange = (r: RangeResult, header: Draft<'Header'>): Draft<'RangeResponse'> => ({
  header,
  kvs: r.kvs,
  more: r.more,
  count: r.count,
});

export function fromTxn(r: TxnResult, header: Draft<'Header'>): Draft<'TxnResponse'> {
  return { header, succeeded: r.succeeded, responses: r.results.map((op) => fromOperation(op, r.revision)) };
}

function fromOperation(op: OperationResult, revision: number): Draft<'ResponseOp'> {
  // The answers inside a transaction carry the revision and nothing else in their headers.
  if ('range' in op) return { range: fromRange(op.range, { revision: op.range.revision }) };
  if ('put' in op) return { put: { header: { revision }, prevKv: op.put.prevKv } };
  if ('delete' in op) return { deleteRange: { header: { revision }, deleted: op.delete.deleted, prevKvs: op.delete.prevKvs } };
  return { txn: fromTxn(op.txn, {}) };
}
