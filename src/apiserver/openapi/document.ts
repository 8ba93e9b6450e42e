/** Whole OpenAPI documents: version 2 for everything at once, version 3 one per group version. */

import type { ResourceDefinition } from '../../api/resource.js';
import type { SchemaRegistry } from '../../meta/schema/parse.js';
import { table } from '../../util/own.js';
import { etag } from '../discovery/discovery.js';
import { KUBERNETES_VERSION } from '../health.js';
import { Definitions, type Docs, type Json } from './definitions.js';
import { customName, type Operation, operationsOf, type Parameter, staticOperations } from './operations.js';
import { META_TYPES } from './schema-names.js';
import { operationText, parameterText } from './texts.js';

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

export interface Source {
  readonly schemas: SchemaRegistry;
  readonly resources: readonly ResourceDefinition[];
  readonly groups: readonly Group[];
  readonly docs: Docs;
}

const JSON_TYPE = 'application/json';
const OBJECT_TYPES = [JSON_TYPE, 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const LIST_TYPES = [...OBJECT_TYPES, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const CUSTOM_PATCH_TYPES = PATCH_TYPES.filter((t) => !t.includes('strategic'));

const consumes = (o: Operation): readonly string[] => {
  switch (o.form) {
    case 'patch':
      return PATCH_TYPES;
    case 'custom-patch':
      return CUSTOM_PATCH_TYPES;
    case 'plain':
      return OBJECT_TYPES;
    case 'json':
      return [JSON_TYPE];
    default:
      return ['*/*'];
  }
};
const produces = (o: Operation): readonly string[] => {
  switch (o.form) {
    case 'list':
      return LIST_TYPES;
    case 'connect':
      return ['*/*'];
    case 'log':
      return ['text/plain', ...OBJECT_TYPES];
    case 'json':
      return [JSON_TYPE];
    default:
      return OBJECT_TYPES;
  }
};

/** Old clients look for these in an operation itself and follow no reference. */
const IN_PLACE = new Set(['dryRun', 'fieldValidation', 'name']);
const REASONS: Readonly<Record<number, string>> = table({ 200: 'OK', 201: 'Created', 202: 'Accepted', 401: 'Unauthorized' });
const SECURITY = { BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' } };

/** Every group version of the schema tables: options and watch events belong to all of them. */
function allVersions(schemas: SchemaRegistry): { group: string; version: string }[] {
  const seen = new Map<string, { group: string; version: string }>();
  for (const { apiVersion } of schemas.outline()) {
    const slash = apiVersion.indexOf('/');
    if (apiVersion) seen.set(apiVersion, { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) });
  }
  return [...seen.keys()].sort((a, b) => (a.includes('/') ? a : '').localeCompare(b.includes('/') ? b : '')).map((k) => seen.get(k)!);
}

/** OpenAPI 2 of everything. */
export function documentV2(source: Source): Json {
  const definitions = new Definitions(source.schemas, 2, source.docs, allVersions(source.schemas));
  const shared: Record<string, Json> = {};
  const parameter = (p: Parameter): Json => {
    const schema = { uniqueItems: true, type: p.type, name: p.name, in: p.in, ...(p.in === 'path' ? { required: true } : {}) };
    const described = { ...schema, description: parameterText(p) };
    if (IN_PLACE.has(p.name)) return described;
    const key = `${p.name}-${etag(JSON.stringify(schema)).slice(0, 8)}`;
    shared[key] ??= described;
    return { $ref: `#/parameters/${key}` };
  };
  const operation = (o: Operation, own: readonly Parameter[]): Json => {
    const body = o.body && {
      name: 'body',
      in: 'body',
      description: parameterText({ name: 'body' }),
      ...(o.body.optional ? {} : { required: true }),
      schema: refTo(definitions, source, o.body.type),
    };
    const parameters = [...(body ? [body] : []), ...own.map(parameter)];
    const answers = o.answers.map((a) => [
      a.code,
      { description: REASONS[a.code], schema: a.type ? refTo(definitions, source, a.type) : { type: 'string' } },
    ]);
    return {
      description: operationText(o),
      consumes: consumes(o),
      produces: produces(o),
      schemes: ['https'],
      tags: [o.tag],
      operationId: o.id,
      ...(parameters.length ? { parameters } : {}),
      responses: { ...Object.fromEntries(answers), 401: { description: REASONS[401] } },
      ...marks(o),
    };
  };
  const operations = [...staticOperations(source.groups), ...source.resources.flatMap((d) => operationsOf(source.schemas, d))];
  const paths = pathsOf(operations, operation, parameter);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION.gitVersion },
    paths,
    definitions: sorted(definitions.out),
    parameters: sorted(shared),
    securityDefinitions: SECURITY,
    security: [{ BearerToken: [] }],
  };
}

