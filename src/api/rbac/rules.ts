/** Rules and subjects of roles and bindings. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */

import { invalid, notSupported, required } from '../../meta/field-error.js';
import { dns1123Subdomain, pathSegment } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, same } from '../check.js';
import { column, wide } from '../columns.js';
import type { Column } from '../resource.js';
import type { ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject } from '../types/rbac/v1.js';

const GROUP = 'rbac.authorization.k8s.io';

export function validateRules(rules: readonly PolicyRule[] | undefined | null, namespaced: boolean): Errors {
  return (rules ?? []).flatMap((r, i) => rule(r, namespaced, `rules[${i}]`));
}

function rule(r: PolicyRule, namespaced: boolean, path: string): Errors {
  const errors: Errors = r.verbs?.length ? [] : [required(`${path}.verbs`, 'verbs must contain at least one value')];
  const urls = r.nonResourceURLs ?? [];
  if (urls.length) {
    const at = `${path}.nonResourceURLs`;
    if (namespaced) errors.push(invalid(at, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (r.apiGroups?.length || r.resources?.length || r.resourceNames?.length)
      errors.push(invalid(at, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (!r.apiGroups?.length) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (!r.resources?.length) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

type Binding = RoleBinding | ClusterRoleBinding;

/** The group of users and groups is RBAC's own. Mutates. */
export function defaultBinding({ roleRef, subjects }: Binding): void {
  roleRef.apiGroup ||= GROUP;
  for (const s of subjects ?? []) if (s.kind === 'User' || s.kind === 'Group') s.apiGroup ||= GROUP;
}

export function validateBinding(b: Binding, namespaced: boolean): Errors {
  return [
    ...roleRef(b.roleRef, namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']),
    ...(b.subjects ?? []).flatMap((s, i) => subject(s, namespaced, `subjects[${i}]`)),
  ];
}

export const validateBindingUpdate = (b: Binding, old: Binding, namespaced: boolean): Errors => [
  ...validateBinding(b, namespaced),
  ...(same(b.roleRef, old.roleRef)
    ? []
    : [invalid('roleRef', { APIGroup: b.roleRef.apiGroup, Kind: b.roleRef.kind, Name: b.roleRef.name }, 'cannot change roleRef')]),
];

function roleRef(r: RoleRef, kinds: readonly string[]): Errors {
  const errors: Errors = [];
  if (r.apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', r.apiGroup, [GROUP]));
  if (!kinds.includes(r.kind)) errors.push(notSupported('roleRef.kind', r.kind, kinds));
  if (!r.name) errors.push(required('roleRef.name'));
  else addAll(errors, invalidAll('roleRef.name', r.name, pathSegment(r.name)));
  return errors;
}

function subject(s: Subject, namespaced: boolean, path: string): Errors {
  const errors: Errors = s.name ? [] : [required(`${path}.name`)];
  const group = s.apiGroup ?? '';
  if (s.kind === 'ServiceAccount') {
    if (s.name) addAll(errors, invalidAll(`${path}.name`, s.name, dns1123Subdomain(s.name)));
    if (group) errors.push(notSupported(`${path}.apiGroup`, group, ['']));
    if (!namespaced && !s.namespace) errors.push(required(`${path}.namespace`));
  } else if (s.kind === 'User' || s.kind === 'Group') {
    if (group !== GROUP) errors.push(notSupported(`${path}.apiGroup`, group, [GROUP]));
  } else errors.push(notSupported(`${path}.kind`, s.kind, ['ServiceAccount', 'User', 'Group']));
  return errors;
}

const names =
  (kind: string) =>
  (b: Binding): string =>
    (b.subjects ?? [])
      .filter((s) => s.kind === kind)
      .map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name))
      .join(', ');

export const roleColumn: Column<Binding> = column<Binding>('Role', ({ roleRef: r }) => `${r.kind}/${r.name}`);
export const subjectColumns: readonly Column<Binding>[] = [
  wide('Users', names('User')),
  wide('Groups', names('Group')),
  wide('ServiceAccounts', names('ServiceAccount')),
];
