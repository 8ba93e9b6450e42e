/**
 * What can be asked of the server, path by path, before it is written down as OpenAPI 2 or 3. All of it is read from the resource table.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */

import type { ResourceDefinition } from '../../api/resource.js';
import { groupVersion } from '../../meta/gvk.js';
import type { SchemaRegistry } from '../../meta/schema/parse.js';
import { table } from '../../util/own.js';
import type { GroupVersionKind } from './definitions.js';
import { META_TYPES } from './schema-names.js';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
}

export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly id: string;
  readonly tag: string;
  readonly action?: string;
  readonly gvk?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** OpenAPI name of the body's type; `optional`: a DELETE may come without. */
  readonly body?: { readonly type: string; readonly optional?: boolean };
  /** Answers by code: a type's name, or undefined for a bare string. */
  readonly answers: readonly { readonly code: number; readonly type?: string }[];
  readonly form: 'object' | 'list' | 'patch' | 'custom-patch' | 'connect' | 'log' | 'plain' | 'json';
}

const query = (name: string, type: Parameter['type'] = 'string'): Parameter => ({ name, in: 'query', type });
const path = (name: string): Parameter => ({ name, in: 'path', type: 'string' });

const PRETTY = query('pretty');
const LIST = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('shardSelector'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const WRITE = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const PATCH = [...WRITE, query('force', 'boolean')];
const DELETE = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
];
const DELETE_COLLECTION = [...DELETE, ...LIST.filter((p) => p.name !== 'allowWatchBookmarks' && p.name !== 'watch')];

const CONNECT_METHODS: Readonly<Record<string, readonly Method[]>> = table({
  create: ['post'],
  get: ['get', 'head', 'options'],
  update: ['put'],
  patch: ['patch'],
  delete: ['delete'],
});

const capital = (s: string): string => s.charAt(0).toUpperCase() + s.slice(1);
const words = (group: string): string =>
  group
    ? group
        .replace(/\.k8s\.io$/, '')
        .split('.')
        .map((w) => w.split('-').map(capital).join(''))
        .join('')
    : 'Core';
const decapital = (s: string): string => s.charAt(0).toLowerCase() + s.slice(1);

export const tagOf = (group: string, version?: string): string => decapital(words(group)) + (version ? `_${version}` : '');

/** The name of a custom resource's definition: its group turned around, like the built-in ones. */
export const customName = (d: ResourceDefinition, kind: string): string => `${d.group.split('.').reverse().join('.')}.${d.version}.${kind}`;

export const typeName = (d: ResourceDefinition): string => (d.custom ? customName(d, d.kind) : d.type.name);

function listName(schemas: SchemaRegistry, d: ResourceDefinition): string {
  return (d.custom ? undefined : schemas.kind(groupVersion(d.group, d.version), d.listKind)?.name) ?? customName(d, d.listKind);
}

const ok = (type?: string, ...codes: number[]): Operation['answers'] => [200, ...codes].map((code) => ({ code, type }));

/** Discovery, the version, and who signs tokens. */
export function staticOperations(groups: readonly { readonly name: string; readonly versions: readonly string[] }[]): Operation[] {
  const get = (p: string, id: string, tag: string, type: string | undefined, form: Operation['form'] = 'plain'): Operation => ({
    path: p,
    method: 'get',
    id,
    tag,
    parameters: [],
    answers: ok(type),
    form,
  });
  const out = [
    get('/.well-known/openid-configuration/', 'getServiceAccountIssuerOpenIDConfiguration', 'WellKnown', undefined, 'json'),
    get('/api/', 'getCoreAPIVersions', 'core', META_TYPES.apiVersions),
    get('/apis/', 'getAPIVersions', 'apis', META_TYPES.groupList),
    get('/openid/v1/jwks/', 'getServiceAccountIssuerOpenIDKeyset', 'openid', undefined, 'json'),
    get('/version/', 'getCodeVersion', 'version', META_TYPES.versionInfo, 'json'),
  ];
  for (const g of groups) {
    if (g.name) out.push(get(`/apis/${g.name}/`, `get${words(g.name)}APIGroup`, tagOf(g.name), META_TYPES.group));
    for (const v of g.versions)
      out.push(
        get(
          `${g.name ? `/apis/${g.name}` : '/api'}/${v}/`,
          `get${words(g.name)}${capital(v)}APIResources`,
          tagOf(g.name, v),
          META_TYPES.resourceList,
        ),
      );
  }
  return out;
}

