/** Role-based access control, answered from the stored roles and bindings. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */

import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '../../api/types/rbac/v1.js';
import { addAll } from '../../util/add-all.js';
import type { UserInfo } from '../request.js';
import type { ResourceCache } from '../storage/cache.js';
import type { AccessAttributes, Authorizer, Decision, RuleSet } from './authorizer.js';

export interface RbacCaches {
  readonly roles: ResourceCache;
  readonly roleBindings: ResourceCache;
  readonly clusterRoles: ResourceCache;
  readonly clusterRoleBindings: ResourceCache;
}

/**
 * Users whose rules are kept resolved until a role or binding changes, each of them once for each namespace that has bindings; and how long a
 * name with its groups may be. What is kept may not grow by what people ask for.
 */
const USER_LIMIT = 5_000;
const KEPT_LIMIT = 50_000;
const KEY_LIMIT = 2_000;

/** The rules of bindings, and what is wrong with these. */
interface Bound {
  readonly rules: readonly PolicyRule[];
  readonly problems: readonly string[];
}

interface UserRules {
  readonly keep: boolean;
  readonly cluster: Bound;
  readonly namespaces: Map<string, Bound>;
}

const NOTHING: Bound = { rules: [], problems: [] };
const ALLOW: Decision = { decision: 'allow', reason: '' };

export class Rbac implements Authorizer {
  private readonly users = new Map<string, UserRules>();
  /** Bounds of users in namespaces that are kept. */
  private kept = 0;
  private seen = -1;

  constructor(private readonly caches: RbacCaches) {}

  authorize(a: AccessAttributes): Decision {
    const rules = this.rulesOf(a.user);
    if (rules.cluster.rules.some((r) => covers(r, a))) return ALLOW;
    const own = a.namespace ? this.inNamespace(a.user, rules, a.namespace) : undefined;
    if (own?.rules.some((r) => covers(r, a))) return ALLOW;
    const problems = [...rules.cluster.problems, ...(own?.problems ?? [])];
    return { decision: 'no-opinion', reason: problems.length ? `RBAC: ${problems.join(', ')}` : '' };
  }

  rules(user: UserInfo, namespace: string): RuleSet {
    const all = this.allRules(user, namespace);
    return {
      resourceRules: all
        .filter((r) => r.resources?.length)
        .map(({ verbs, apiGroups, resources, resourceNames }) => ({
          verbs,
          apiGroups,
          resources,
          ...(resourceNames?.length ? { resourceNames } : {}),
        })),
      nonResourceRules: all.filter((r) => r.nonResourceURLs?.length).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
    };
  }

  /** How much is kept, for tests: users, and their bounds in namespaces. */
  get size(): { readonly users: number; readonly namespaces: number } {
    return { users: this.users.size, namespaces: this.kept };
  }

  /** Every rule that holds for a user in a namespace ('' for cluster-wide ones alone). */
  allRules(user: UserInfo, namespace: string): readonly PolicyRule[] {
    const own = this.rulesOf(user);
    return namespace ? [...own.cluster.rules, ...this.inNamespace(user, own, namespace).rules] : own.cluster.rules;
  }

  /** The rules of the role that a binding points to; undefined where there is no such role. */
  roleRules(ref: Pick<RoleRef, 'kind' | 'name'>, namespace: string): readonly PolicyRule[] | undefined {
    const { clusterRoles, roles } = this.caches;
    const entry =
      ref.kind === 'ClusterRole'
        ? clusterRoles.get(`${clusterRoles.prefix}${ref.name}`)
        : roles.get(`${roles.prefix}${namespace}/${ref.name}`);
    return entry && ((entry.object as unknown as ClusterRole | Role).rules ?? []);
  }

  private rulesOf(user: UserInfo): UserRules {
    const now =
      this.caches.roles.version +
      this.caches.roleBindings.version +
      this.caches.clusterRoles.version +
      this.caches.clusterRoleBindings.version;
    if (now !== this.seen || this.users.size > USER_LIMIT || this.kept > KEPT_LIMIT) {
      this.users.clear();
      this.kept = 0;
      this.seen = now;
    }
    const key = JSON.stringify([user.name, user.groups]);
    let rules = this.users.get(key);
    if (!rules) {
      const problems: string[] = [];
      const cluster: PolicyRule[] = [];
      for (const { object } of this.caches.clusterRoleBindings.list('')) {
        const b = object as unknown as ClusterRoleBinding;
        if (b.subjects?.some((s) => isSubject(s, user, ''))) this.add(cluster, b.roleRef, '', problems);
      }
      rules = { keep: key.length <= KEY_LIMIT, cluster: { rules: cluster, problems }, namespaces: new Map() };
      if (rules.keep) this.users.set(key, rules);
    }
    return rules;
  }

  private inNamespace(user: UserInfo, rules: UserRules, namespace: string): Bound {
    let own = rules.namespaces.get(namespace);
    if (!own) {
      const bindings = this.caches.roleBindings.list(namespace);
      // Any name may be asked about.
      if (!bindings.length) return NOTHING;
      const list: PolicyRule[] = [];
      const problems: string[] = [];
      for (const { object } of bindings) {
        const b = object as unknown as RoleBinding;
        if (b.subjects?.some((s) => isSubject(s, user, namespace))) this.add(list, b.roleRef, namespace, problems);
      }
      own = list.length || problems.length ? { rules: list, problems } : NOTHING;
      if (!rules.keep) return own;
      rules.namespaces.set(namespace, own);
      this.kept++;
    }
    return own;
  }

  private add(to: PolicyRule[], ref: RoleRef, namespace: string, problems: string[]): void {
    const rules = this.roleRules(ref, namespace);
    if (rules) addAll(to, rules);
    else
      problems.push(
        `${ref.kind === 'ClusterRole' ? 'clusterrole' : 'role'}.rbac.authorization.k8s.io ${JSON.stringify(ref.name)} not found`,
      );
  }
}

function isSubject(s: Subject, user: UserInfo, namespace: string): boolean {
  switch (s.kind) {
    case 'User':
      return s.name === user.name;
    case 'Group':
      return user.groups.includes(s.name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${s.namespace || namespace}:${s.name}`;
    default:
      return false;
  }
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes('*'));

export function covers(rule: PolicyRule, a: AccessAttributes): boolean {
  if (!has(rule.verbs, a.verb)) return false;
  if (!a.isResource)
    return rule.nonResourceURLs?.some((u) => u === '*' || u === a.path || (u.endsWith('*') && a.path.startsWith(u.slice(0, -1)))) ?? false;
  const resource = a.subresource ? `${a.resource}/${a.subresource}` : a.resource;
  return (
    has(rule.apiGroups, a.group) &&
    (rule.resources?.some((r) => r === '*' || r === resource || (a.subresource !== '' && r === `*/${a.subresource}`)) ?? false) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(a.name))
  );
}

/** system:masters may do everything, whatever the roles say. */
export const mastersAllowed: Authorizer = {
  authorize: (a) => (a.user.groups.includes('system:masters') ? ALLOW : { decision: 'no-opinion', reason: '' }),
  rules: (user) =>
    user.groups.includes('system:masters')
      ? {
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          incomplete: false,
        }
      : { resourceRules: [], nonResourceRules: [], incomplete: false },
};
