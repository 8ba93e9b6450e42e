/** The services that containers get variables for, followed by one watch of the node; only if some pod asks. */
import type { Service } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { KindInformer } from '../client/kind-informer.js';
import { SERVICES } from '../client/kinds.js';
import type { Env } from '../util/component.js';

export interface ServiceSource {
  /** Those of a namespace and `default/kubernetes`. Waits for the first list. */
  services(namespace: string): Promise<readonly Service[]>;
  stop(): Promise<void>;
}

export class ApiServiceSource implements ServiceSource {
  private readonly stopping = new AbortController();
  private readonly informer: KindInformer<typeof SERVICES>;
  private following: Promise<void> | undefined;

  constructor(client: Client, env: Env) {
    this.informer = new KindInformer(client, env, SERVICES);
  }

  async services(namespace: string): Promise<readonly Service[]> {
    this.following ??= this.informer.run(this.stopping.signal);
    if (!this.informer.hasSynced) await Promise.race([this.informer.synced, this.following]);
    const own = this.informer.list(namespace);
    const api = namespace === 'default' ? undefined : this.informer.get('default', 'kubernetes');
    return api ? [...own, api] : own;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }
}
