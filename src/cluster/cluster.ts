/**
 * A whole cluster in one process: API server, controllers, scheduler and simulated nodes. For tests and development.
 *
 *     const c = await Cluster.start({ nodes: 2 });
 *     await c.client.create({ apiVersion: 'v1', kind: 'Pod', … });
 *     await c.stop();
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createApiServer } from '../apiserver/create.js';
import type { Backends } from '../apiserver/subresources/targets.js';
import type { Client } from '../client/client.js';
import { NODES } from '../client/kinds.js';
import { routableAddress } from '../host/address.js';
import type { ImageBehaviours } from '../kubelet/simulated/behaviour.js';
import { unavailable } from '../meta/errors.js';
import { type Clock, realClock } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { type Logger, silentLogger } from '../util/logger.js';
import { type Random, realRandom, seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { generateKeys, privateKeyPem, publicKeyPem } from '../util/x509.js';
import { kubeletClientRights } from './addons/kubelet-client.js';
import { type ListeningApiServer, openStore, startApiServer } from './api-server.js';
import { controlPlane, stopAll } from './components.js';
import { Identities } from './identities.js';
import { defaultPodCidr } from './node-range.js';
import type { RemoteEtcd } from './remote-etcd.js';
import { startSimulatedNodes } from './simulated-nodes.js';

export interface ClusterOptions {
  /** Simulated nodes; 1 where absent. */
  readonly nodes?: number;
  /** `node-0`, …; one name for a single node. */
  readonly nodeName?: string;
  readonly clock?: 'real' | 'virtual';
  /** Serve HTTPS, so that real clients reach the cluster. */
  readonly listen?: boolean;
  /** 0: any free port. */
  readonly port?: number;
  /** Keep the data here; absent: in memory. */
  readonly dataDir?: string;
  /** Keep the data in this etcd instead. */
  readonly etcd?: RemoteEtcd;
  /** What containers of an image do. */
  readonly behaviours?: ImageBehaviours;
  readonly log?: Logger;
  /** The same seed, the same names. */
  readonly seed?: number;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  /** What clients read is frozen, so that whoever writes into it fails there. Absent: where K8TS_FROZEN_READS is 1. */
  readonly frozenReads?: boolean;
}

const SERVICE_CIDR = '10.96.0.0/16';
const READY_MS = 60_000;

export class Cluster {
  private constructor(
    readonly client: Client,
    readonly clock: Clock & Partial<Pick<VirtualClock, 'advance'>>,
    /** Where HTTPS clients reach it; undefined without `listen`. */
    readonly url: string | undefined,
    /** Path of the administrator's kubeconfig; undefined without `listen`. */
    readonly kubeconfig: string | undefined,
    readonly identities: Identities,
    private readonly close: () => Promise<void>,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const clock = options.clock === 'virtual' ? new VirtualClock() : realClock;
    const random: Random = options.seed === undefined ? realRandom : seededRandom(options.seed);
    const env: Env = { clock, random, log: options.log ?? silentLogger };
    const podCidr = options.podCidr ?? defaultPodCidr(options.nodes ?? 1);
    const running: { stop(): Promise<void> }[] = [];
    let scratch: string | undefined;
    try {
      const api = options.listen ? await listening(options, env, (dir) => (scratch = dir)) : await inMemory(options, env);
      running.push(api);
      const identities = new Identities(api.server, { frozen: options.frozenReads ?? process.env.K8TS_FROZEN_READS === '1' });
      if ('files' in api) await kubeletClientRights(identities.admin());
      const components: Component[] = controlPlane({
        env,
        identities,
        rootCa: 'files' in api ? api.files.ca.certificate : '',
        podCidr,
      });
      for (const c of components) {
        await c.start();
        running.push(c);
      }
      const count = options.nodes ?? 1;
      const names = Array.from({ length: count }, (_, i) =>
        count === 1 && options.nodeName ? options.nodeName : `${options.nodeName ?? 'node'}-${i}`,
      );
      running.push(
        await startSimulatedNodes({
          names,
          env,
          identities,
          api: 'files' in api ? api : undefined,
          podCidr,
          clusterDNS: '10.96.0.10',
          clusterDomain: 'cluster.local',
          behaviours: options.behaviours,
        }),
      );
      const client = identities.admin();
      await ready(client, names, clock);
      return new Cluster(
        client,
        clock,
        'url' in api ? api.url : undefined,
        'kubeconfig' in api ? api.kubeconfig : undefined,
        identities,
        async () => {
          await stopAll(running);
          if (scratch) fs.rmSync(scratch, { recursive: true, force: true });
        },
      );
    } catch (e) {
      await stopAll(running);
      if (scratch) fs.rmSync(scratch, { recursive: true, force: true });
      throw e;
    }
  }

