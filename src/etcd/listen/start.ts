/** An etcd of its own: a data directory opened, its client URLs served, old revisions compacted. What `k8ts etcd` runs. */

import { openEmbeddedStore } from '../../store/embedded/open.js';
import type { Env } from '../../util/component.js';
import { type AutoCompaction, startAutoCompaction } from '../auto-compaction.js';
import { EtcdServer, type EtcdServerOptions } from './server.js';

export interface StartEtcdOptions extends Omit<EtcdServerOptions, 'store' | 'env'> {
  readonly env: Env;
  readonly dataDir: string;
  readonly autoCompaction?: AutoCompaction;
}

export interface RunningEtcd {
  readonly server: EtcdServer;
  stop(): Promise<void>;
}

export async function startEtcd(options: StartEtcdOptions): Promise<RunningEtcd> {
  const store = await openEmbeddedStore({ dir: options.dataDir, env: options.env });
  const server = new EtcdServer({ ...options, store });
  try {
    await server.start();
  } catch (e) {
    await store.close();
    throw e;
  }
  const compaction = startAutoCompaction(store, options.env, options.autoCompaction);
  return {
    server,
    async stop() {
      compaction.cancel();
      await server.stop();
      await store.close();
    },
  };
}
