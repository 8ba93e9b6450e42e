/** ConfigMaps, Secrets and the like that pods refer to: read one by one, as the node authorizer allows, and kept for a short while. */
import type { ConfigMap, Secret } from '../api/types/core/v1.js';
import type { Client, KindRef, ObjectOf } from '../client/client.js';
import { isNotFound, notFoundError } from '../meta/errors.js';
import type { Clock } from '../util/clock.js';

/** As old as an answer may be. A changed ConfigMap reaches a volume with the pod's next refresh after that. */
export const MAX_AGE_MS = 10_000;
const MAX_ENTRIES = 5000;

interface Entry {
  readonly at: number;
  readonly value: Promise<unknown>;
}

export class ObjectReader {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly client: Client,
    private readonly clock: Clock,
  ) {}

  configMap(namespace: string, name: string): Promise<ConfigMap> {
    return this.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name } as const, 'configmap') as Promise<ConfigMap>;
  }

  secret(namespace: string, name: string): Promise<Secret> {
    return this.get({ apiVersion: 'v1', kind: 'Secret', namespace, name } as const, 'secret') as Promise<Secret>;
  }

  /** `word` is the resource's name in a NotFound message: singular, as the kubelet's own caches say it. */
  async get<R extends KindRef & { name: string; namespace?: string }>(ref: R, word: string): Promise<ObjectOf<R>> {
    const key = `${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;
    const now = this.clock.now();
    let entry = this.entries.get(key);
    if (!entry || now - entry.at > MAX_AGE_MS) {
      entry = { at: now, value: this.client.get(ref) };
      // What is missing is asked for anew each time: the user is about to create it.
      entry.value.catch(() => this.entries.delete(key));
      this.entries.delete(key);
      this.entries.set(key, entry);
      if (this.entries.size > MAX_ENTRIES) this.entries.delete(this.entries.keys().next().value!);
    }
    try {
      return (await entry.value) as ObjectOf<R>;
    } catch (e) {
      if (isNotFound(e)) throw notFoundError({ group: '', resource: word }, ref.name);
      throw e;
    }
  }
}
