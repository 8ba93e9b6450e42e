/** FlowSchemas: which requests to the API server belong to which priority level. Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#flowschema */

import { duplicate, forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { labelName, type Messages, subdomainName } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, oneOf, repeats, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { FlowSchema, FlowSchemaSpec, NonResourcePolicyRule, ResourcePolicyRule, Subject } from '../types/flowcontrol/v1.js';
import { MANDATORY_SCHEMAS } from './mandatory.js';

const MAX_PRECEDENCE = 10_000;
const DISTINGUISHERS = ['ByNamespace', 'ByUser'];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export const flowSchema = defineResource<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  storageVersionHash: 'GJVAJZSZBIw=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  hasGeneration: true,
  validate({ metadata, spec, status }) {
    const fixed = MANDATORY_SCHEMAS[metadata.name ?? ''];
    return [
      ...validateSpec(metadata.name ?? '', spec),
      ...(fixed && !same(spec, fixed) ? [invalid('spec', spec, `spec of '${metadata.name}' must equal the fixed value`)] : []),
      ...validateConditionTypes(status.conditions ?? []),
    ];
  },
  validateStatusUpdate: ({ status }) => validateConditionTypes(status.conditions ?? []),
  columns: [
    nameColumn,
    column('PriorityLevel', ({ spec }) => spec.priorityLevelConfiguration.name),
    column('MatchingPrecedence', ({ spec }) => spec.matchingPrecedence ?? 0),
    column('DistinguisherMethod', ({ spec }) => spec.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    column('MissingPL', ({ status }) => (status.conditions ?? []).find((c) => c.type === 'Dangling')?.status ?? '?'),
  ],
});

/** Conditions of flow control name their type, each once. */
export function validateConditionTypes(conditions: readonly { readonly type?: string }[]): Errors {
  const again = repeats(conditions, (c) => c.type);
  return conditions.flatMap(({ type }, i) => {
    const path = `status.conditions[${i}].type`;
    return [...(again[i] ? [duplicate(path, type ?? '')] : []), ...(type ? [] : [required(path)])];
  });
}

function validateSpec(name: string, spec: FlowSchemaSpec): Errors {
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method } = spec;
  const level = spec.priorityLevelConfiguration.name;
  const errors: Errors = [];
  const wrong = (text: string) => errors.push(invalid('spec.matchingPrecedence', precedence, text));
  if (precedence <= 0) wrong('must be a positive value');
  if (precedence > MAX_PRECEDENCE) wrong(`must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && name !== 'exempt') wrong("only the schema named 'exempt' may have matchingPrecedence 1");
  if (method && !DISTINGUISHERS.includes(method.type))
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method.type }, DISTINGUISHERS));
  const path = 'spec.priorityLevelConfiguration.name';
  addAll(errors, level ? invalidAll(path, level, subdomainName(level, false)) : [required(path, 'must reference a priority level')]);
  for (const [i, { subjects, resourceRules, nonResourceRules }] of (spec.rules ?? []).entries()) {
    const at = `spec.rules[${i}]`;
    if (!subjects?.length) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'));
    addAll(
      errors,
      (subjects ?? []).flatMap((s, j) => subject(s, `${at}.subjects[${j}]`)),
    );
    if (!resourceRules?.length && !nonResourceRules?.length)
      errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
    addAll(
      errors,
      (resourceRules ?? []).flatMap((r, j) => resourceRule(r, `${at}.resourceRules[${j}]`)),
      (nonResourceRules ?? []).flatMap((r, j) => nonResourceRule(r, `${at}.nonResourceRules[${j}]`)),
    );
  }
  return errors;
}

const KINDS = [
  ['ServiceAccount', 'serviceAccount'],
  ['User', 'user'],
  ['Group', 'group'],
] as const;

function subject(s: Subject, path: string): Errors {
  const mine = KINDS.find(([kind]) => kind === s.kind)?.[1];
  if (!mine) return oneOf(s.kind, ['Group', 'ServiceAccount', 'User'], `${path}.kind`);
  const at = `${path}.${mine}`;
  const given = s[mine];
  const others = KINDS.filter(([, field]) => field !== mine && s[field]).map(([kind, field]) =>
    forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`),
  );
  if (!given) return [required(at, `${mine} is required when subject kind is '${s.kind}'`), ...others];
  const errors: Errors = given.name ? [] : [required(`${at}.name`)];
  if (mine === 'serviceAccount') {
    const { name, namespace } = s.serviceAccount!;
    if (name && name !== '*') addAll(errors, invalidAll(`${at}.name`, name, subdomainName(name, false)));
    addAll(
      errors,
      namespace
        ? invalidAll(`${at}.namespace`, namespace, labelName(namespace, false))
        : [required(`${at}.namespace`, 'must specify namespace for service account')],
    );
  }
  return [...errors, ...others];
}

const alone = (list: readonly string[], what: string, path: string): Errors =>
  list.length > 1 && list.includes('*') ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)] : [];

function verbs(list: readonly string[], path: string): Errors {
  if (!list.length) return [required(path, 'verbs must contain at least one value')];
  if (list.includes('*')) return alone(list, 'verbs', path);
  return list.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(path, list, VERBS)];
}

function nonResourceRule({ verbs: list, nonResourceURLs: urls }: NonResourcePolicyRule, path: string): Errors {
  const at = `${path}.nonResourceURLs`;
  const errors = verbs(list ?? [], `${path}.verbs`);
  if (!urls?.length) return [...errors, required(at, 'nonResourceURLs must contain at least one value')];
  if (urls.includes('*')) return [...errors, ...alone(urls, 'non-resource URLs', at)];
  return [...errors, ...urls.flatMap((url, i) => invalidAll(`${at}[${i}]`, url, urlPath(url)))];
}

function urlPath(url: string): Messages {
  if (!url) return ['must not be empty'];
  if (url === '/') return [];
  if (!url.startsWith('/')) return ['must start with slash'];
  if (url.includes(' ')) return ['must not contain white-space'];
  if (url.includes('//')) return ['must not contain double slash'];
  const star = url.indexOf('*');
  return star < 0 || (star === url.length - 1 && url.endsWith('/*')) ? [] : ['wildcard can only do suffix matching'];
}

function resourceRule({ verbs: list, apiGroups, resources, namespaces, clusterScope }: ResourcePolicyRule, path: string): Errors {
  const some = (given: readonly string[], name: string, what: string, others: string): Errors =>
    given.length
      ? alone(given, others, `${path}.${name}`)
      : [required(`${path}.${name}`, `resource rules must supply at least one ${what}`)];
  const errors = [
    ...verbs(list ?? [], `${path}.verbs`),
    ...some(apiGroups ?? [], 'apiGroups', 'api group', 'api groups'),
    ...some(resources ?? [], 'resources', 'resource', 'resources'),
  ];
  const at = `${path}.namespaces`;
  const within = namespaces ?? [];
  if (!within.length && !clusterScope)
    return [...errors, required(at, 'resource rules that are not cluster scoped must supply at least one namespace')];
  if (within.includes('*')) return [...errors, ...alone(within, 'namespaces', at)];
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return [
    ...errors,
    ...within.flatMap((name, i) =>
      invalidAll(
        `${at}[${i}]`,
        name,
        labelName(name, false).map((m) => intro + m),
      ),
    ),
  ];
}
