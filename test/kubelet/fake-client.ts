/** A small API in memory for tests of the kubelet: objects, watches, patches, graceful deletion of pods. Not an API server: no defaults, no validation. */

import { schemas } from '../../src/api/schemas.js';
import type { Client } from '../../src/client/client.js';
import { alreadyExistsError, conflictError, notFoundError } from '../../src/meta/errors.js';
import type { AnyObject, ApiObject, WatchEvent } from '../../src/meta/object.js';
import { mergePatch } from '../../src/meta/patch/merge-patch.js';
import { strategicMergePatch } from '../../src/meta/patch/strategic.js';
import { timestamp } from '../../src/util/clock.js';
import type { Env } from '../../src/util/component.js';
import { deepFreeze } from '../../src/util/deep-freeze.js';
import { uuid } from '../../src/util/random.js';

interface Ref {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
}

const plural = (kind: string): string => `${kind.toLowerCase()}s`;

export class FakeApi {
  readonly objects = new Map<string, AnyObject>();
  /** Names of calls that fail with this error, once each time it is set. */
  readonly failures = new Map<string, Error>();
  readonly calls: string[] = [];
  private readonly watchers = new Set<(e: WatchEvent) => void>();
  private version = 0;

  constructor(private readonly env: Env) {}

  private key(r: Ref): string {
    return `${r.kind}/${r.namespace ?? ''}/${r.name}`;
  }

  private emit(type: WatchEvent['type'], object: AnyObject): void {
    for (const w of [...this.watchers]) w({ type, object });
  }

  private store(object: AnyObject, type: 'ADDED' | 'MODIFIED'): AnyObject {
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++this.version);
    deepFreeze(stored);
    const { namespace, name } = stored.metadata;
    this.objects.set(this.key({ apiVersion: stored.apiVersion, kind: stored.kind, ...(namespace ? { namespace } : {}), name }), stored);
    this.emit(type, stored);
    return stored;
  }

  private must(r: Ref): AnyObject {
    const found = this.objects.get(this.key(r));
    if (!found) throw notFoundError({ group: '', resource: plural(r.kind) }, r.name ?? '');
    return found;
  }

  private matches(r: Ref, o: AnyObject): boolean {
    const node = /spec\.nodeName=(.*)/.exec(r.fieldSelector ?? '')?.[1];
    return (
      o.kind === r.kind &&
      (!r.namespace || o.metadata.namespace === r.namespace) &&
      (node === undefined || (o.spec as { nodeName?: string }).nodeName === node)
    );
  }

  private called(name: string): void {
    this.calls.push(name);
    const error = this.failures.get(name);
    if (error) throw error;
  }

  put<T extends object>(object: T): T {
    const o = structuredClone(object) as unknown as AnyObject;
    o.metadata = {
      generation: 1,
      ...o.metadata,
      uid: o.metadata.uid || uuid(this.env.random),
      creationTimestamp: timestamp(this.env.clock.now()),
    };
    return this.store(o, 'ADDED') as unknown as T;
  }

  /** Changes an object as a user would: a new generation. */
  edit(r: Ref, change: (o: AnyObject) => void): AnyObject {
    const o = structuredClone(this.must(r));
    change(o);
    o.metadata.generation = (o.metadata.generation ?? 1) + 1;
    return this.store(o, 'MODIFIED');
  }

  of<T>(kind: string): T[] {
    return [...this.objects.values()].filter((o) => o.kind === kind) as T[];
  }

  private remove(r: Ref, grace: number | undefined, uid: string | undefined): AnyObject {
    const o = this.must(r);
    if (uid && o.metadata.uid !== uid)
      throw conflictError({ group: '', resource: plural(r.kind) }, r.name ?? '', 'Precondition failed: UID in precondition');
    const spec = o.spec as { terminationGracePeriodSeconds?: number; nodeName?: string } | undefined;
    const seconds = grace ?? (o.kind === 'Pod' && spec?.nodeName ? (spec.terminationGracePeriodSeconds ?? 30) : 0);
    if (seconds > 0) {
      const marked = structuredClone(o);
      marked.metadata.deletionTimestamp = timestamp(this.env.clock.now() + seconds * 1000);
      marked.metadata.deletionGracePeriodSeconds = seconds;
      return this.store(marked, 'MODIFIED');
    }
    this.objects.delete(this.key(r));
    this.emit('DELETED', { ...o, metadata: { ...o.metadata, resourceVersion: String(++this.version) } });
    return o;
  }

  client(): Client {
    const api = this;
    const client = {
      async create(object: ApiObject) {
        api.called(`create ${object.kind}`);
        const r = { ...object.metadata, apiVersion: object.apiVersion, kind: object.kind };
        if (api.objects.has(api.key(r))) throw alreadyExistsError({ group: '', resource: plural(object.kind) }, r.name);
        return api.put(object);
      },
      async get(r: Ref) {
        api.called(`get ${r.kind}`);
        return api.must(r);
      },
      async list(r: Ref) {
        api.called(`list ${r.kind}`);
        const items = [...api.objects.values()].filter((o) => api.matches(r, o));
        return { apiVersion: r.apiVersion, kind: `${r.kind}List`, metadata: { resourceVersion: String(api.version) }, items };
      },
      async update(object: AnyObject) {
        api.called(`update ${object.kind}`);
        return api.store(object, 'MODIFIED');
      },
      async patch(r: Ref, patch: Record<string, unknown>, options: { type?: string } = {}) {
        api.called(`patch ${r.kind}`);
        const current = api.must(r);
        const uid = (patch.metadata as { uid?: string } | undefined)?.uid;
        if (uid && uid !== current.metadata.uid) throw conflictError({ group: '', resource: plural(r.kind) }, r.name ?? '', 'uid mismatch');
        const type = schemas.kind(r.apiVersion, r.kind)!;
        const next =
          options.type === 'application/strategic-merge-patch+json'
            ? strategicMergePatch(current, patch, type)
            : mergePatch(current, patch);
        return api.store(next as AnyObject, 'MODIFIED');
      },
      async delete(r: Ref, options: { gracePeriodSeconds?: number; preconditions?: { uid?: string } } = {}) {
        api.called(`delete ${r.kind}`);
        return api.remove(r, options.gracePeriodSeconds, options.preconditions?.uid);
      },
      async *watch(r: Ref, options: { resourceVersion?: string; signal?: AbortSignal } = {}) {
        const queue: WatchEvent[] = [];
        const from = Number(options.resourceVersion ?? 0);
        for (const o of api.objects.values())
          if (api.matches(r, o) && Number(o.metadata.resourceVersion) > from) queue.push({ type: 'ADDED', object: o });
        let wake = () => {};
        const listener = (e: WatchEvent) => {
          if (!api.matches(r, e.object)) return;
          queue.push(e);
          wake();
        };
        const abort = () => wake();
        api.watchers.add(listener);
        options.signal?.addEventListener('abort', abort);
        try {
          while (!options.signal?.aborted) {
            const next = queue.shift();
            if (next) yield next;
            else
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
          }
        } finally {
          api.watchers.delete(listener);
          options.signal?.removeEventListener('abort', abort);
        }
      },
      async post(r: Ref, subresource: string) {
        api.called(`post ${subresource}`);
        const expirationTimestamp = timestamp(api.env.clock.now() + 3_600_000);
        return {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: {},
          status: { token: `token-of-${r.name}`, expirationTimestamp },
        };
      },
    };
    return client as unknown as Client;
  }
}