/** The parts that OpenAPI 3 is served in: paths under /openapi/v3, and the operations that each holds. */
export function partsV3(source: Source): Map<string, () => Operation[]> {
  const parts = new Map<string, () => Operation[]>();
  for (const o of staticOperations(source.groups)) {
    const part = o.path.slice(1, -1);
    const [root, a, b] = part.split('/');
    const group = root === 'api' ? '' : (a ?? '');
    const version = root === 'api' ? a : b;
    const resources =
      (root === 'api' || root === 'apis') && version ? source.resources.filter((d) => d.group === group && d.version === version) : [];
    parts.set(part, () => [o, ...resources.flatMap((d) => operationsOf(source.schemas, d))]);
  }
  return new Map([...parts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** OpenAPI 3 of one part. */
export function documentV3(source: Source, part: string, operations: readonly Operation[]): Json {
  const [root, a, b] = part.split('/');
  const version = root === 'api' ? a : root === 'apis' ? b : undefined;
  const own = version && root === 'apis' ? [{ group: a!, version }] : [];
  const definitions = new Definitions(source.schemas, 3, source.docs, [{ group: '', version: 'v1' }, ...own]);
  const parameter = (p: Parameter): Json => ({
    name: p.name,
    in: p.in,
    description: parameterText(p),
    ...(p.in === 'path' ? { required: true } : {}),
    schema: { type: p.type, uniqueItems: true },
  });
  const operation = (o: Operation, own: readonly Parameter[]): Json => {
    const content = (types: readonly string[], schema: Json): Json => Object.fromEntries(types.map((t) => [t, { schema }]));
    const answers = o.answers.map((x) => [
      x.code,
      { description: REASONS[x.code], content: content(produces(o), x.type ? refTo(definitions, source, x.type) : { type: 'string' }) },
    ]);
    return {
      description: operationText(o),
      tags: [o.tag],
      operationId: o.id,
      ...(own.length ? { parameters: own.map(parameter) } : {}),
      ...(o.body
        ? {
            requestBody: {
              content: content(consumes(o), refTo(definitions, source, o.body.type)),
              ...(o.body.optional ? {} : { required: true }),
            },
          }
        : {}),
      responses: { ...Object.fromEntries(answers), 401: { description: REASONS[401] } },
      ...marks(o),
    };
  };
  const paths = pathsOf(operations, operation, parameter);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: `${KUBERNETES_VERSION.major}.${KUBERNETES_VERSION.minor}` },
    paths,
    components: { ...(Object.keys(definitions.out).length ? { schemas: sorted(definitions.out) } : {}), securitySchemes: SECURITY },
  };
}

const marks = (o: Operation): Json => ({
  ...(o.action ? { 'x-kubernetes-action': o.action } : {}),
  ...(o.gvk ? { 'x-kubernetes-group-version-kind': { group: o.gvk.group, kind: o.gvk.kind, version: o.gvk.version } } : {}),
});

/** Path items; parameters that all operations of a path share stand with the path. */
function pathsOf(
  operations: readonly Operation[],
  operation: (o: Operation, own: readonly Parameter[]) => Json,
  parameter: (p: Parameter) => Json,
): Json {
  const byPath = new Map<string, Operation[]>();
  for (const o of operations) {
    const there = byPath.get(o.path);
    if (there) there.push(o);
    else byPath.set(o.path, [o]);
  }
  const out: [string, Json][] = [];
  for (const [path, there] of byPath) {
    const common = there[0]!.parameters.filter((p) => there.every((o) => o.parameters.some((x) => same(x, p))));
    const item: Json = {};
    for (const o of there) item[o.method] = operation(o, byName(o.parameters.filter((p) => !common.some((x) => same(x, p)))));
    if (common.length) item.parameters = byName(common).map(parameter);
    out.push([path, item]);
  }
  return Object.fromEntries(out.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const same = (a: Parameter, b: Parameter): boolean => a.name === b.name && a.in === b.in;
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = (list: readonly Parameter[]): Parameter[] => [...list].sort((a, b) => order(a.name, b.name) || order(a.in, b.in));
const sorted = <T>(map: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A reference to a type by name; a custom resource's types are described from its definition. */
function refTo(definitions: Definitions, source: Source, name: string): Json {
  const custom = source.resources.find((d) => d.custom && (customName(d, d.kind) === name || customName(d, d.listKind) === name));
  if (!custom) return definitions.ref(name);
  const { group, version, kind, listKind } = custom;
  if (name === customName(custom, kind))
    return definitions.add(name, () => definitions.message(custom.type, 0, [{ group, kind, version }]));
  return definitions.add(name, () => ({
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: refTo(definitions, source, customName(custom, kind)) },
      kind: { type: 'string' },
      metadata: definitions.ref(META_TYPES.listMeta),
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  }));
}
