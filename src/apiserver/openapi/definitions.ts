/**
 * A type of the schema as an OpenAPI schema object. Version 2 and 3 say the same in slightly different ways: 3 has defaults and `oneOf`,
 * and wraps a reference in `allOf` where something stands beside it. Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */

import type { SchemaRegistry } from '../../meta/schema/parse.js';
import type { FieldSchema, Scalar, Special, TypeSchema, ValueSchema } from '../../meta/schema/schema.js';
import { table } from '../../util/own.js';
import { META_TYPES, SPECIAL_NAMES } from './schema-names.js';

export type Json = Record<string, unknown>;
export type Docs = Readonly<Record<string, string>>;
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A custom resource's own types have no names: they are written in place, this deep at most. */
const INLINE_DEPTH = 40;

const SCALARS: Readonly<Record<Scalar, Json>> = table({
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  double: { type: 'number', format: 'double' },
});
const ZERO: Readonly<Partial<Record<Scalar, unknown>>> = table({ string: '', int32: 0, int64: 0, bool: false, double: 0 });

const text = (format?: string): Json => ({ type: 'string', ...(format ? { format } : {}) });
const SPECIAL_SCHEMAS: Readonly<Record<Special, { readonly v2: Json; readonly v3: Json }>> = table({
  Time: both(text('date-time')),
  MicroTime: both(text('date-time')),
  Duration: both(text()),
  FieldsV1: both({ type: 'object' }),
  RawExtension: both({ type: 'object' }),
  Quantity: { v2: text(), v3: { oneOf: [{ type: 'string' }, { type: 'number' }] } },
  IntOrString: { v2: text('int-or-string'), v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] } },
  JSON: both({}),
  JSONSchemaPropsOrArray: both({}),
  JSONSchemaPropsOrBool: both({}),
  JSONSchemaPropsOrStringArray: both({}),
  any: both({}),
});
const SPECIAL_OF_NAME = new Map(Object.entries(SPECIAL_NAMES).map(([special, name]) => [name, special as Special]));

function both(schema: Json): { v2: Json; v3: Json } {
  return { v2: schema, v3: schema };
}

/** Every definition that is asked for, and those that they refer to, in one document. */
export class Definitions {
  readonly out: Record<string, Json> = {};
  private readonly names: Set<string>;
  private readonly prefix: string;

  constructor(
    private readonly schemas: SchemaRegistry,
    private readonly version: 2 | 3,
    private readonly docs: Docs,
    /** Group versions that DeleteOptions and WatchEvent belong to. */
    private readonly everywhere: readonly { group: string; version: string }[],
  ) {
    this.names = new Set(schemas.names());
    this.prefix = version === 2 ? '#/definitions/' : '#/components/schemas/';
  }

  /** A reference to a type of the registry, which is described if it was not yet. */
  ref(name: string): Json {
    if (!(name in this.out)) {
      this.out[name] = {};
      this.out[name] = this.describe(name);
    }
    return { $ref: this.prefix + name };
  }

  /** A definition that the registry does not have (a custom resource). */
  add(name: string, make: () => Json): Json {
    if (!(name in this.out)) {
      this.out[name] = {};
      this.out[name] = make();
    }
    return { $ref: this.prefix + name };
  }

  private describe(name: string): Json {
    const special = SPECIAL_OF_NAME.get(name);
    const description = this.docs[name];
    const about = description ? { description } : {};
    if (special) return { ...about, ...SPECIAL_SCHEMAS[special][this.version === 2 ? 'v2' : 'v3'] };
    if (name === META_TYPES.patch) return { ...about, type: 'object' };
    const type = this.schemas.type(name);
    return { ...about, ...this.message(type, 0, this.kinds(type)) };
  }

  private kinds(type: TypeSchema): GroupVersionKind[] {
    if (!type.kind) return [];
    const kind = type.name.slice(type.name.lastIndexOf('.') + 1);
    if (type.everywhere) return this.everywhere.map((gv) => ({ group: gv.group, kind, version: gv.version }));
    const slash = type.apiVersion.indexOf('/');
    return [{ group: slash < 0 ? '' : type.apiVersion.slice(0, slash), kind, version: type.apiVersion.slice(slash + 1) }];
  }

