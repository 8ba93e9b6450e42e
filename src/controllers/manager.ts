/** kube-controller-manager: every controller over one set of informers. */
import type { Client } from '../client/client.js';
import { Informers } from '../client/informer.js';
import type { Component, Env } from '../util/component.js';
import { clusterRoleAggregation } from './clusterrole-aggregation.js';
import { deploymentController } from './deployment/deployment.js';
import { endpointsController } from './endpoints.js';
import { endpointSliceController } from './endpointslice.js';
import { type ControllerDefinition, RunningController } from './framework.js';
import { garbageCollector } from './garbage-collector.js';
import { inUseProtection } from './in-use-protection.js';
import { namespaceController } from './namespace.js';
import { nodeIpamController } from './node-ipam.js';
import { type NodeLifecycleOptions, nodeLifecycleController } from './node-lifecycle.js';
import { nodeTtlController } from './node-ttl.js';
import { podGcController } from './pod-gc.js';
import { replicaSetController } from './replicaset.js';
import { rootCaPublisher } from './root-ca.js';
import { serviceAccountController } from './serviceaccount.js';
import { taintEvictionController } from './taint-eviction.js';

export interface ControllerManagerOptions {
  /** What the shared informers read with. */
  readonly client: Client;
  /** --use-service-account-credentials: each controller acts as its own account of kube-system. Absent: all as `client`. */
  readonly clientFor?: (account: string) => Client;
  readonly env: Env;
  /** PEM of the CA that pods check the API server by. */
  readonly rootCa: string;
  readonly clusterCidr?: string;
  readonly nodeCidrMaskSize?: number;
  readonly nodeLifecycle?: NodeLifecycleOptions;
}

export function builtInControllers(o: ControllerManagerOptions): ControllerDefinition[] {
  return [
    deploymentController,
    replicaSetController(),
    endpointSliceController(),
    endpointsController(),
    namespaceController(),
    serviceAccountController,
    rootCaPublisher(o.rootCa),
    nodeLifecycleController(o.nodeLifecycle),
    taintEvictionController(),
    nodeTtlController(),
    ...(o.clusterCidr ? [nodeIpamController({ clusterCidr: o.clusterCidr, maskSize: o.nodeCidrMaskSize ?? 24 })] : []),
    clusterRoleAggregation,
    podGcController(),
    ...inUseProtection(),
    garbageCollector(),
  ];
}

export class ControllerManager implements Component {
  readonly name = 'kube-controller-manager';
  private readonly informers: Informers;
  private readonly controllers: RunningController[];

  constructor(o: ControllerManagerOptions, definitions: readonly ControllerDefinition[] = builtInControllers(o)) {
    this.informers = new Informers(o.client, o.env);
    this.controllers = definitions.map((d) => new RunningController(d, o.clientFor?.(d.account) ?? o.client, o.env, this.informers));
  }

  async start(): Promise<void> {
    await this.informers.start();
    for (const c of this.controllers) await c.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.controllers.map((c) => c.stop()));
    await this.informers.stop();
  }
}
