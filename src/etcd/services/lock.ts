/** v3lockpb.Lock: a lock by name, held as long as its lease. */
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { takeTurn } from './turn-taking.js';
import { always, write } from './write.js';

const NOTHING = new Uint8Array(0);

export const lockService = (c: EtcdContext): [string, Method][] =>
  service('v3lockpb.Lock', {
    Lock: unary('LockRequest', 'LockResponse', async (r, signal) => {
      const { key } = await takeTurn(c, r.name, r.lease, NOTHING, signal);
      return { header: header(c, c.store.revision), key };
    }),
    Unlock: unary('UnlockRequest', 'UnlockResponse', async (r, signal) => {
      const { revision } = await write(c, signal, always({ delete: { key: r.key } }));
      return { header: header(c, revision) };
    }),
  });
