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
import { serveKubelet } from '../host/kubelet/create.js';
import type { ImageBehaviours } from '../kubelet/simulated/behaviour.js';
import { createSimulatedKubelet, type SimulatedKubelet } from '../kubelet/simulated/create.js';
import { SimulatedNetwork } from '../kubelet/simulated/network.js';
import { unavailable } from '../meta/errors.js';
import { type Clock, realClock } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { type Logger, silentLogger } from '../util/logger.js';
import { type Random, realRandom, seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { generateKeys, issue, privateKeyPem, publicKeyPem } from '../util/x509.js';
import { kubeletClientRights } from './addons/kubelet-client.js';
import { type ListeningApiServer, openStore, type RemoteEtcd, startApiServer } from './api-server.js';
import { controlPlane, Identities, stopAll } from './components.js';
import { nodeRange } from './node-range.js';

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
const POD_CIDR = '10.244.0.0/16';
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
        podCidr: options.podCidr ?? POD_CIDR,
      });
      for (const c of components) {
        await c.start();
        running.push(c);
      }
      const count = options.nodes ?? 1;
      const names = Array.from({ length: count }, (_, i) =>
        count === 1 && options.nodeName ? options.nodeName : `${options.nodeName ?? 'node'}-${i}`,
      );
      const network = new SimulatedNetwork();
      for (const [i, name] of names.entries())
        running.push(await startNode(name, i, network, options, env, identities, 'files' in api ? api : undefined));
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

async function startNode(
  name: string,
  index: number,
  network: SimulatedNetwork,
  o: ClusterOptions,
  env: Env,
  identities: Identities,
  api: ListeningApiServer | undefined,
): Promise<{ stop(): Promise<void> }> {
  const client = identities.node(name);
  let port = 10250;
  const node: SimulatedKubelet = createSimulatedKubelet({
    nodeName: name,
    client,
    env: { ...env, log: env.log.with({ component: 'kubelet', node: name }) },
    address: api ? '127.0.0.1' : `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    port: () => port,
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    // Its first pods may come before anyone could give it a range.
    podCIDR: nodeRange(o.podCidr ?? POD_CIDR, index),
    network,
    ...(o.behaviours ? { behaviours: o.behaviours } : {}),
  });
  let served: { port: number; close(): Promise<void> } | undefined;
  if (api) {
    const pair = await issue(
      api.files.ca,
      {
        commonName: `system:node:${name}`,
        organizations: ['system:nodes'],
        usages: ['server', 'client'],
        dnsNames: [name],
        ips: ['127.0.0.1'],
      },
      env.clock.now(),
    );
    served = await serveKubelet(node.kubelet, client, {
      address: '127.0.0.1',
      port: 0,
      certificate: pair.certificate,
      key: pair.key,
      clientCA: api.files.ca.certificate,
      authorization: 'webhook',
    });
    port = served.port;
    api.kubelets.set(name, { host: '127.0.0.1', port });
  }
  await node.kubelet.start();
  return {
    async stop() {
      await served?.close();
      await node.kubelet.stop();
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
