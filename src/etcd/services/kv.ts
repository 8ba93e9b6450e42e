/** etcdserverpb.KV: range, put, delete, transaction, compaction. */
import type { Operation, TxnRequest } from '../../store/store.js';
import { mayDelete, mayPut, mayRead, mayTxn } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { errors } from '../grpc/status.js';
import { checkTxn } from './check-txn.js';
import { checkPut, fromRange, fromTxn, keyRange, toRange, toTxn } from './convert.js';

const NONE: readonly never[] = [];
const always = (op: Operation): TxnRequest => ({ compare: NONE, success: [op], failure: NONE });

export function kvService(c: EtcdContext): [string, Method][] {
  const { store, alarms, auth, limits } = c;
  return service('etcdserverpb.KV', {
    Range: unary('RangeRequest', 'RangeResponse', async (r, signal) => {
      const request = toRange(r);
      if (auth.enabled) mayRead(auth, signal, request);
      const result = await store.range(request);
      return fromRange(result, header(c, result.revision));
    }),

    Put: unary('PutRequest', 'PutResponse', async (r, signal) => {
      checkPut(r);
      if (auth.enabled) await mayPut(auth, store, signal, r);
      if (r.key.length + r.value.length > limits.maxRequestBytes) throw errors.requestTooLarge();
      if (alarms.mustCheck) await alarms.checkSpace();
      const { revision, results } = await store.txn(always({ put: r }));
      const result = results[0] as { put: { prevKv?: never } };
      return { header: header(c, revision), prevKv: result.put.prevKv };
    }),

    DeleteRange: unary('DeleteRangeRequest', 'DeleteRangeResponse', async (r, signal) => {
      if (r.key === '') throw errors.emptyKey();
      const request = { ...keyRange(r.key, r.rangeEnd), prevKv: r.prevKv };
      if (auth.enabled) mayDelete(auth, signal, request);
      const { revision, results } = await store.txn(always({ delete: request }));
      const [result] = results;
      if (!result || !('delete' in result)) throw new Error('the store answered a delete with something else');
      return { header: header(c, revision), deleted: result.delete.deleted, prevKvs: result.delete.prevKvs };
    }),

    Txn: unary('TxnRequest', 'TxnResponse', async (r, signal) => {
      const txn = toTxn(r);
      checkTxn(txn, limits.maxTxnOps);
      if (auth.enabled) await mayTxn(auth, store, signal, txn);
      if (writesBytes(txn) > limits.maxRequestBytes) throw errors.requestTooLarge();
      if (alarms.mustCheck && puts(txn)) await alarms.checkSpace();
      const result = await store.txn(txn);
      return fromTxn(result, header(c, result.revision));
    }),

    Compact: unary('CompactionRequest', 'CompactionResponse', async (r, signal) => {
      auth.needRoot(signal);
      await store.compact(r.revision, r.physical);
      return { header: header(c, store.revision) };
    }),
  });
}

const operations = (txn: TxnRequest): readonly Operation[] => [...txn.success, ...txn.failure];

const puts = (txn: TxnRequest): boolean => operations(txn).some((op) => 'put' in op || ('txn' in op && puts(op.txn)));

function writesBytes(txn: TxnRequest): number {
  let bytes = 0;
  for (const op of operations(txn)) {
    if ('put' in op) bytes += op.put.key.length + op.put.value.length;
    else if ('txn' in op) bytes += writesBytes(op.txn);
  }
  return bytes;
}
