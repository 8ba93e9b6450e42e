/**
 * One machine, one cluster: everything of `k8ts up` in one process. The order in which it starts can be read here.
 * Containers outlive the process: on the same data directory they are taken over again.
 */
import fs from 'node:fs';
import { isIP } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ComponentProbe } from '../../apiserver/subresources/component-status.js';
import { EtcdServer } from '../../etcd/listen/server.js';
import { ownAddresses, routableAddress } from '../../host/address.js';
import { ContainerdDaemon } from '../../host/containerd/daemon.js';
import { descriptors } from '../../host/descriptors.js';
import { startRealKubelet } from '../../host/kubelet/create.js';
import { cniBinDir, preparePodNetwork, writeCniConfig } from '../../host/network/cni.js';
import { SocketDnsListener, SystemResolvers } from '../../host/network/dns-listener.js';
import { sparedFromOom } from '../../host/oom-score.js';
import { connects } from '../../host/proxy/connects.js';
import { healthListener } from '../../host/proxy/health-listener.js';
import { IptablesRules } from '../../host/proxy/iptables-rules.js';
import type { Reserved } from '../../kubelet/reserved.js';
import type { OwnPort } from '../../meta/own-ports.js';
import { ClusterDns } from '../../network/dns/server.js';
import { KubeProxy } from '../../proxy/proxy.js';
import type { Store } from '../../store/store.js';
import { contains, nth, parseCidr } from '../../util/cidr.js';
import { realClock } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import type { Logger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { issue } from '../../util/x509.js';
import { DNS_PORT, dnsAddon } from '../addons/dns.js';
import { kubeletClientRights } from '../addons/kubelet-client.js';
import { type ListeningApiServer, startApiServer } from '../api-server.js';
import { Cluster } from '../cluster.js';
import { controlPlane, stopAll } from '../components.js';
import { etcdFiles } from '../files.js';
import { Identities } from '../identities.js';
import { NODE_MASK, nodeRange } from '../node-range.js';
import { startSimulatedNodes } from '../simulated-nodes.js';
import type { UpOptions } from './options.js';

export interface RunningUp {
  readonly url: string;
  readonly kubeconfig: string;
  /** Stops the process' part; containers run on. */
  stop(): Promise<void>;
}

/** Told as each step begins and ends. */
export type Progress = <T>(step: string, work: () => Promise<T>, done?: (value: T) => string) => Promise<T>;

const DNS_INDEX = 10;
const KUBELET_PORT = 10250;

export async function up(o: UpOptions, log: Logger, progress: Progress): Promise<RunningUp> {
  const env: Env = { clock: realClock, random: realRandom, log };
  const running: { stop(): Promise<void> }[] = [];
  try {
    const address = routableAddress();
    const probes: ComponentProbe[] = [
      { name: 'scheduler', check: async () => 'ok' },
      { name: 'controller-manager', check: async () => 'ok' },
      {
        name: 'etcd-0',
        check: async () => {
          await store?.range({ key: '/registry/health', limit: 1 });
          return 'ok';
        },
      },
    ];
    let store: Store | undefined;
    const containerd =
      o.runtime === 'containerd'
        ? progress(
            'containerd',
            () => startContainerd(o, log),
            ([, how]) => (how === 'found' ? 'taken over, containers run on' : 'our own, started'),
          )
        : undefined;
    // Awaited where it is needed: a failure before that must not go unheard.
    containerd?.catch(() => undefined);
    const api = await progress(
      'API server',
      () =>
        startApiServer({
          env: { ...env, log: log.with({ component: 'kube-apiserver' }) },
          dataDir: o.dataDir,
          etcd: o.etcd,
          compactionIntervalMs: o.compactionIntervalMs,
          bindAddress: o.runtime === 'containerd' ? '0.0.0.0' : '127.0.0.1',
          advertiseAddress: address,
          port: o.port,
          serviceCidrs: [o.serviceCidr],
          nodePortRange: o.nodePortRange,
          clusterDomain: o.clusterDomain,
          componentProbes: () => probes,
          docs: o.docs,
          extraNames: [o.nodeName],
        }),
      (a) => a.url,
    );
    running.push(api);
    store = api.store;
    if (o.etcdListen) {
      running.push(await etcdListener(o, o.etcdListen, api.store, env, address, progress));
    }
    const identities = new Identities(api.server);
    await kubeletClientRights(identities.admin());
    await progress('controllers and scheduler', async () => {
      for (const c of controlPlane({
        env,
        identities,
        rootCa: api.files.ca.certificate,
        podCidr: o.podCidr,
        nodeCidrMaskSize: NODE_MASK,
      })) {
        await c.start();
        running.push(c);
      }
    });
    if (o.runtime === 'containerd') await realNode(o, env, api, identities, (await containerd!)[0], address, running, progress);
    else await simulatedNodes(o, env, api, identities, running, progress);
    return { url: api.url, kubeconfig: api.kubeconfig, stop: () => stopAll(running) };
  } catch (e) {
    await stopAll(running);
    throw e;
  }
}

/** With certificates of its own, or, where plain http was asked for, for this machine alone. */
async function etcdListener(o: UpOptions, url: URL, store: Store, env: Env, address: string, progress: Progress): Promise<EtcdServer> {
  const connections = { total: descriptors(1024), perClient: descriptors(1024) };
  const listen = url.href.replace(/\/$/, '');
  if (url.protocol === 'http:') {
    const etcd = new EtcdServer({ store, env, listen: [listen], connections });
    const warning = `${listen}  WARNING: whoever is on this machine reads and writes everything, Secrets too`;
    await progress(
      'etcd listener',
      () => etcd.start(),
      () => warning,
    );
    return etcd;
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const ips = [...new Set(['127.0.0.1', '::1', address, ...(isIP(host) ? [host] : [])])].filter((ip) => ip !== '0.0.0.0' && ip !== '::');
  const dnsNames = ['localhost', o.nodeName, ...(isIP(host) ? [] : [host])];
  const files = await etcdFiles(o.dataDir, { dnsNames: [...new Set(dnsNames)], ips }, env.clock.now());
  const etcd = new EtcdServer({
    store,
    env,
    listen: [listen],
    tls: { ...files.server, trustedCaFile: files.caFile, clientCertAuth: true },
  });
  await progress(
    'etcd listener',
    () => etcd.start(),
    () => `${listen}  --cacert ${files.caFile} --cert ${files.client.certFile} --key ${files.client.keyFile}`,
  );
  return etcd;
}

async function startContainerd(o: UpOptions, log: Logger): Promise<[ContainerdDaemon, 'started' | 'found']> {
  sparedFromOom(log);
  const daemon = containerdOf(o.dataDir, o.registryMirrors, log);
  return [daemon, await daemon.start()];
}

/** The kernel's settings as they were before the cluster. */
export const kernelSettings = (dataDir: string): string => path.join(dataDir, 'kernel.json');

/** The containerd of a data directory. */
export function containerdOf(dataDir: string, registryMirrors: Readonly<Record<string, string>>, log: Logger): ContainerdDaemon {
  return new ContainerdDaemon({
    dir: path.join(dataDir, 'containerd'),
    cniBin: cniBinDir(),
    cniConf: path.join(dataDir, 'cni'),
    registryMirrors,
    log: log.with({ component: 'containerd' }),
  });
}

async function realNode(
  o: UpOptions,
  env: Env,
  api: ListeningApiServer,
  identities: Identities,
  daemon: ContainerdDaemon,
  address: string,
  running: { stop(): Promise<void> }[],
  progress: Progress,
): Promise<void> {
  const dns = nth(parseCidr(o.serviceCidr), DNS_INDEX);
  // The first node of a cluster has its first range.
  const podCidr = nodeRange(o.podCidr, 0)!;
  await progress(
    'pod network',
    async () => {
      writeCniConfig({ confDir: path.join(o.dataDir, 'cni'), ipamDir: path.join(o.dataDir, 'cni-ipam'), podCidr });
      await preparePodNetwork({ podCidr: o.podCidr, nodeCidr: podCidr, remember: kernelSettings(o.dataDir) });
    },
    () => podCidr,
  );
  const client = identities.node(o.nodeName);
  const rules = new IptablesRules({ node: o.nodeName, clusterCidr: o.podCidr, serviceCidr: o.serviceCidr });
  const own = ownPorts(o, api.port, daemon.streamPort());
  const proxy = new KubeProxy({
    client: identities.proxy(),
    env: { ...env, log: env.log.with({ component: 'kube-proxy' }) },
    node: o.nodeName,
    rules,
    connects,
    health: healthListener,
    addresses: ownAddresses,
    ownPorts: () => [...own, { protocol: 'TCP', port: KUBELET_PORT, holder: 'kubelet' }],
  });
  await progress('kubelet', async () => {
    const pair = await nodeCertificate(api, o.nodeName, [address, '127.0.0.1'], env);
    const kubelet = await startRealKubelet({
      nodeName: o.nodeName,
      client,
      env: { ...env, log: env.log.with({ component: 'kubelet' }) },
      socket: daemon.paths.socket,
      rootDir: path.join(o.dataDir, 'kubelet'),
      clusterDNS: [dns],
      clusterDomain: o.clusterDomain,
      addresses: [address],
      ownPorts: () => [...own, ...proxy.ownPorts()],
      kubeReserved: o.kubeReserved ?? reservedByDefault(),
      staticPodDir: path.join(o.dataDir, 'manifests'),
      withdrawn: (ips, limitMs) => proxy.withdrawn(ips, limitMs),
      serving: {
        port: KUBELET_PORT,
        pair,
        clientCA: api.files.ca.certificate,
        authorization: 'webhook',
      },
    });
    api.kubelets.set(o.nodeName, { host: '127.0.0.1', port: kubelet.port });
    running.push(kubelet);
  });
  await progress('service rules (iptables)', async () => {
    await proxy.start();
    running.push(proxy);
  });
  await progress(
    'DNS',
    async () => {
      // No open resolver for the world around.
      const pods = parseCidr(o.podCidr);
      await dnsAddon(identities.admin(), { serviceIp: dns, address });
      const server = new ClusterDns({
        client: identities.serviceAccount('kube-system', 'coredns', 'coredns'),
        env,
        domain: o.clusterDomain,
        listener: new SocketDnsListener(address, DNS_PORT, {
          serves: (from) => from === address || contains(pods, from) || from.startsWith('127.'),
        }),
        upstream: new SystemResolvers('/etc/resolv.conf', [dns]),
      });
      await server.start();
      running.push(server);
    },
    () => `${dns}, ${o.clusterDomain}`,
  );
  await progress(
    'node',
    () => nodeReady(identities, [o.nodeName]),
    () => `${o.nodeName} is Ready`,
  );
}

const MOST_RESERVED = 2 ** 30;
/** For this process and containerd, where Pods take all that they are given: a tenth of the memory, 1 GiB at most. */
const reservedByDefault = (): Reserved => ({
  memory: `${Math.floor(Math.min(MOST_RESERVED, os.totalmem() / 10) / 2 ** 20)}Mi`,
  pid: '1000',
});

/** What this process listens on besides the kubelet's port, at addresses that Pods' host ports could take over. */
function ownPorts(o: UpOptions, apiPort: number, streamPort: number): OwnPort[] {
  const etcd = Number(o.etcdListen?.port);
  return [
    { protocol: 'TCP', port: apiPort, holder: 'kube-apiserver' },
    ...(streamPort ? [{ protocol: 'TCP', port: streamPort, holder: 'containerd' }] : []),
    ...['TCP', 'UDP'].map((protocol) => ({ protocol, port: DNS_PORT, holder: 'dns' })),
    ...(etcd ? [{ protocol: 'TCP', port: etcd, holder: 'etcd' }] : []),
  ];
}

async function nodeCertificate(api: ListeningApiServer, name: string, ips: readonly string[], env: Env) {
  return issue(
    api.files.ca,
    { commonName: `system:node:${name}`, organizations: ['system:nodes'], usages: ['server', 'client'], dnsNames: [name], ips },
    env.clock.now(),
  );
}

async function simulatedNodes(
  o: UpOptions,
  env: Env,
  api: ListeningApiServer,
  identities: Identities,
  running: { stop(): Promise<void> }[],
  progress: Progress,
): Promise<void> {
  const names = o.nodes === 1 ? [o.nodeName] : Array.from({ length: o.nodes }, (_, i) => `${o.nodeName}-${i}`);
  const dns = nth(parseCidr(o.serviceCidr), DNS_INDEX);
  await dnsAddon(identities.admin(), { serviceIp: dns, address: undefined });
  await progress(
    names.length === 1 ? 'simulated node' : `${names.length} simulated nodes`,
    async () => {
      const { podCidr, clusterDomain } = o;
      running.push(await startSimulatedNodes({ names, env, identities, api, podCidr, clusterDNS: dns, clusterDomain }));
      await nodeReady(identities, names);
    },
    () => `${names.length === 1 ? `${names[0]} is` : 'all are'} Ready`,
  );
}

const nodeReady = (identities: Identities, names: readonly string[]): Promise<void> => Cluster.ready(identities.admin(), names, realClock);

/** Whether this machine can run containers: root, containerd and runc. The reason why not. */
export function containersImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const has = (name: string) => (process.env.PATH ?? '').split(':').some((d) => fs.existsSync(path.join(d, name)));
  for (const name of ['containerd', 'runc', 'iptables', 'ip6tables', 'nft', 'ip']) if (!has(name)) return `${name} is not installed`;
  try {
    cniBinDir();
  } catch (e) {
    return (e as Error).message;
  }
  return undefined;
}

export const defaultNodeName = (): string => os.hostname().toLowerCase();
