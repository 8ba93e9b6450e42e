/** v3lockpb.Lock: a lock by name, held as long as its lease. */
import { mayDelete, mayTakeTurn } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { takeTurn } from './turn-taking.js';

const NOTHING = new Uint8Array(0);

export function lockService(c: EtcdContext): [string, Method][] {
  const { auth, store } = c;
  return service('v3lockpb.Lock', {
    Lock: unary('LockRequest', 'LockResponse', async (r, signal) => {
      if (auth.enabled) await mayTakeTurn(auth, store, signal, r.name, r.lease);
      const { key } = await takeTurn(store, r.name, r.lease, NOTHING, signal);
      return { header: header(c, store.revision), key };
    }),
    Unlock: unary('UnlockRequest', 'UnlockResponse', async (r, signal) => {
      if (auth.enabled) mayDelete(auth, signal, { key: r.key });
      const { revision } = await store.txn({ compare: [], success: [{ delete: { key: r.key } }], failure: [] });
      return { header: header(c, revision) };
    }),
  });
}
