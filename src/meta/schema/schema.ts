/**
 * The schema in memory. The tables (`*.schema.ts`, one per group version) are parsed into it on first use; a CRD's OpenAPI schema
 * is compiled into the same form. Decoding, defaulting, pruning, protobuf, strategic merge, server-side apply and OpenAPI all walk it.
 */
export type Scalar = 'string' | 'int32' | 'int64' | 'bool' | 'bytes' | 'double';

/** JSON forms that are not objects of their fields. `any` is any JSON value. */
export type Special =
  | 'Time'
  | 'MicroTime'
  | 'Duration'
  | 'Quantity'
  | 'IntOrString'
  | 'RawExtension'
  | 'FieldsV1'
  | 'JSON'
  | 'JSONSchemaPropsOrArray'
  | 'JSONSchemaPropsOrBool'
  | 'JSONSchemaPropsOrStringArray'
  | 'any';

export type ValueSchema =
  | { readonly is: 'scalar'; readonly scalar: Scalar; readonly enum?: EnumSchema }
  | { readonly is: 'special'; readonly special: Special }
  | { readonly is: 'message'; readonly message: TypeSchema }
  | { readonly is: 'list'; readonly of: ValueSchema }
  | { readonly is: 'map'; readonly of: ValueSchema };

export interface EnumSchema {
  readonly name: string;
  readonly values: readonly string[];
  /** Closed: other values are refused; open: these are the well-known ones. */
  readonly closed: boolean;
}

export interface FieldSchema {
  /** JSON name. */
  readonly name: string;
  /** Protobuf field number; absent in types without a protobuf form. */
  readonly num?: number;
  readonly value: ValueSchema;
  /** `?`: a pointer in Go: absent differs from zero, and zero is written. */
  readonly pointer: boolean;
  /** `!` or `*`: listed as required in OpenAPI. */
  readonly required: boolean;
  /** `!` or `+`: written even when it is zero. A plain message field that is no pointer is always written, too (as `{}`). */
  readonly always: boolean;
  /** `0`: a zero value is left out even though the message is no pointer (creationTimestamp). */
  readonly omitZero: boolean;
  /** `set`, `map(keys)` or `atomic`. */
  readonly list?: { readonly kind: 'set' | 'map' | 'atomic'; readonly keys?: readonly string[] };
  /** `granular` or `atomic` of a map or message field. */
  readonly mapKind?: 'granular' | 'atomic';
  /** Strategic merge: `merge(key)`, `merge` (primitives), `retainKeys`, `replace`. */
  readonly mergeKey?: string;
  readonly merge?: boolean;
  readonly retainKeys?: boolean;
  readonly replace?: boolean;
  readonly default?: unknown;
  /** `fill(value)`: written where the field is absent, like `default`, but by the server's own rule: OpenAPI does not show it. */
  readonly fill?: unknown;
  readonly oneOf?: string;
  readonly discriminator?: boolean;
  /** The feature gate that the field needs. */
  readonly gate?: string;
  /** The inlined message the field came from: its protobuf number there, and the number of the message in the parent. */
  readonly inlinedFrom?: { readonly num: number; readonly type: TypeSchema };
}

export interface TypeSchema {
  /** The OpenAPI name, e.g. `io.k8s.api.apps.v1.DeploymentSpec`. */
  readonly name: string;
  /** Own and inlined fields, in order. */
  readonly fields: readonly FieldSchema[];
  readonly byName: ReadonlyMap<string, FieldSchema>;
  /** Inlined messages: JSON flattens them, protobuf nests them under their number. */
  readonly inlined: readonly { readonly num: number; readonly type: TypeSchema }[];
  /** `kind`, `list`: has apiVersion and kind in JSON (not in protobuf). */
  readonly kind?: 'object' | 'list';
  /** Belongs to every group version (DeleteOptions, ...). */
  readonly everywhere: boolean;
  /** apiVersion of the table the type stands in. */
  readonly apiVersion: string;
  readonly atomic: boolean;
  readonly union: boolean;
  /** JSON is the bare list (Verbs, ExtraValue). */
  readonly alias?: ValueSchema;
  readonly protobuf: boolean;
  /** Of custom resources: unknown fields are kept. */
  readonly preserveUnknown?: boolean;
}
