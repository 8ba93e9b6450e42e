/** What the handlers share: the parts of the API server behind one interface, put together in `server.ts`. */
import type { ResourceDefinition } from '../api/resource.js';
import type { AnyObject } from '../meta/object.js';
import type { TypeSchema } from '../meta/schema/schema.js';
import type { Env } from '../util/component.js';
import type { AdmissionChain } from './admission/chain.js';
import type { Authorizer } from './authorize/authorizer.js';
import type { ApiRequest, RequestInfo, UserInfo } from './request.js';
import type { Storage } from './storage/storage.js';
import type { KubeletAddress } from './subresources/targets.js';

/** Every resource that is served now: the built-in table plus the CRDs. */
export interface Resources {
  find(group: string, version: string, plural: string): ResourceDefinition | undefined;
  /** The definition under which the resource is admitted, by kind. */
  ofKind(apiVersion: string, kind: string): ResourceDefinition | undefined;
  all(): readonly ResourceDefinition[];
  /** Versions of a group that are served, preferred first; undefined: no such group. */
  versions(group: string): readonly string[] | undefined;
}

/** Who manages which field. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
export interface FieldManager {
  /** Writes metadata.managedFields of `next` after a create or update by `manager`. */
  track(
    definition: ResourceDefinition,
    next: AnyObject,
    current: AnyObject | undefined,
    manager: string,
    subresource: string,
    now: number,
  ): void;
  /** Throws where what is to be applied has not the shape of its type. */
  check(definition: ResourceDefinition, applied: AnyObject): void;
  /** The object after `applied`, which was checked, was applied by `manager`. Throws a Conflict that lists the fields others hold. */
  apply(
    definition: ResourceDefinition,
    current: AnyObject | undefined,
    applied: AnyObject,
    manager: string,
    force: boolean,
    subresource: string,
    now: number,
  ): AnyObject;
}

/**
 * What a kind takes from a shared pool when it is written (service addresses, node ports). Runs after validation, right before the write;
 * what it gives back undoes it if the write fails.
 */
export interface WriteHook {
  create?(object: AnyObject, dryRun: boolean): Promise<() => Promise<void>>;
  update?(object: AnyObject, old: AnyObject, dryRun: boolean): Promise<{ undo: () => Promise<void>; done: () => Promise<void> }>;
  removed?(object: AnyObject): Promise<void>;
}

export interface Core {
  /** By `group/plural`. */
  readonly hooks: Readonly<Record<string, WriteHook>>;
  readonly env: Env;
  readonly storage: Storage;
  readonly resources: Resources;
  readonly admission: AdmissionChain;
  readonly fields: FieldManager;
  readonly authorizer: Authorizer;
  /** --allow-privileged */
  readonly allowPrivileged: boolean;
  /** Kubelets of this very process, by node. */
  readonly kubelets: ReadonlyMap<string, KubeletAddress>;
}

/** One resource request under way. */
export interface Call {
  readonly core: Core;
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly definition: ResourceDefinition;
  /** Become `Warning` headers. */
  readonly warnings: string[];
}

export const typeOf = (call: Call): TypeSchema => call.definition.type;
export const aboutOf = (d: ResourceDefinition): { group: string; resource: string } => ({ group: d.group, resource: d.plural });
