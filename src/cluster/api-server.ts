/** An API server that listens: its files, its store, its port. What `k8ts kube-apiserver`, `k8ts up` and `Cluster` share. */
import os from 'node:os';
import path from 'node:path';
import { createApiServer, type RunningApiServer } from '../apiserver/create.js';
import { SocketBackends, upgradeHandler } from '../apiserver/listen/backends.js';
import { type Listening, listenHttps } from '../apiserver/listen/https.js';
import type { UserInfo } from '../apiserver/request.js';
import type { ComponentProbe } from '../apiserver/subresources/component-status.js';
import { openEmbeddedStore } from '../store/embedded/open.js';
import { openMemoryStore } from '../store/memory.js';
import { openRemoteStore } from '../store/remote/open.js';
import type { Store } from '../store/store.js';
import { nth, parseCidr } from '../util/cidr.js';
import { realClock } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { ADMIN, type ClusterFiles, clusterFiles, kubeconfig, writeFile } from './files.js';
import type { RemoteEtcd } from './remote-etcd.js';

export interface ApiServerProcessOptions {
  readonly env: Env;
  /** Certificates, keys, kubeconfig; and the store, unless one is given. */
  readonly dataDir: string;
  readonly store?: Store;
  /** Keep the data in this etcd instead of `dataDir`. */
  readonly etcd?: RemoteEtcd;
  readonly inMemory?: boolean;
  readonly bindAddress: string;
  readonly advertiseAddress: string;
  /** 0: any. */
  readonly port: number;
  readonly serviceCidrs: readonly string[];
  readonly nodePortRange?: string;
  readonly clusterDomain: string;
  readonly runtimeConfig?: Readonly<Record<string, boolean>>;
  readonly authorizationModes?: readonly string[];
  readonly anonymous?: boolean;
  readonly staticTokens?: ReadonlyMap<string, UserInfo>;
  readonly disabledAdmission?: readonly string[];
  readonly allowPrivileged?: boolean;
  /** PEM: authorities of client certificates, beside the cluster's own. */
  readonly clientCa?: string;
  /** In place of the certificate that is made. PEM. */
  readonly serving?: { readonly certificate: string; readonly key: string };
  /** In place of the API server's own as a client of kubelets, and of the authority it trusts there. PEM. */
  readonly kubelet?: { readonly certificate?: string; readonly key?: string; readonly ca?: string };
  readonly componentProbes?: () => readonly ComponentProbe[];
  readonly docs?: () => Readonly<Record<string, string>>;
  /** More names the serving certificate must have. */
  readonly extraNames?: readonly string[];
  /** How often old revisions are forgotten; 0 or absent: never. */
  readonly compactionIntervalMs?: number;
  readonly defaultMetrics?: boolean;
}

export interface ListeningApiServer extends RunningApiServer {
  readonly store: Store;
  readonly files: ClusterFiles;
  readonly port: number;
  readonly url: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/** The store that the options ask for. */
export async function openStore({
  env,
  etcd,
  inMemory,
  dataDir,
}: Pick<ApiServerProcessOptions, 'env' | 'etcd' | 'inMemory' | 'dataDir'>): Promise<Store> {
  if (etcd) return openRemoteStore({ endpoints: etcd.endpoints, tls: etcd.tls, env });
  return inMemory ? openMemoryStore({ env }) : openEmbeddedStore({ dir: path.join(dataDir, 'store'), env });
}

export async function startApiServer(o: ApiServerProcessOptions): Promise<ListeningApiServer> {
  const hostname = os.hostname();
  const serviceIp = nth(parseCidr(o.serviceCidrs[0]!), 1);
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${o.clusterDomain}`,
    'localhost',
    hostname,
    ...(o.extraNames ?? []),
  ];
  const isIp = (s: string) => /^[\d.]+$|:/.test(s);
  const files = await clusterFiles(
    o.dataDir,
    {
      dnsNames: [...new Set(names.filter((n) => !isIp(n)))],
      ips: [...new Set(['127.0.0.1', '::1', serviceIp, o.advertiseAddress, ...names.filter(isIp)])],
    },
    o.env.clock.now(),
  );
  const clientCa = o.clientCa ? `${o.clientCa.trimEnd()}\n${files.ca.certificate}` : files.ca.certificate;
  const ownStore = !o.store;
  const store = o.store ?? (await openStore(o));
  const kubelets = {
    certificate: o.kubelet?.certificate ?? files.kubeletClient.certificate,
    key: o.kubelet?.key ?? files.kubeletClient.key,
    ca: o.kubelet?.ca ?? files.ca.certificate,
  };
  const backends = new SocketBackends(kubelets, realClock);
  let listening: Listening | undefined;
  const api = await createApiServer({
    store,
    env: o.env,
    backends,
    serviceAccountKey: files.serviceAccount.key,
    serviceAccountPublicKeys: [files.serviceAccount.publicKey],
    issuer: `https://kubernetes.default.svc.${o.clusterDomain}`,
    clientCa,
    requestHeaderCa: files.frontProxyCa.certificate,
    anonymous: o.anonymous,
    staticTokens: o.staticTokens,
    authorizationModes: o.authorizationModes,
    serviceCidrs: o.serviceCidrs,
    nodePortRange: o.nodePortRange,
    advertiseAddress: o.advertiseAddress,
    port: () => listening?.port ?? o.port,
    hostname,
    runtimeConfig: o.runtimeConfig,
    disabledAdmission: o.disabledAdmission,
    allowPrivileged: o.allowPrivileged,
    componentProbes: o.componentProbes,
    docs: o.docs,
    defaultMetrics: o.defaultMetrics,
    compactionIntervalMs: o.compactionIntervalMs,
  }).catch(async (e) => {
    backends.close();
    if (ownStore) await store.close();
    throw e;
  });
  try {
    listening = await listenHttps({
      server: api.server,
      host: o.bindAddress,
      port: o.port,
      ...(o.serving ?? { certificate: files.server.certificate, key: files.server.key }),
      clientCa,
      upgrade: upgradeHandler(api.server, backends),
      metrics: api.metrics,
      clock: realClock,
    });
    const { port } = listening;
    await api.bootstrap();
    const host = o.bindAddress === '0.0.0.0' || o.bindAddress === '::' ? '127.0.0.1' : o.bindAddress;
    const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const file = path.join(o.dataDir, 'kubeconfig');
    writeFile(
      file,
      kubeconfig({ server: url, ca: files.ca.certificate, user: 'kubernetes-admin', client: await files.client('admin', ADMIN) }),
      0o600,
    );
    return { ...api, store, files, port, url, kubeconfig: file, stop };
  } catch (e) {
    await stop();
    throw e;
  }

  async function stop(): Promise<void> {
    await api.stop();
    await listening?.close();
    backends.close();
    if (ownStore) await store.close();
  }
}
