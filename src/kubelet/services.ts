/** The services that containers get variables for, followed by one watch of the node; only if some pod asks. */
import type { Service } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';

export interface ServiceSource {
  /** Those of a namespace and `default/kubernetes`. Waits for the first list. */
  services(namespace: string): Promise<readonly Service[]>;
  stop(): Promise<void>;
}

const RETRY_MS = 1000;

export class ApiServiceSource implements ServiceSource {
  private readonly known = new Map<string, Service>();
  private readonly stopping = new AbortController();
  private following: Promise<void> | undefined;
  private ready: Promise<void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  async services(namespace: string): Promise<readonly Service[]> {
    this.ready ??= new Promise((resolve) => {
      this.following = this.follow(resolve);
    });
    await this.ready;
    return [...this.known.values()].filter(
      (s) => s.metadata.namespace === namespace || (s.metadata.namespace === 'default' && s.metadata.name === 'kubernetes'),
    );
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }

  private async follow(onReady: () => void): Promise<void> {
    const { signal } = this.stopping;
    const selection = { apiVersion: 'v1', kind: 'Service' } as const;
    while (!signal.aborted) {
      try {
        const list = await this.client.list(selection, { signal });
        this.known.clear();
        for (const s of list.items) this.known.set(s.metadata.uid, s);
        onReady();
        let version = list.metadata.resourceVersion ?? '';
        while (!signal.aborted) {
          for await (const event of this.client.watch(selection, { resourceVersion: version, bookmarks: true, signal })) {
            version = event.object.metadata.resourceVersion ?? version;
            if (event.type === 'DELETED') this.known.delete(event.object.metadata.uid);
            else if (event.type !== 'BOOKMARK') this.known.set(event.object.metadata.uid, event.object);
          }
        }
      } catch (e) {
        if (!signal.aborted) this.env.log.debug('services cannot be followed', { error: (e as Error).message });
        await sleep(this.env.clock, RETRY_MS, signal);
      }
    }
    onReady();
  }
}
