/** Reads the tables of default roles into objects. */
import type { ClusterRole, PolicyRule } from '../../api/types/rbac/v1.js';
import type { AnyObject } from '../../meta/object.js';
import { clusterRoleBindings, clusterRoles, controllerRoles, namespaceRoleBindings, namespaceRoles } from './rbac-table.js';

const API = 'rbac.authorization.k8s.io';
const CONTROLLER = 'system:controller:';

function metadata(name: string): { name: string; namespace?: string; labels: Record<string, string>; annotations: Record<string, string> } {
  const slash = name.indexOf('/');
  return {
    name: name.slice(slash + 1),
    ...(slash > 0 ? { namespace: name.slice(0, slash) } : {}),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function rule(line: string): object {
  const colon = line.indexOf(': ');
  const [verbText, groupText] = line.slice(0, colon).split(' @');
  const verbs = verbText!.split(',');
  const [targets, names] = line.slice(colon + 2).split(' = ');
  const list = targets!.split(' ');
  if (!groupText && (list[0]!.startsWith('/') || list[0] === '*')) return { verbs, nonResourceURLs: list };
  const apiGroups = (groupText ?? 'core').split(',').map((g) => (g === 'core' ? '' : g));
  return { verbs, apiGroups, resources: list, ...(names ? { resourceNames: names.split(' ') } : {}) };
}

/** A table of roles: the head of each, then its rules. */
export function roles(table: string, kind: 'ClusterRole' | 'Role'): AnyObject[] {
  const out: AnyObject[] = [];
  for (const block of table.trim().split('\n\n')) {
    const [head, ...lines] = block.split('\n');
    const [name] = head!.split(' ');
    const meta = metadata(name!);
    for (const [, into] of head!.matchAll(/\(into (\w+)\)/g)) meta.labels[`${API}/aggregate-to-${into}`] = 'true';
    const from = [...head!.matchAll(/\(from (\w+)\)/g)].map(([, role]) => ({ matchLabels: { [`${API}/aggregate-to-${role}`]: 'true' } }));
    out.push({
      kind,
      apiVersion: `${API}/v1`,
      metadata: meta,
      ...(from.length ? { aggregationRule: { clusterRoleSelectors: from } } : {}),
      rules: lines.map((l) => rule(l.trim())),
    } as unknown as AnyObject);
  }
  return out;
}

/** What every node may do, as the Node authorizer knows it. */
export function nodeRules(): readonly PolicyRule[] {
  const own = clusterRoles.split('\n\n').find((block) => block.trim().startsWith('system:node\n'))!;
  return (roles(own, 'ClusterRole')[0] as unknown as ClusterRole).rules ?? [];
}

function bindings(table: string, namespaced: boolean): AnyObject[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [, name, role, subjects = ''] = /^(\S+) -> (\S+):(?: (.*))?$/.exec(line)!;
      return binding(name!, role!, subjects.split(' ').filter(Boolean), namespaced);
    });
}

function binding(name: string, role: string, subjects: readonly string[], namespaced: boolean): AnyObject {
  return {
    kind: namespaced ? 'RoleBinding' : 'ClusterRoleBinding',
    apiVersion: `${API}/v1`,
    metadata: metadata(name),
    ...(subjects.length ? { subjects: subjects.map(subject) } : {}),
    roleRef: { apiGroup: API, kind: namespaced ? 'Role' : 'ClusterRole', name: role },
  } as unknown as AnyObject;
}

function subject(text: string): object {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (kind === 'sa') {
    const [namespace, account] = name.split('/');
    return { kind: 'ServiceAccount', name: account, namespace };
  }
  return { kind: kind === 'user' ? 'User' : 'Group', apiGroup: API, name };
}

/** All default RBAC objects, roles before the bindings to them. */
export function defaultRbac(): AnyObject[] {
  const controllers = roles(controllerRoles, 'ClusterRole');
  return [
    ...roles(clusterRoles, 'ClusterRole'),
    ...controllers,
    ...bindings(clusterRoleBindings, false),
    ...controllers.map(({ metadata: { name } }) => binding(name, name, [`sa:kube-system/${name.slice(CONTROLLER.length)}`], false)),
    ...roles(namespaceRoles, 'Role'),
    ...bindings(namespaceRoleBindings, true),
  ];
}
