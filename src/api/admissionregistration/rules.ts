/** Which requests a webhook or a policy looks at. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules */
import { duplicate, invalid, required, tooMany } from '../../meta/field-error.js';
import { validateLabelName, validateLabelSelector } from '../../meta/metadata.js';
import { pathSegment } from '../../meta/names.js';
import { type Errors, invalidAll, oneOf, repeats } from '../check.js';
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from '../types/admissionregistration/v1.js';

export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
/** What a policy that changes objects may look at. */
const MUTATED = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MAX_CONDITIONS = 64;

/** `*` stands alone. */
const alone = (list: readonly string[], what: string, path: string): Errors =>
  list.length > 1 && list.includes('*') ? [invalid(path, list, `if '*' is present, must not specify other ${what}`)] : [];
const some = (list: readonly string[], path: string): Errors => (list.length ? [] : [required(path)]);

export function validateRule(rule: RuleWithOperations, path: string): Errors {
  const { operations, apiGroups, apiVersions, resources, scope } = rule;
  return [
    ...some(operations ?? [], `${path}.operations`),
    ...alone(operations ?? [], 'operations', `${path}.operations`),
    ...(operations ?? []).flatMap((o, i) => oneOf(o, OPERATIONS, `${path}.operations[${i}]`)),
    ...some(apiGroups ?? [], `${path}.apiGroups`),
    ...alone(apiGroups ?? [], 'API groups', `${path}.apiGroups`),
    ...some(apiVersions ?? [], `${path}.apiVersions`),
    ...alone(apiVersions ?? [], 'API versions', `${path}.apiVersions`),
    ...(apiVersions ?? []).flatMap((v, i) => (v ? [] : [required(`${path}.apiVersions[${i}]`)])),
    ...validateResources(resources ?? [], `${path}.resources`),
    ...(scope === undefined ? [] : oneOf(scope, SCOPES, `${path}.scope`)),
  ];
}

/** Names of resources, with a subresource or a star in either place: none may say what another says already. */
function validateResources(resources: readonly string[], path: string): Errors {
  const errors = some(resources, path);
  const whole = new Set<string>();
  const everywhere = new Set<string>();
  let lastIsPlain = false;
  for (const [i, text] of resources.entries()) {
    const at = `${path}[${i}]`;
    if (!text) {
      errors.push(required(at));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      lastIsPlain = text !== '*';
      continue;
    }
    const resource = text.slice(0, slash);
    const sub = text.slice(slash + 1);
    if (whole.has(resource)) errors.push(invalid(at, text, `if '${resource}/*' is present, must not specify ${text}`));
    if (everywhere.has(sub)) errors.push(invalid(at, text, `if '*/${sub}' is present, must not specify ${text}`));
    if (sub === '*') whole.add(resource);
    if (resource === '*') everywhere.add(sub);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && lastIsPlain)
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

function namedRule(rule: NamedRuleWithOperations, path: string): Errors {
  const names = rule.resourceNames ?? [];
  const again = repeats(names);
  return [
    ...names.flatMap((name, i) => [
      ...invalidAll(`${path}.resourceNames[${i}]`, name, pathSegment(name)),
      ...(again[i] ? [duplicate(`${path}.resourceNames[${i}]`, name)] : []),
    ]),
    ...validateRule(rule, path),
  ];
}

export const validateMatchResources = (m: MatchResources, path: string): Errors => [
  ...(m.matchPolicy === undefined ? [required(`${path}.matchPolicy`)] : oneOf(m.matchPolicy, MATCH_POLICIES, `${path}.matchPolicy`)),
  ...validateLabelSelector(m.namespaceSelector, `${path}.namespaceSelector`),
  ...validateLabelSelector(m.objectSelector, `${path}.objectSelector`),
  ...(m.resourceRules ?? []).flatMap((r, i) => namedRule(r, `${path}.resourceRules[${i}]`)),
  ...(m.excludeResourceRules ?? []).flatMap((r, i) => namedRule(r, `${path}.excludeResourceRules[${i}]`)),
];

/** What is deleted cannot be changed. */
export const validateMutatedOperations = (m: MatchResources, path: string): Errors =>
  (m.resourceRules ?? []).flatMap((r) => (r.operations ?? []).flatMap((o) => oneOf(o, MUTATED, `${path}.resourceRules.operations`)));

/** Expressions are taken as they are: what they mean shows when they run. */
export function validateMatchConditions(conditions: readonly MatchCondition[], path: string): Errors {
  const again = repeats(conditions, (c) => c.name);
  return [
    ...(conditions.length > MAX_CONDITIONS ? [tooMany(path, conditions.length, MAX_CONDITIONS)] : []),
    ...conditions.flatMap(({ name, expression }, i) => {
      const at = `${path}[${i}]`;
      return [
        ...(expression?.trim() ? [] : [required(`${at}.expression`)]),
        ...(name ? validateLabelName(name, `${at}.name`) : [required(`${at}.name`)]),
        ...(name && again[i] ? [duplicate(`${at}.name`, name)] : []),
      ];
    }),
  ];
}
