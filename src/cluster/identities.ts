import type { ApiServer } from '../apiserver/server.js';
import type { Client } from '../client/client.js';
import { createClient } from '../client/rest-client.js';
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
