/**
 * The one resource table: what a resource is, declared once. Routes, discovery, OpenAPI, RBAC names, table columns, kubectl's mapper and the
 * garbage collector are read from it; a CRD is turned into the same form. All that is special about a kind stands in its own file, as such a definition.
 */
import type { Read } from '../meta/decode.js';
import type { FieldError } from '../meta/field-error.js';
import type { AnyObject, ApiObject } from '../meta/object.js';
import type { TypeSchema } from '../meta/schema/schema.js';

export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection';
export const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** One column of `kubectl get`. `priority` 1 shows with `-o wide` only. */
export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly priority?: number;
  readonly description?: string;
  /** What stands in the cell. `now` in milliseconds, for ages. Pure. */
  readonly cell: (object: T, now: number) => string | number | boolean | null;
}

/** Where scale reads and writes, as dotted paths. */
export interface ScalePaths {
  readonly replicas: string;
  readonly statusReplicas: string;
  /** A label selector in the object, or its string form in the status (custom resources). */
  readonly selector: string;
}

/** A subresource served by its own handler (binding, eviction, token, log, exec, …); the API server finds the handler by `plural/name`. */
export interface Subresource {
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** What validation may look at beside the object. */
export interface ValidationContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** False: `--allow-privileged=false`. */
  readonly allowPrivileged?: boolean;
  /** Address families of the cluster's services, the main one first; absent: IPv4 alone. */
  readonly ipFamilies?: readonly string[];
  /** 'status' while only the status changes, a subresource's name, or ''. */
  readonly subresource: string;
}

export type KeptMetadata = 'labels' | 'annotations' | 'finalizers' | 'ownerReferences';
/** Of most newer kinds: whoever may write the status may not therefore relabel the object, hold it, or give it away. */
export const ALL_METADATA: readonly KeptMetadata[] = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

export interface ResourceDefinition<T extends ApiObject = ApiObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** False: only with `--runtime-config`. */
  readonly enabledByDefault: boolean;
  readonly type: TypeSchema;
  /** How its JSON becomes an object: built-in kinds by `type`, custom ones by the schema that they bring. */
  readonly read: Read;
  /** Defined by a CRD: no strategic merge, no protobuf; list items carry kind and apiVersion. */
  readonly custom?: boolean;
  /** Name of the list kind. */
  readonly listKind: string;
  /** `/registry/minions`: the key is prefix/[namespace/]name. Absent: nothing is stored (reviews, bindings). */
  readonly keyPrefix?: string;
  /** Another version in which the object is kept; both convert through `convert`. */
  readonly storedAs?: { readonly apiVersion: string; readonly kind: string };
  /** Base64 of eight bytes, as discovery shows it. */
  readonly storageVersionHash?: string;
  readonly subresources: { readonly status?: true; readonly scale?: ScalePaths; readonly other?: Readonly<Record<string, Subresource>> };
  /** A change outside metadata and status raises metadata.generation (kinds that have a generation). */
  readonly hasGeneration: boolean;
  /** What raises the generation when it changes; absent: everything outside metadata and status. */
  readonly generationOf?: (object: T) => unknown;
  /** POST may carry a name of another path (no PUT-to-create), or PUT creates (leases, …). */
  readonly createOnUpdate: boolean;
  /** An update need not name the resourceVersion it started from. */
  readonly unconditionalUpdate: boolean;
  /** Seconds after which the object goes by itself (events). */
  readonly ttlSeconds?: number;
  /** Grace period of a delete in seconds: `asked` where it names one. Absent: the kind knows no grace, its objects go at once. */
  readonly gracePeriod?: (object: T, asked?: number) => number;

  /** Said to everyone who uses the resource, as a `Warning` header. */
  readonly deprecated?: string;
  /** A DELETE that removes the object answers with the object, not with a Status. */
  readonly returnsDeleted?: boolean;
  /** A DELETE that names no propagation policy leaves the dependents alone (Jobs, ReplicationControllers: an old promise). */
  readonly orphansByDefault?: boolean;
  /** Something else than metadata.finalizers still holds a deleted object (a namespace's spec.finalizers). */
  readonly heldAfterDelete?: (object: T) => boolean;
  /** What else changes when the object is marked as being deleted (a namespace's phase). Mutates. */
  readonly markDeleted?: (object: T) => void;

  /** Fills what is absent. Mutates. Runs when an object is written and when an older one is read. */
  readonly defaults: (object: T) => void;
  /** Writes down who asked, in place of whatever the client says of it. Mutates. */
  readonly requestedBy?: (
    object: T,
    user: {
      readonly name: string;
      readonly uid?: string;
      readonly groups: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    },
  ) => void;
  /** What a create may not bring (status of kinds with one, …) and what it gets. Mutates. `defaults` ran before. */
  readonly prepareCreate: (object: T) => void;
  /** What an update may not change is put back from `old`. Mutates. Status is put back by the pipeline already. */
  readonly prepareUpdate: (object: T, old: T) => void;
  /** Metadata that a write to status leaves as it was. */
  readonly statusKeeps?: readonly KeptMetadata[];
  /** What a write to status may not change besides spec and metadata. Mutates. */
  readonly prepareStatusUpdate: (object: T, old: T) => void;
  /** Everything beyond the shape. Metadata is checked by the pipeline, with `validateName`. */
  readonly validate: (object: T, context: ValidationContext) => FieldError[];
  readonly validateUpdate: (object: T, old: T, context: ValidationContext) => FieldError[];
  readonly validateStatusUpdate: (object: T, old: T, context: ValidationContext) => FieldError[];
  /** What is wrong with a name, in Kubernetes' words; empty when it is right. `prefix`: it is a generateName. */
  readonly validateName: (name: string, prefix: boolean) => readonly string[];
  /** Finalizers need not be fully qualified. */
  readonly anyFinalizer?: boolean;
  /** How often the kind's own update check looks at the metadata (see MetadataRules). */
  readonly metadataLooks?: number;
  /** Warnings for the `Warning` header. */
  readonly warnings: (object: T, old?: T) => readonly string[];
  readonly columns: readonly Column<T>[];
  /** Field selectors beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
  /** Those of them by which objects are found without asking the others: many clients each select by a value of their own. */
  readonly indexedFields?: readonly string[];
  /** To and from the stored version, where `storedAs` differs. */
  readonly convert?: { readonly toStored: (object: T) => AnyObject; readonly fromStored: (object: AnyObject) => T };
}