  /** Waits until every node is Ready and takes pods. */
  static ready = (client: Client, names: readonly string[], clock: Clock): Promise<void> => ready(client, names, clock);

  /** Nothing of the cluster is left: no timer, socket or listener. */
  stop(): Promise<void> {
    return this.close();
  }
}

async function listening(o: ClusterOptions, env: Env, scratch: (dir: string) => void): Promise<ListeningApiServer> {
  let dir = o.dataDir;
  if (!dir) {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-'));
    scratch(dir);
  }
  return startApiServer({
    env,
    dataDir: dir,
    etcd: o.etcd,
    inMemory: !o.dataDir,
    bindAddress: '127.0.0.1',
    advertiseAddress: routableAddress(),
    port: o.port ?? 0,
    serviceCidrs: [o.serviceCidr ?? SERVICE_CIDR],
    clusterDomain: 'cluster.local',
    defaultMetrics: false,
  });
}

const NO_BACKENDS: Backends = {
  fetch: () => Promise.reject(unavailable('this cluster has no kubelets that listen: start it with listen: true')),
};

async function inMemory(o: ClusterOptions, env: Env) {
  const keys = await generateKeys();
  const store = await openStore({ env, etcd: o.etcd, inMemory: !o.dataDir, dataDir: o.dataDir ?? '' });
  const api = await createApiServer({
    store,
    env,
    backends: NO_BACKENDS,
    serviceAccountKey: await privateKeyPem(keys.privateKey),
    serviceAccountPublicKeys: [await publicKeyPem(keys.publicKey)],
    serviceCidrs: [o.serviceCidr ?? SERVICE_CIDR],
    advertiseAddress: '192.0.2.1',
    port: () => 6443,
    hostname: 'k8ts',
    defaultMetrics: false,
  });
  await api.bootstrap();
  return {
    ...api,
    async stop() {
      await api.stop();
      await store.close();
    },
  };
}

async function ready(client: Client, names: readonly string[], clock: Clock): Promise<void> {
  const wanted = new Set(names);
  if (!wanted.size) return;
  const abort = new AbortController();
  const virtual = clock as Partial<VirtualClock>;
  if (virtual.advance) {
    for (let i = 0; i < 60 && wanted.size; i++) {
      await virtual.advance(1000);
      for (const n of (await client.list(NODES)).items) if (isReady(n)) wanted.delete(n.metadata.name);
    }
    if (wanted.size) throw new Error(`not ready: ${[...wanted].join(', ')}`);
    return;
  }
  const timer = clock.after(READY_MS, () => abort.abort());
  try {
    for await (const e of client.watch(NODES, { signal: abort.signal })) {
      if (e.type !== 'BOOKMARK' && e.type !== 'DELETED' && isReady(e.object)) wanted.delete(e.object.metadata.name);
      if (!wanted.size) return;
    }
    throw new Error(`not ready after ${READY_MS / 1000} s: ${[...wanted].join(', ')}`);
  } finally {
    timer.cancel();
    abort.abort();
  }
}

const isReady = (n: { status: { conditions?: { type: string; status: string }[] }; spec: { taints?: { key: string }[] } }): boolean =>
  n.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true &&
  !n.spec.taints?.some((t) => t.key === 'node.kubernetes.io/not-ready');
