/** etcdserverpb.Lease. */

import { decode, encodeFramed } from '../../store/proto/codec.js';
import { mayEndLease, mayListLeases } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Call, Method } from '../grpc/router.js';
import { errors } from '../grpc/status.js';

/** etcd grants no shorter lease: one and a half election timeouts, rounded up. */
const MIN_TTL = 2;
const MAX_TTL = 9_000_000_000;

export function leaseService(c: EtcdContext): [string, Method][] {
  const { auth, store } = c;
  return service('etcdserverpb.Lease', {
    LeaseGrant: unary('LeaseGrantRequest', 'LeaseGrantResponse', async (r, signal) => {
      auth.needUser(signal);
      if (r.ttl > MAX_TTL) throw errors.leaseTtlTooLarge();
      c.alarms.checkCorrupt();
      if (c.alarms.mustCheckSpace) await c.alarms.checkSpace();
      const { id, ttl } = await store.leaseGrant(Math.max(r.ttl, MIN_TTL), r.id);
      return { header: header(c, store.revision), id, ttl };
    }),

    LeaseRevoke: unary('LeaseRevokeRequest', 'LeaseRevokeResponse', async (r, signal) => {
      if (auth.enabled) await mayEndLease(auth, store, signal, r.id);
      c.alarms.checkCorrupt();
      await store.leaseRevoke(r.id);
      return { header: header(c, store.revision) };
    }),

    LeaseKeepAlive: { kind: 'stream', open: (call) => keepAlive(c, call) },

    LeaseTimeToLive: unary('LeaseTimeToLiveRequest', 'LeaseTimeToLiveResponse', async (r, signal) => {
      auth.needUser(signal);
      if (auth.enabled && r.keys) await mayListLeases(auth, store, signal, [r.id]);
      const status = await store.leaseTimeToLive(r.id, r.keys);
      return { header: header(c, store.revision), id: r.id, ttl: status.ttl, grantedTtl: status.grantedTtl, keys: status.keys ?? [] };
    }),

    LeaseLeases: unary('LeaseLeasesRequest', 'LeaseLeasesResponse', async (_, signal) => {
      const ids = await store.leases();
      if (auth.enabled) await mayListLeases(auth, store, signal, ids);
      return { header: header(c, store.revision), leases: ids.map((id) => ({ id })) };
    }),
  });
}

function keepAlive(c: EtcdContext, call: Call) {
  // Answers keep the order of the requests.
  let last: Promise<void> = Promise.resolve();
  const after = (work: () => Promise<void>) => {
    last = last.then(work).catch((e) => call.end(e));
  };
  return {
    message(bytes: Uint8Array) {
      const { id } = decode('LeaseKeepAliveRequest', bytes);
      after(async () => {
        if (c.auth.enabled) await mayEndLease(c.auth, c.store, call, id);
        const ttl = await c.store.leaseKeepAlive(id);
        call.send(encodeFramed('LeaseKeepAliveResponse', { header: header(c, c.store.revision), id, ttl }));
      });
    },
    end: () => after(async () => call.end()),
    gone() {},
  };
}
