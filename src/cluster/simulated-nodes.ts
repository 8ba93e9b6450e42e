/** The simulated nodes of a process: what many of them have in common is there once, and what hardly one of them needs is made when it is asked for. */
import { serveKubelet } from '../host/kubelet/create.js';
import type { Listening } from '../host/kubelet/listener.js';
import { SharedPodSource } from '../kubelet/pod-source.js';
import { ApiServiceSource } from '../kubelet/services.js';
import type { ImageBehaviours } from '../kubelet/simulated/behaviour.js';
import { createSimulatedKubelet } from '../kubelet/simulated/create.js';
import { SimulatedNetwork } from '../kubelet/simulated/network.js';
import { AtMost } from '../util/at-most.js';
import type { Env } from '../util/component.js';
import { issue } from '../util/x509.js';
import type { ListeningApiServer } from './api-server.js';
import type { Identities } from './identities.js';
import { nodeRange } from './node-range.js';

export interface SimulatedNodesOptions {
  readonly names: readonly string[];
  readonly env: Env;
  readonly identities: Identities;
  /** Where the nodes' ports are to be reached from; absent: they have none, as where nothing listens. */
  readonly api?: Pick<ListeningApiServer, 'files' | 'kubelets'>;
  readonly podCidr: string;
  readonly clusterDNS: string;
  readonly clusterDomain: string;
  readonly behaviours?: ImageBehaviours;
}

const KUBELET_PORT = 10250;
const LOOPBACK = '127.0.0.1';
/** Nodes that register at once: their writes share syncs of the store. */
const STARTING = 64;

/** From so many nodes on their kubelets write no events about Pods and ask for no tokens: half of all writes, which nobody could read. */
const QUIET_FROM = 100;

/** Resolves when all are registered; rejects, with none left running, if one is not. */
export async function startSimulatedNodes(o: SimulatedNodesOptions): Promise<{ stop(): Promise<void> }> {
  const { names, env, identities } = o;
  const network = new SimulatedNetwork();
  const many = names.length > 1;
  // One watch for all in place of one for each. It sees other nodes' Pods, which are this process's own as well.
  const reader = identities.admin();
  const source = many ? new SharedPodSource(reader, env) : undefined;
  const services = many ? new ApiServiceSource(reader, env) : undefined;
  const quiet = names.length >= QUIET_FROM ? { podEvents: false, requestTokens: false } : {};
  const turns = new AtMost(STARTING);
  const started = await Promise.allSettled(
    names.map((name, index) => turns.run(() => startNode(o, name, index, { network, source, services, ...quiet }))),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((s) => (s.status === 'fulfilled' ? s.value() : undefined)));
    await services?.stop();
  };
  const failed = started.find((s) => s.status === 'rejected');
  if (!failed) return { stop };
  await stop();
  throw failed.reason;
}

interface Shared {
  readonly network: SimulatedNetwork;
  readonly source?: SharedPodSource;
  readonly services?: ApiServiceSource;
  readonly podEvents?: boolean;
  readonly requestTokens?: boolean;
}

/** Gives back what ends it. */
async function startNode(o: SimulatedNodesOptions, name: string, index: number, shared: Shared): Promise<() => Promise<void>> {
  const { api, env } = o;
  const client = o.identities.node(name);
  let served: Listening | undefined;
  const { kubelet } = createSimulatedKubelet({
    nodeName: name,
    client,
    env: { ...env, log: env.log.with({ component: 'kubelet', node: name }) },
    address: api ? LOOPBACK : `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    port: () => served?.port ?? KUBELET_PORT,
    clusterDNS: [o.clusterDNS],
    clusterDomain: o.clusterDomain,
    // Its first pods may come before anyone could give it a range.
    podCIDR: nodeRange(o.podCidr, index),
    ...shared,
    ...(o.behaviours ? { behaviours: o.behaviours } : {}),
  });
  const stop = async (): Promise<void> => {
    await served?.close();
    await kubelet.stop();
  };
  try {
    if (api) {
      const { ca } = api.files;
      const certificate = () =>
        issue(
          ca,
          {
            commonName: `system:node:${name}`,
            organizations: ['system:nodes'],
            usages: ['server', 'client'],
            dnsNames: [name],
            ips: [LOOPBACK],
          },
          env.clock.now(),
        );
      served = await serveKubelet(kubelet, client, {
        address: LOOPBACK,
        port: 0,
        pair: certificate,
        clientCA: ca.certificate,
        authorization: 'webhook',
      });
      api.kubelets.set(name, { host: LOOPBACK, port: served.port });
    }
    await kubelet.start();
    return stop;
  } catch (e) {
    await stop();
    throw e;
  }
}
