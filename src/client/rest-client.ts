/** The one Client, over whichever transport. Paths are made from the resource table; kinds it does not know are found by discovery. */
import { resourceOfKind } from '../api/table.js';
import { type Status, StatusError } from '../meta/errors.js';
import { parseApiVersion } from '../meta/gvk.js';
import type { AnyObject, ApiList, ApiObject, PatchType, WatchEvent } from '../meta/object.js';
import { deepFreeze } from '../util/deep-freeze.js';
import type { CallOptions, Client, DeleteOptions, KindRef, WriteOptions } from './client.js';
import type { Transport, TransportRequest } from './transport.js';

interface Place {
  readonly plural: string;
  readonly namespaced: boolean;
}

interface Identity {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** What is read is frozen: tests find out who writes into it. */
  readonly frozen?: boolean;
}

export class RestClient implements Client {
  private readonly discovered: Map<string, Place>;

  constructor(
    private readonly transport: Transport,
    private readonly identity: Identity = { headers: {} },
    discovered?: Map<string, Place>,
  ) {
    this.discovered = discovered ?? new Map();
  }

  async create(
    object: { apiVersion: string; kind: string; metadata?: { namespace?: string } },
    options: WriteOptions = {},
  ): Promise<never> {
    const path = await this.path(object, object.metadata?.namespace);
    return this.send({ method: 'POST', path: path + query(write(options)), body: object, signal: options.signal }) as Promise<never>;
  }

  async get(ref: KindRef & { namespace?: string; name: string }, options: CallOptions & { subresource?: string } = {}): Promise<never> {
    const path = await this.path(ref, ref.namespace, ref.name, options.subresource);
    return this.send({ method: 'GET', path, signal: options.signal }) as Promise<never>;
  }

  async list(
    ref: KindRef & {
      namespace?: string;
      labelSelector?: string;
      fieldSelector?: string;
      limit?: number;
      continue?: string;
      resourceVersion?: string;
      resourceVersionMatch?: string;
    },
    options: CallOptions = {},
  ): Promise<never> {
    const path = await this.path(ref, ref.namespace);
    const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = ref;
    const list = (await this.exchange({
      method: 'GET',
      path: path + query({ labelSelector, fieldSelector, limit, continue: ref.continue, resourceVersion, resourceVersionMatch }),
      signal: options.signal,
    })) as ApiList;
    // Over HTTPS the items of a list carry no kind of their own.
    for (const item of list.items ?? []) {
      if (item.kind) break;
      item.apiVersion = ref.apiVersion;
      item.kind = ref.kind;
    }
    list.items ??= [];
    return this.shared(list) as never;
  }

