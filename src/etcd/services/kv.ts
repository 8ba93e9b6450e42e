/** etcdserverpb.KV: range, put, delete, transaction, compaction. */
import { mayRead } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { errors } from '../grpc/status.js';
import { checkTxn } from './check-txn.js';
import { checkPut, fromRange, fromTxn, keyRange, toRange, toTxn } from './convert.js';
import { always, write } from './write.js';

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
      const { revision, results } = await write(c, signal, always({ put: r }));
      const result = results[0] as { put: { prevKv?: never } };
      return { header: header(c, revision), prevKv: result.put.prevKv };
    }),

    DeleteRange: unary('DeleteRangeRequest', 'DeleteRangeResponse', async (r, signal) => {
      if (r.key === '') throw errors.emptyKey();
      const request = { ...keyRange(r.key, r.rangeEnd), prevKv: r.prevKv };
      const { revision, results } = await write(c, signal, always({ delete: request }));
      const [result] = results;
      if (!result || !('delete' in result)) throw new Error('the store answered a delete with something else');
      return { header: header(c, revision), deleted: result.delete.deleted, prevKvs: result.delete.prevKvs };
    }),

    Txn: unary('TxnRequest', 'TxnResponse', async (r, signal) => {
      const txn = toTxn(r);
      checkTxn(txn, limits.maxTxnOps);
      const result = await write(c, signal, txn);
      return fromTxn(result, header(c, result.revision));
    }),

    Compact: unary('CompactionRequest', 'CompactionResponse', async (r, signal) => {
      auth.needRoot(signal);
      alarms.checkCorrupt();
      await store.compact(r.revision, r.physical);
      return { header: header(c, store.revision) };
    }),
  });
}
