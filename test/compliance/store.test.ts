import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EtcdServer } from '../../src/etcd/listen/server.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { openMemoryStore } from '../../src/store/memory.js';
import { openRemoteStore } from '../../src/store/remote/open.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';
import { describeStore } from './store.js';

describeStore('memory', async () => {
  const clock = new VirtualClock();
  const store = openMemoryStore({ env: { clock, random: seededRandom(1), log: silentLogger } });
  return { store, pass: (s) => clock.advance(s * 1000), close: () => store.close() };
});

describeStore('embedded', async () => {
  const clock = new VirtualClock();
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-store-'));
  const store = await openEmbeddedStore({ dir, env: { clock, random: seededRandom(1), log: silentLogger } });
  return {
    store,
    pass: (s) => clock.advance(s * 1000),
    async close() {
      await store.close();
      fs.rmSync(dir, { recursive: true });
    },
  };
});

describeStore('remote, of our own etcd', async () => {
  const env = { clock: realClock, random: seededRandom(1), log: silentLogger };
  const kept = openMemoryStore({ env });
  const server = new EtcdServer({ store: kept, env, listen: ['http://127.0.0.1:0'] });
  await server.start();
  const store = await openRemoteStore({ endpoints: server.urls, env });
  return {
    store,
    pass: (s) => new Promise((resolve) => setTimeout(resolve, s * 1000)),
    async close() {
      await store.close();
      await server.stop();
      await kept.close();
    },
    keyOncePerTxn: true,
    minTtl: 2,
  };
});
