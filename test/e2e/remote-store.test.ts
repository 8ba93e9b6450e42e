/** The store contract against a real etcd: one member, and three. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openRemoteStore } from '../../src/store/remote/open.js';
import type { Store } from '../../src/store/store.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { describeStore } from '../compliance/store.js';
import { noEtcd, RealEtcd } from './real-etcd.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const why = noEtcd();

/** Keys and leases of the test before: revisions go on. */
async function empty(store: Store): Promise<void> {
  for (const id of await store.leases()) await store.leaseRevoke(id);
  await store.txn({ compare: [], success: [{ delete: { key: '\0', end: '\0' } }], failure: [] });
}

for (const members of [1, 3]) {
  describe.skipIf(why !== undefined)(`remote store, ${members} etcd${why ? ` (left out: ${why})` : ''}`, () => {
    let etcd: RealEtcd;
    beforeAll(async () => {
      etcd = await RealEtcd.start(members);
    });
    afterAll(() => etcd?.stop());

    describeStore(`remote, ${members}`, async () => {
      const store = await openRemoteStore({ endpoints: etcd.endpoints, env, openTimeoutMs: 60_000 });
      await empty(store);
      return {
        store,
        pass: (s) => new Promise((resolve) => setTimeout(resolve, s * 1000)),
        close: () => store.close(),
        keyOncePerTxn: true,
      };
    });
  });
}