  /** The body of an object type. */
  message(type: TypeSchema, depth: number, kinds: readonly GroupVersionKind[]): Json {
    const properties: [string, Json][] = type.fields.map((f) => [f.name, this.property(type, f, depth)]);
    // A watch event names its type without being an object.
    if (type.kind && type.name !== META_TYPES.watchEvent)
      for (const name of ['apiVersion', 'kind']) properties.push([name, this.described(`${META_TYPES.status}.${name}`, SCALARS.string)]);
    properties.sort(([a], [b]) => (a < b ? -1 : 1));
    const required = type.fields.filter((f) => f.required).map((f) => f.name);
    return {
      type: 'object',
      ...(required.length ? { required } : {}),
      ...(properties.length ? { properties: Object.fromEntries(properties) } : {}),
      ...(kinds.length ? { 'x-kubernetes-group-version-kind': kinds } : {}),
      ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(type.union ? { 'x-kubernetes-unions': [union(type)] } : {}),
      ...(type.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    };
  }

  private described(key: string, schema: Json): Json {
    const description = this.docs[key];
    return description ? { description, ...schema } : { ...schema };
  }

  private property(type: TypeSchema, f: FieldSchema, depth: number): Json {
    const owner = f.inlinedFrom ? f.inlinedFrom.type.name : type.name;
    const description = this.docs[`${type.name}.${f.name}`] ?? this.docs[`${owner}.${f.name}`];
    const value = this.value(f.value, depth);
    const beside: Json = {
      ...(description ? { description } : {}),
      ...(this.version === 3 ? defaultOf(f) : {}),
      ...extensions(f),
    };
    // In version 3 nothing may stand beside a reference.
    if (this.version === 3 && value.$ref && Object.keys(beside).length) return { ...beside, allOf: [value] };
    return { ...value, ...beside };
  }

  private value(v: ValueSchema, depth: number): Json {
    switch (v.is) {
      case 'scalar':
        return v.enum?.closed ? { ...SCALARS[v.scalar], enum: [...v.enum.values].sort() } : { ...SCALARS[v.scalar] };
      case 'special':
        return v.special === 'any' ? { type: 'object' } : this.ref(SPECIAL_NAMES[v.special]);
      case 'list':
        return { type: 'array', items: this.value(v.of, depth) };
      case 'map':
        return { type: 'object', additionalProperties: this.value(v.of, depth) };
      case 'message':
        if (v.message.alias) return this.value(v.message.alias, depth);
        if (this.names.has(v.message.name)) return this.ref(v.message.name);
        return depth < INLINE_DEPTH ? this.message(v.message, depth + 1, []) : { type: 'object' };
    }
  }
}

function defaultOf(f: FieldSchema): Json {
  if (f.default !== undefined) return { default: f.default };
  if (f.pointer) return {};
  if (f.value.is === 'message' && !f.value.message.alias) return { default: {} };
  if (f.value.is === 'scalar' && f.always) {
    const zero = ZERO[f.value.scalar];
    if (zero !== undefined) return { default: zero };
  }
  return {};
}

function extensions(f: FieldSchema): Json {
  // Bytes are a list in Go.
  const bytes = f.value.is === 'scalar' && f.value.scalar === 'bytes';
  const strategy = [f.merge ? 'merge' : '', f.retainKeys ? 'retainKeys' : '', f.replace ? 'replace' : ''].filter(Boolean).join(',');
  return {
    ...(f.list?.keys ? { 'x-kubernetes-list-map-keys': f.list.keys } : {}),
    ...(f.list ? { 'x-kubernetes-list-type': f.list.kind } : bytes && f.mapKind ? { 'x-kubernetes-list-type': f.mapKind } : {}),
    ...(f.mapKind && !bytes ? { 'x-kubernetes-map-type': f.mapKind } : {}),
    ...(f.mergeKey ? { 'x-kubernetes-patch-merge-key': f.mergeKey } : {}),
    ...(strategy ? { 'x-kubernetes-patch-strategy': strategy } : {}),
  };
}

function union(type: TypeSchema): Json {
  const discriminator = type.fields.find((f) => f.discriminator)?.name;
  const others = type.fields.filter((f) => !f.discriminator && !f.required);
  return {
    ...(discriminator ? { discriminator } : {}),
    'fields-to-discriminateBy': Object.fromEntries(others.map((f) => [f.name, f.name[0]!.toUpperCase() + f.name.slice(1)])),
  };
}
