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
    const missing = missingOf(wanted, own);
    if (!missing)
      throw refusal(a, `the rules grant more than ${SINGLE_LIMIT} permissions, which are not held by one rule each: write fewer`);
    // An aggregated role gathers whatever anyone labels: only who has everything may make or change one.
    if (!missing.length && (aggregates(a.object) || aggregates(a.oldObject)) && missingOf(EVERYTHING, own)?.length !== 0)
      throw refusal(a, 'must have cluster-admin privileges to use the aggregationRule');
    if (!missing.length) return;
    const lines = compact(missing).map(describe).sort().slice(0, LINES_TOLD).join('\n');
    throw refusal(
      a,
      `user ${JSON.stringify(a.user.name)} (groups=${JSON.stringify(a.user.groups).replace(/,/g, ' ')}) is attempting to grant RBAC permissions not currently held:\n${lines}`,
    );
  },
});

/** Rules are products of their lists: more single permissions are not looked for. */
const SINGLE_LIMIT = 20_000;
/** Comparisons of one permission with one rule. */
const WORK_LIMIT = 2_000_000;
const LINES_TOLD = 1_000;

/** Single permissions that are wanted and not held; undefined: there are too many to look for. */
export function missingOf(wanted: readonly PolicyRule[], own: readonly PolicyRule[]): PolicyRule[] | undefined {
  const held = own.map((rule) => new Held(rule));
  // Most rules are held as they are, by one rule.
  const rest = wanted.filter((rule) => !held.some((h) => h.covers(rule)));
  const count = rest.reduce((n, rule) => n + singles(rule), 0);
  if (count > SINGLE_LIMIT || count * own.length > WORK_LIMIT) return undefined;
  return rest.flatMap(singly).filter((one) => !held.some((h) => h.covers(one)));
}

/** How many single permissions a rule is made of. */
const singles = (r: PolicyRule): number =>
  r.verbs.length *
  ((r.nonResourceURLs?.length ?? 0) + (r.apiGroups?.length ?? 0) * (r.resources?.length ?? 0) * Math.max(r.resourceNames?.length ?? 0, 1));

/** A rule somebody has, made ready to be asked often. */
class Held {
  private readonly verbs: ReadonlySet<string>;
  private readonly groups: ReadonlySet<string>;
  private readonly resources: ReadonlySet<string>;
  private readonly names: ReadonlySet<string>;
  private readonly urls: ReadonlySet<string>;
  private readonly prefixes: readonly string[];

  constructor(own: PolicyRule) {
    this.verbs = new Set(own.verbs);
    this.groups = new Set(own.apiGroups);
    this.resources = new Set(own.resources);
    this.names = new Set(own.resourceNames);
    this.urls = new Set(own.nonResourceURLs);
    this.prefixes = (own.nonResourceURLs ?? []).filter((u) => u.endsWith('*')).map((u) => u.slice(0, -1));
  }

  /** Whether all of a rule, or a single permission, is held. */
  covers(wanted: PolicyRule): boolean {
    if (!all(wanted.verbs, this.verbs)) return false;
    const { nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = wanted;
    if (!nonResourceURLs.every((u) => this.urls.has(u) || this.prefixes.some((p) => u.startsWith(p)))) return false;
    if (!apiGroups.length || !resources.length) return nonResourceURLs.length > 0;
    return (
      all(apiGroups, this.groups) &&
      resources.every((r) => this.resources.has('*') || this.resources.has(r) || this.resources.has(anySubresource(r))) &&
      (!this.names.size || (resourceNames.length > 0 && resourceNames.every((n) => this.names.has(n))))
    );
  }
}

const all = (wanted: readonly string[], own: ReadonlySet<string>): boolean => own.has('*') || wanted.every((w) => own.has(w));
/** `*\/log` for `pods/log`; nothing that stands in a rule for what has no subresource. */
function anySubresource(resource: string): string {
  const at = resource.indexOf('/');
  return at < 0 ? '\0' : `*/${resource.slice(at + 1).split('/', 1)[0]}`;
}

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