  async update<T extends ApiObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const path = await this.path(object, object.metadata.namespace, object.metadata.name, options.subresource);
    return this.send({ method: 'PUT', path: path + query(write(options)), body: object, signal: options.signal }) as Promise<T>;
  }

  async patch(
    ref: KindRef & { namespace?: string; name: string },
    patch: unknown,
    options: WriteOptions & { type?: PatchType; force?: boolean } = {},
  ): Promise<never> {
    const path = await this.path(ref, ref.namespace, ref.name, options.subresource);
    const contentType = options.type ?? 'application/merge-patch+json';
    return this.send({
      method: 'PATCH',
      path: path + query({ ...write(options), force: options.force }),
      body: patch,
      contentType,
      signal: options.signal,
    }) as Promise<never>;
  }

  apply(object: { apiVersion: string; kind: string }, options: WriteOptions & { fieldManager: string; force?: boolean }): Promise<never> {
    const { name, namespace } = (object as unknown as ApiObject).metadata;
    return this.patch({ apiVersion: object.apiVersion, kind: object.kind, namespace, name }, object, {
      ...options,
      type: 'application/apply-patch+yaml',
    });
  }

  async delete(ref: KindRef & { namespace?: string; name: string }, options: DeleteOptions = {}): Promise<AnyObject> {
    const path = await this.path(ref, ref.namespace, ref.name);
    return this.send({ method: 'DELETE', path, body: deletion(options), signal: options.signal }) as Promise<AnyObject>;
  }

  async deleteCollection(
    ref: KindRef & { namespace?: string; labelSelector?: string; fieldSelector?: string },
    options: DeleteOptions = {},
  ): Promise<void> {
    const path = await this.path(ref, ref.namespace);
    await this.send({
      method: 'DELETE',
      path: path + query({ labelSelector: ref.labelSelector, fieldSelector: ref.fieldSelector }),
      body: deletion(options),
      signal: options.signal,
    });
  }

  async *watch(
    ref: KindRef & { namespace?: string; labelSelector?: string; fieldSelector?: string },
    options: { resourceVersion?: string; bookmarks?: boolean; timeoutSeconds?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<WatchEvent<never>> {
    const path = await this.path(ref, ref.namespace);
    const q = query({
      watch: true,
      labelSelector: ref.labelSelector,
      fieldSelector: ref.fieldSelector,
      resourceVersion: options.resourceVersion,
      allowWatchBookmarks: options.bookmarks,
      timeoutSeconds: options.timeoutSeconds,
    });
    for await (const e of this.transport.watch({ method: 'GET', path: path + q, headers: this.identity.headers, signal: options.signal })) {
      if (e.type === 'ERROR') throw StatusError.from(e.object as Status);
      yield this.shared(e) as WatchEvent<never>;
    }
  }

  async post(
    ref: KindRef & { namespace?: string; name: string },
    subresource: string,
    body: { apiVersion: string; kind: string },
    options: WriteOptions = {},
  ): Promise<AnyObject> {
    const path = await this.path(ref, ref.namespace, ref.name, subresource);
    return this.send({ method: 'POST', path: path + query(write(options)), body, signal: options.signal }) as Promise<AnyObject>;
  }

  raw(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions & { contentType?: string; accept?: string } = {},
  ): Promise<unknown> {
    return this.send({ method, path, body, contentType: options.contentType, accept: options.accept, signal: options.signal });
  }

  as(identity: { user?: string; groups?: readonly string[]; userAgent?: string }): Client {
    const headers = {
      ...this.identity.headers,
      ...(identity.user ? { 'impersonate-user': identity.user } : {}),
      ...(identity.groups?.length ? { 'impersonate-group': identity.groups } : {}),
      ...(identity.userAgent ? { 'user-agent': identity.userAgent } : {}),
    };
    return new RestClient(this.transport, { ...this.identity, headers }, this.discovered) as unknown as Client;
  }

  private async send(request: TransportRequest): Promise<unknown> {
    return this.shared(await this.exchange(request));
  }

  private shared<T>(read: T): T {
    return this.identity.frozen ? deepFreeze(read) : read;
  }

  private async exchange(request: TransportRequest): Promise<unknown> {
    const { status, body } = await this.transport.request({ ...request, headers: this.identity.headers });
    if (status >= 200 && status < 300) return body;
    if ((body as Status | undefined)?.kind === 'Status') throw StatusError.from(body as Status);
    throw new StatusError(
      status,
      status === 404 ? 'NotFound' : '',
      typeof body === 'string' && body ? body.trim() : `the server answered ${status} to ${request.method} ${request.path}`,
    );
  }

  private async path(ref: KindRef, namespace?: string, name?: string, subresource?: string): Promise<string> {
    const place = await this.place(ref);
    const { group, version } = parseApiVersion(ref.apiVersion);
    const scope = place.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    const own = name === undefined ? '' : `/${encodeURIComponent(name)}`;
    return `${group ? `/apis/${group}` : '/api'}/${version}${scope}/${place.plural}${own}${subresource ? `/${subresource}` : ''}`;
  }

  private async place(ref: KindRef): Promise<Place> {
    const builtIn = resourceOfKind(ref.apiVersion, ref.kind);
    if (builtIn) return builtIn;
    const key = `${ref.apiVersion}/${ref.kind}`;
    const known = this.discovered.get(key);
    if (known) return known;
    const { group } = parseApiVersion(ref.apiVersion);
    const list = (await this.send({ method: 'GET', path: group ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}` })) as {
      resources: { name: string; kind: string; namespaced: boolean }[];
    };
    for (const r of list.resources)
      if (!r.name.includes('/')) this.discovered.set(`${ref.apiVersion}/${r.kind}`, { plural: r.name, namespaced: r.namespaced });
    const found = this.discovered.get(key);
    if (!found)
      throw new StatusError(
        404,
        'NotFound',
        `no matches for kind ${JSON.stringify(ref.kind)} in version ${JSON.stringify(ref.apiVersion)}`,
      );
    return found;
  }
}

/** Typed as the interface: the implementation's own signatures are wider. */
export const createClient = (transport: Transport, userAgent = 'k8ts', options: { readonly frozen?: boolean } = {}): Client =>
  new RestClient(transport, { headers: { 'user-agent': userAgent }, ...options }) as unknown as Client;

const write = (o: WriteOptions) => ({
  fieldManager: o.fieldManager,
  dryRun: o.dryRun ? 'All' : undefined,
  fieldValidation: o.fieldValidation,
});

function deletion(o: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = o;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
    ...(preconditions ? { preconditions } : {}),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}

function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(values)) if (v !== undefined && v !== '' && v !== false) q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : '';
}
