/** No one grants more than he has: roles and bindings are checked against the rules of who writes them. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping */

import type { ClusterRole, PolicyRule, RoleBinding } from '../../api/types/rbac/v1.js';
import { equal } from '../../meta/apply/plan.js';
import { notFoundError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { addAll } from '../../util/add-all.js';
import type { Authorizer } from '../authorize/authorizer.js';
import type { Rbac } from '../authorize/rbac.js';
import type { UserInfo } from '../request.js';
import type { AdmissionPlugin, Attributes } from './chain.js';
import { refusal } from './refusal.js';

const GROUP = 'rbac.authorization.k8s.io';

export const rbacGuard = (rbac: Rbac, authorizer: Authorizer): AdmissionPlugin => ({
  name: 'RBACEscalation',
  async validate(a) {
    if (a.definition.group !== GROUP || (a.operation !== 'CREATE' && a.operation !== 'UPDATE') || a.user.groups.includes('system:masters'))
      return;
    // What the garbage collector and finalizers need goes through: else a binding whose role has gone could never be removed.
    if (a.oldObject && a.object && onlyCollected(a.object, a.oldObject)) return;
    const isBinding = a.definition.plural.endsWith('bindings');
    // Asked first: who may bind a role may do so before there is one.
    if (await may(authorizer, a, isBinding ? 'bind' : 'escalate')) return;
    const wanted = isBinding ? roleOf(a, rbac) : ((a.object as unknown as ClusterRole).rules ?? []);
    const own = rbac.allRules(a.user, a.namespace);
    const missing = wanted.flatMap(singly).filter((r) => !own.some((o) => includes(o, r)));
    // An aggregated role gathers whatever anyone labels: only who has everything may make or change one.
    if (
      !missing.length &&
      (aggregates(a.object) || aggregates(a.oldObject)) &&
      !EVERYTHING.flatMap(singly).every((r) => own.some((o) => includes(o, r)))
    )
      throw refusal(a, 'must have cluster-admin privileges to use the aggregationRule');
    if (!missing.length) return;
    const lines = compact(missing).map(describe).sort().join('\n');
    throw refusal(
      a,
      `user ${JSON.stringify(a.user.name)} (groups=${JSON.stringify(a.user.groups).replace(/,/g, ' ')}) is attempting to grant RBAC permissions not currently held:\n${lines}`,
    );
  },
});

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];
const aggregates = (o: AnyObject | undefined): boolean => (o as unknown as ClusterRole | undefined)?.aggregationRule !== undefined;

/** Nothing but finalizers and owners differs. */
function onlyCollected(object: AnyObject, old: AnyObject): boolean {
  const rest = ({ metadata, ...spec }: AnyObject) => {
    const { finalizers: _f, ownerReferences: _o, managedFields: _m, resourceVersion: _r, ...meta } = metadata;
    return { ...spec, metadata: meta };
  };
  return equal(rest(object), rest(old));
}

function roleOf(a: Attributes, rbac: Rbac): readonly PolicyRule[] {
  const { roleRef } = a.object as unknown as RoleBinding;
  const rules = rbac.roleRules(roleRef, a.namespace);
  if (rules) return rules;
  const resource = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  throw notFoundError({ group: GROUP, resource }, roleRef.name);
}

async function may(authorizer: Authorizer, a: Attributes, verb: 'bind' | 'escalate'): Promise<boolean> {
  const ref = (a.object as unknown as RoleBinding).roleRef;
  const resource = verb === 'bind' ? (ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles') : a.definition.plural;
  const d = await authorizer.authorize({
    user: a.user as UserInfo,
    verb,
    isResource: true,
    group: GROUP,
    version: '*',
    resource,
    subresource: '',
    namespace: a.namespace,
    // Nobody has the right to escalate a role that is not there yet by its name.
    name: verb === 'bind' ? ref.name : a.operation === 'CREATE' ? '' : a.name,
    path: '',
  });
  return d.decision === 'allow';
}

/** A rule as single permissions, so that each can be looked for. */
function singly(r: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const verb of r.verbs) {
    for (const nonResourceURL of r.nonResourceURLs ?? []) out.push({ verbs: [verb], nonResourceURLs: [nonResourceURL] });
    for (const group of r.apiGroups ?? []) {
      for (const resource of r.resources ?? []) {
        const names = r.resourceNames?.length ? r.resourceNames : [undefined];
        for (const name of names)
          out.push({ verbs: [verb], apiGroups: [group], resources: [resource], ...(name ? { resourceNames: [name] } : {}) });
      }
    }
  }
  return out;
}

const any = (list: readonly string[] | undefined, v: string): boolean => list !== undefined && (list.includes('*') || list.includes(v));

function includes(own: PolicyRule, one: PolicyRule): boolean {
  if (!any(own.verbs, one.verbs[0]!)) return false;
  if (one.nonResourceURLs)
    return (
      own.nonResourceURLs?.some(
        (u) => u === '*' || u === one.nonResourceURLs![0] || (u.endsWith('*') && one.nonResourceURLs![0]!.startsWith(u.slice(0, -1))),
      ) ?? false
    );
  const resource = one.resources![0]!;
  const sub = resource.includes('/') ? `*/${resource.split('/')[1]}` : '';
  return (
    any(own.apiGroups, one.apiGroups![0]!) &&
    (any(own.resources, resource) || (sub !== '' && own.resources?.includes(sub) === true)) &&
    (!own.resourceNames?.length || (one.resourceNames !== undefined && own.resourceNames.includes(one.resourceNames[0]!)))
  );
}

/** Permissions that differ in the verb alone, together again. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const by = new Map<string, PolicyRule>();
  for (const { verbs, ...target } of rules) {
    const key = JSON.stringify(target);
    const found = by.get(key);
    if (found) addAll(found.verbs, verbs);
    else by.set(key, { ...target, verbs: [...verbs] });
  }
  return [...by.values()];
}

function describe(r: PolicyRule): string {
  const list = (v: readonly string[]) => `[${v.map((x) => JSON.stringify(x)).join(' ')}]`;
  const parts: string[] = [];
  if (r.nonResourceURLs) parts.push(`NonResourceURLs:${list(r.nonResourceURLs)}`);
  if (r.apiGroups) parts.push(`APIGroups:${list(r.apiGroups)}`);
  if (r.resources) parts.push(`Resources:${list(r.resources)}`);
  if (r.resourceNames) parts.push(`ResourceNames:${list(r.resourceNames)}`);
  parts.push(`Verbs:${list(r.verbs)}`);
  return `{${parts.join(', ')}}`;
}
