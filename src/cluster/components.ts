/** The components of a control plane over an API server in the same process, each as the user that the original runs as. */

import type { ApiServer } from '../apiserver/server.js';
import type { Client } from '../client/client.js';
import { createClient } from '../client/rest-client.js';
import { ControllerManager } from '../controllers/manager.js';
import type { NodeLifecycleOptions } from '../controllers/node-lifecycle.js';
import { Scheduler } from '../scheduler/scheduler.js';
import type { Component, Env } from '../util/component.js';
import { InProcessTransport } from './in-process-transport.js';

const AUTHENTICATED = 'system:authenticated';

/** In-process clients by the identity they act as. */
export class Identities {
  /** `frozen`: what their clients read cannot be changed. */
  constructor(
    private readonly server: ApiServer,
    private readonly options: { readonly frozen?: boolean } = {},
  ) {}

  private client(name: string, groups: readonly string[], userAgent: string): Client {
    return createClient(new InProcessTransport(this.server, { name, groups: [...groups, AUTHENTICATED] }), userAgent, this.options);
  }

  admin = (): Client => this.client('kubernetes-admin', ['system:masters'], 'k8ts');
  scheduler = (): Client => this.client('system:kube-scheduler', [], 'kube-scheduler');
  controllerManager = (): Client => this.client('system:kube-controller-manager', [], 'kube-controller-manager');
  node = (name: string): Client => this.client(`system:node:${name}`, ['system:nodes'], 'kubelet');
  proxy = (): Client => this.client('system:kube-proxy', [], 'kube-proxy');
  serviceAccount = (namespace: string, name: string, userAgent = name): Client =>
    this.client(`system:serviceaccount:${namespace}:${name}`, ['system:serviceaccounts', `system:serviceaccounts:${namespace}`], userAgent);
}

export interface ControlPlaneOptions {
  readonly env: Env;
  readonly identities: Identities;
  readonly rootCa: string;
  readonly podCidr: string;
  readonly nodeCidrMaskSize?: number;
  readonly nodeLifecycle?: NodeLifecycleOptions;
}

export function controlPlane(o: ControlPlaneOptions): Component[] {
  const { env, identities } = o;
  return [
    new ControllerManager({
      client: identities.controllerManager(),
      clientFor: (account) => identities.serviceAccount('kube-system', account, `kube-controller-manager/${account}`),
      env: { ...env, log: env.log.with({ component: 'kube-controller-manager' }) },
      rootCa: o.rootCa,
      clusterCidr: o.podCidr,
      nodeCidrMaskSize: o.nodeCidrMaskSize,
      nodeLifecycle: o.nodeLifecycle,
    }),
    new Scheduler({ client: identities.scheduler(), env: { ...env, log: env.log.with({ component: 'kube-scheduler' }) } }),
  ];
}

/** Stops in the opposite order; all are stopped even if one fails. */
export async function stopAll(components: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const c of [...components].reverse()) await c.stop().catch(() => undefined);
}
