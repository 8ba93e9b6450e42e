/**
 * How components see the cluster. Two transports carry it (in-process, HTTPS); both pass one compliance suite. Objects that reads give out
 * are shared and must not be changed: copy (`structuredClone`) before editing. Errors are `StatusError`s.
 */
import type { BuiltInKinds } from '../api/types/index.js';
import type { AnyObject, ApiList, ApiObject, Draft, PatchType, WatchEvent } from '../meta/object.js';

/** A kind: `{ apiVersion: 'apps/v1', kind: 'Deployment' }`. The constants in `kinds.ts` are such values. */
export interface KindRef<A extends string = string, K extends string = string> {
  readonly apiVersion: A;
  readonly kind: K;
}

/** The type behind a kind: a built-in one, or any object. */
export type ObjectOf<R extends KindRef> = `${R['apiVersion']}/${R['kind']}` extends keyof BuiltInKinds
  ? BuiltInKinds[`${R['apiVersion']}/${R['kind']}`]
  : AnyObject;

export interface NamespaceScope {
  /** Absent: a cluster-scoped kind, or (list, watch) all namespaces. */
  readonly namespace?: string;
}
export interface ObjectScope extends NamespaceScope {
  readonly name: string;
}
export interface Selection extends NamespaceScope {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}
export interface WriteOptions extends CallOptions {
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}
export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}
export interface ListOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}
export interface WatchOptions extends CallOptions {
  /** Absent or '': start with the present objects as ADDED, then what comes. */
  readonly resourceVersion?: string;
  /** BOOKMARK events with the position. */
  readonly bookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface Client {
  create<const T extends Draft<ApiObject>>(object: T & NamespaceDraft, options?: WriteOptions): Promise<ObjectOf<T>>;
  get<const R extends KindRef>(ref: R & ObjectScope, options?: CallOptions & { subresource?: string }): Promise<ObjectOf<R>>;
  list<const R extends KindRef>(ref: R & Selection & ListOptions, options?: CallOptions): Promise<ApiList<ObjectOf<R>>>;
  /** Replaces the object. A resourceVersion in it makes the write conditional; on a lost race: Conflict. */
  update<T extends ApiObject>(object: T, options?: WriteOptions): Promise<T>;
  patch<const R extends KindRef>(
    ref: R & ObjectScope,
    patch: unknown,
    options?: WriteOptions & { type?: PatchType; force?: boolean },
  ): Promise<ObjectOf<R>>;
  /** Server-side apply. `fieldManager` is required by the API. */
  apply<const T extends Draft<ApiObject>>(
    object: T,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<ObjectOf<T>>;
  /** Resolves with the object as deleted or marked, or with the Status. */
  delete<const R extends KindRef>(ref: R & ObjectScope, options?: DeleteOptions): Promise<AnyObject>;
  deleteCollection<const R extends KindRef>(ref: R & Selection, options?: DeleteOptions): Promise<void>;
  /** Ends when `signal` aborts or the server closes it; throws a StatusError for an ERROR event (Expired: list again). */
  watch<const R extends KindRef>(ref: R & Selection, options?: WatchOptions): AsyncIterable<WatchEvent<ObjectOf<R>>>;
  /** POST to a subresource: `token`, `eviction`, `binding`, … Resolves with the answer. */
  post<B extends Draft<ApiObject>>(ref: KindRef & ObjectScope, subresource: string, body: B, options?: WriteOptions): Promise<AnyObject>;
  /** Any path; for discovery, metrics and the like. Resolves with the parsed JSON, or the text. */
  raw(method: string, path: string, body?: unknown, options?: CallOptions & { contentType?: string; accept?: string }): Promise<unknown>;
  /** The same cluster as another user (impersonation) or with another user agent. */
  as(identity: { user?: string; groups?: readonly string[]; userAgent?: string }): Client;
}

type NamespaceDraft = { metadata?: { namespace?: string } };
