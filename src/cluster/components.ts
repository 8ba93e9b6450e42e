/** The components of a control plane over an API server in the same process, each as the user that the original runs as. */

import { ControllerManager } from '../controllers/manager.js';
import type { NodeLifecycleOptions } from '../controllers/node-lifecycle.js';
import { Scheduler } from '../scheduler/scheduler.js';
import type { Component, Env } from '../util/component.js';
import type { Identities } from './identities.js';

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
