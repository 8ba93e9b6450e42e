/** The store contract against a real etcd: one member, and three. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemoteStore } from '../../src/store/remote/open.js';
import type { Store } from '../../src/store/store.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { describeLinearizable } from '../compliance/linearizable.js';
import { describeStore, Recorder } from '../compliance/store.js';
import { leftOut, missing } from './programs.js';
import { RealEtcd } from './real-etcd.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const why = missing('etcd');

/** Keys and leases of the test before: revisions go on. */
async function empty(store: Store): Promise<void> {
  for (const id of await store.leases()) await store.leaseRevoke(id);
  await store.txn({ compare: [], success: [{ delete: { key: '\0', end: '\0' } }], failure: [] });
}

for (const members of [1, 3]) {
  describe.skipIf(why !== undefined)(`remote store, ${members} etcd${leftOut(why)}`, () => {
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

describe.skipIf(why !== undefined)(`clients of three members${leftOut(why)}`, () => {
  let etcd: RealEtcd;
  let run = 0;
  beforeAll(async () => {
    etcd = await RealEtcd.start(3);
  });
  afterAll(() => etcd?.stop());

  describeLinearizable(
    'each member asked by a store of its own',
    async () => {
      const stores = await Promise.all(etcd.endpoints.map((e) => openRemoteStore({ endpoints: [e], env, openTimeoutMs: 60_000 })));
      return {
        stores,
        prefix: `run${run++}/`,
        async close() {
          for (const s of stores) await s.close();
        },
      };
    },
    5,
  );
});

const noCtl = missing('etcd', 'etcdctl');
describe.skipIf(noCtl !== undefined)(`remote store of an etcd with users${leftOut(noCtl)}`, () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start(1);
    await etcd.waitForLeader();
    const run = (...args: string[]) =>
      execFileSync('etcdctl', ['--endpoints', etcd.endpoints[0]!, ...args], { env: { ...process.env, ETCDCTL_API: '3' }, stdio: 'ignore' });
    run('user', 'add', 'root:secret');
    // Newer ones make it by themselves.
    try {
      run('role', 'add', 'root');
    } catch {
      // It is there.
    }
    run('user', 'grant-role', 'root', 'root');
    run('auth', 'enable');
  });
  afterAll(() => etcd?.stop());

  it('says who it is, again after the member has forgotten it', async () => {
    const open = (password: string) => openRemoteStore({ endpoints: etcd.endpoints, env, user: { name: 'root', password } });
    const store = await open('secret');
    const recorder = new Recorder();
    store.watch({ key: 'a' }, recorder.sink);
    const put = (value: string) =>
      store.txn({ compare: [], success: [{ put: { key: 'a', value: new TextEncoder().encode(value) } }], failure: [] });
    await put('1');
    expect(recorder.texts()).toEqual(['put:a=1']);
    await etcd.kill(0);
    etcd.run(0);
    expect((await store.range({ key: 'a' })).kvs[0]?.version).toBe(1);
    await put('2');
    await recorder.until(() => recorder.texts().includes('put:a=2'));
    await store.close();
    await expect(open('wrong')).rejects.toThrow('etcdserver: authentication failed, invalid user ID or password');
  });
});