/** Everything that is served of one resource, subresources and the old watch paths included. */
export function operationsOf(schemas: SchemaRegistry, d: ResourceDefinition): Operation[] {
  const root = d.group ? `/apis/${d.group}/${d.version}` : `/api/${d.version}`;
  const inNamespace = d.namespaced ? '/namespaces/{namespace}' : '';
  const gv = words(d.group) + capital(d.version);
  const spaced = d.namespaced ? 'Namespaced' : '';
  const at = d.namespaced ? [path('namespace')] : [];
  const named = [path('name'), ...at];
  const gvk = { group: d.group, version: d.version, kind: d.kind };
  const tag = tagOf(d.group, d.version);
  const type = typeName(d);
  const list = listName(schemas, d);
  const out: Operation[] = [];
  const has = (verb: string): boolean => (d.verbs as readonly string[]).includes(verb);
  const add = (o: Omit<Operation, 'tag' | 'gvk'> & { gvk?: GroupVersionKind }): void => void out.push({ tag, gvk, ...o });

  const items = `${root}${inNamespace}/${d.plural}`;
  const item = `${items}/{name}`;
  if (has('list')) {
    add({
      path: items,
      method: 'get',
      id: `list${gv}${spaced}${d.kind}`,
      action: 'list',
      parameters: [...LIST, ...at, PRETTY],
      answers: ok(list),
      form: 'list',
    });
    if (d.namespaced)
      add({
        path: `${root}/${d.plural}`,
        method: 'get',
        id: `list${gv}${d.kind}ForAllNamespaces`,
        action: 'list',
        parameters: [...LIST, PRETTY],
        answers: ok(list),
        form: 'list',
      });
  }
  if (has('create'))
    add({
      path: items,
      method: 'post',
      id: `create${gv}${spaced}${d.kind}`,
      action: 'post',
      parameters: [...WRITE, ...at, PRETTY],
      body: { type },
      answers: ok(type, 201, 202),
      form: 'object',
    });
  if (has('deletecollection'))
    add({
      path: items,
      method: 'delete',
      id: `delete${gv}Collection${spaced}${d.kind}`,
      action: 'deletecollection',
      parameters: [...DELETE_COLLECTION, ...at, PRETTY],
      body: { type: META_TYPES.deleteOptions, optional: true },
      answers: ok(META_TYPES.status),
      form: 'object',
    });
  const patchForm = d.custom ? 'custom-patch' : 'patch';
  if (has('get'))
    add({
      path: item,
      method: 'get',
      id: `read${gv}${spaced}${d.kind}`,
      action: 'get',
      parameters: [...named, PRETTY],
      answers: ok(type),
      form: 'object',
    });
  if (has('update'))
    add({
      path: item,
      method: 'put',
      id: `replace${gv}${spaced}${d.kind}`,
      action: 'put',
      parameters: [...WRITE, ...named, PRETTY],
      body: { type },
      answers: ok(type, 201),
      form: 'object',
    });
  if (has('delete'))
    add({
      path: item,
      method: 'delete',
      id: `delete${gv}${spaced}${d.kind}`,
      action: 'delete',
      parameters: [...DELETE, ...named, PRETTY],
      body: { type: META_TYPES.deleteOptions, optional: true },
      answers: ok(d.returnsDeleted ? type : META_TYPES.status, 202),
      form: 'object',
    });
  if (has('patch'))
    add({
      path: item,
      method: 'patch',
      id: `patch${gv}${spaced}${d.kind}`,
      action: 'patch',
      parameters: [...PATCH, ...named, PRETTY],
      body: { type: META_TYPES.patch },
      answers: ok(type, 201),
      form: patchForm,
    });
  // The old watch paths are still listed, built-in resources only.
  if (has('watch') && !d.custom) {
    const watch = (p: string, id: string, action: string, parameters: readonly Parameter[]): void =>
      add({
        path: p,
        method: 'get',
        id,
        action,
        parameters: [...LIST, ...parameters, PRETTY],
        answers: ok(META_TYPES.watchEvent),
        form: 'list',
      });
    watch(`${root}/watch${inNamespace}/${d.plural}`, `watch${gv}${spaced}${d.kind}List`, 'watchlist', at);
    watch(`${root}/watch${inNamespace}/${d.plural}/{name}`, `watch${gv}${spaced}${d.kind}`, 'watch', named);
    if (d.namespaced) watch(`${root}/watch/${d.plural}`, `watch${gv}${d.kind}ListForAllNamespaces`, 'watchlist', []);
  }

  const sub = (name: string, verbs: readonly string[], subType: string, subGvk: GroupVersionKind): void => {
    const base = { path: `${item}/${name}`, gvk: subGvk };
    const id = `${gv}${spaced}${d.kind}${capital(name)}`;
    if (verbs.includes('get')) {
      if (name === 'log')
        add({
          ...base,
          method: 'get',
          id: `read${id}`,
          action: 'get',
          parameters: [...optionParameters(schemas, 'PodLogOptions'), ...named, PRETTY],
          answers: ok(),
          form: 'log',
        });
      else
        add({
          ...base,
          method: 'get',
          id: `read${id}`,
          action: 'get',
          parameters: [...named, PRETTY],
          answers: ok(subType),
          form: 'object',
        });
    }
    if (verbs.includes('update'))
      add({
        ...base,
        method: 'put',
        id: `replace${id}`,
        action: 'put',
        parameters: [...WRITE, ...named, PRETTY],
        body: { type: subType },
        answers: ok(subType, 201),
        form: 'object',
      });
    if (verbs.includes('create'))
      add({
        ...base,
        method: 'post',
        id: `create${id}`,
        action: 'post',
        parameters: [...WRITE, ...named, PRETTY],
        body: { type: subType },
        answers: ok(subType, 201, 202),
        form: 'object',
      });
    if (verbs.includes('patch'))
      add({
        ...base,
        method: 'patch',
        id: `patch${id}`,
        action: 'patch',
        parameters: [...PATCH, ...named, PRETTY],
        body: { type: META_TYPES.patch },
        answers: ok(subType, 201),
        form: patchForm,
      });
  };
  const connect = (name: string, verbs: readonly string[], kind: string): void => {
    const parameters = [...optionParameters(schemas, kind), ...named];
    const all = verbs.includes('update');
    const methods = verbs.flatMap((v) => (all ? CONNECT_METHODS[v]! : CONNECT_METHODS[v]!.slice(0, 1)));
    for (const method of methods) {
      const id = `connect${gv}${capital(method)}${spaced}${capital(d.kind)}${capital(name)}`;
      const o = { method, action: 'connect', gvk: { group: d.group, version: d.version, kind }, answers: ok(), form: 'connect' as const };
      add({ ...o, path: `${item}/${name}`, id, parameters });
      if (all) add({ ...o, path: `${item}/${name}/{path}`, id: `${id}WithPath`, parameters: [...parameters, path('path')] });
    }
  };
  if (d.subresources.status) sub('status', ['get', 'patch', 'update'], type, gvk);
  if (d.subresources.scale)
    sub('scale', ['get', 'patch', 'update'], 'io.k8s.api.autoscaling.v1.Scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' });
  for (const [name, s] of Object.entries(d.subresources.other ?? {})) {
    const of = { group: s.group ?? d.group, version: s.version ?? d.version, kind: s.kind };
    if (s.kind.endsWith('Options')) connect(name, s.verbs, s.kind);
    else sub(name, s.verbs, s.kind === d.kind ? type : (schemas.kind(groupVersion(of.group, of.version), s.kind)?.name ?? type), of);
  }
  return out;
}

/** What exec, log and their like take in the query: the scalar fields of their options. */
function optionParameters(schemas: SchemaRegistry, kind: string): Parameter[] {
  const out: Parameter[] = [];
  for (const f of schemas.kind('v1', kind)?.fields ?? []) {
    const v = f.value.is === 'list' ? f.value.of : f.value;
    if (v.is === 'scalar')
      out.push(query(f.name, v.scalar === 'bool' ? 'boolean' : v.scalar === 'int32' || v.scalar === 'int64' ? 'integer' : 'string'));
  }
  return out;
}
