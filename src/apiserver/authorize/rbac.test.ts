/** What a rule covers, whose rules count where, and how authorizers are asked together. */
import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../api/types/rbac/v1.js';
import { requestInfo } from '../request.js';
import type { ResourceCache } from '../storage/cache.js';
import { type AccessAttributes, type Authorizer, alwaysAllow, alwaysDeny, type Decision, union } from './authorizer.js';
import { forbiddenAnswer } from './forbidden.js';
import { covers, mastersAllowed, Rbac } from './rbac.js';

const eve = { name: 'eve', groups: ['g', 'system:authenticated'] };
/** `verb group/resource/subresource namespace/name`, or `verb //path`. */
function asked(text: string, user = eve): AccessAttributes {
  const [verb = '', what = '', target = '/'] = text.split(' ');
  const none = { user, verb, group: '', version: 'v1', resource: '', subresource: '', namespace: '', name: '' };
  if (what.startsWith('//')) return { ...none, isResource: false, path: what.slice(1) };
  const [group = '', resource = '', subresource = ''] = what.split('/');
  const [namespace = '', name = ''] = target.split('/');
  return { ...none, isResource: true, path: '/x', group, resource, subresource, namespace, name };
}
const rule = (verbs: string, resources: string, more: Partial<PolicyRule> = {}): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: [''],
  resources: resources.split(','),
  ...more,
});
const paths = (verbs: string, ...nonResourceURLs: string[]): PolicyRule => ({ verbs: verbs.split(','), nonResourceURLs });

describe('a rule', () => {
  it.each<[PolicyRule, string, boolean]>([
    [rule('get', 'pods'), 'get /pods ns/p', true],
    [rule('get', 'pods'), 'list /pods ns/', false],
    [rule('get', 'pods'), 'get /secrets ns/p', false],
    [rule('get', 'pods'), 'get apps/pods ns/p', false],
    [rule('get', 'pods', { apiGroups: ['*'] }), 'get apps/pods ns/p', true],
    [rule('get', 'pods', { apiGroups: [] }), 'get /pods ns/p', false],
    [rule('*', 'pods'), 'deletecollection /pods ns/', true],
    [rule('*', 'pods'), ' /pods ns/', true],
    [rule('options', 'pods'), ' /pods ns/', false],
    [rule('get', '*'), 'get /secrets ns/s', true],
    [rule('get', '*'), 'get /pods/log ns/p', true],
    [rule('get', 'pods'), 'get /pods/log ns/p', false],
    [rule('get', 'pods/log'), 'get /pods/log ns/p', true],
    [rule('get', 'pods/log'), 'get /pods ns/p', false],
    [rule('get', '*/log'), 'get /pods/log ns/p', true],
    [rule('get', '*/log'), 'get /pods/exec ns/p', false],
    [rule('get', '*/'), 'get /pods ns/p', false],
    [rule('get', 'pods/*'), 'get /pods/log ns/p', false],
    [rule('get', 'pods', { resourceNames: ['a'] }), 'get /pods ns/a', true],
    [rule('get', 'pods', { resourceNames: ['a'] }), 'get /pods ns/b', false],
    [rule('list', 'pods', { resourceNames: ['a'] }), 'list /pods ns/', false],
    [rule('list', 'pods', { resourceNames: ['a'] }), 'list /pods ns/a', true],
    [rule('deletecollection', 'pods', { resourceNames: ['a'] }), 'deletecollection /pods ns/', false],
    [rule('create', 'pods', { resourceNames: ['a'] }), 'create /pods ns/', false],
    [rule('get', 'pods', { resourceNames: [] }), 'get /pods ns/b', true],
    [rule('get', 'pods', { resourceNames: ['*'] }), 'get /pods ns/b', false],
    [rule('get', '*'), 'get //healthz', false],
    [paths('get', '/healthz'), 'get //healthz', true],
    [paths('get', '/healthz'), 'post //healthz', false],
    [paths('get', '/healthz'), 'get //healthz/x', false],
    [paths('get', '/healthz/*'), 'get //healthz/x', true],
    [paths('get', '/healthz/*'), 'get //healthz', false],
    [paths('get', '*'), 'get //anything', true],
    [paths('*', '*'), 'get /pods ns/p', false],
  ])('%j, %s: %s', (r, text, right) => {
    expect(covers(r, asked(text))).toBe(right);
  });
});

interface Stored {
  roles?: Record<string, PolicyRule[]>;
  clusterRoles?: Record<string, PolicyRule[]>;
  roleBindings?: Record<string, object>;
  clusterRoleBindings?: Record<string, object>;
}

/** Caches by `namespace/name` or `name`. */
function rbac(stored: Stored): Rbac {
  const cache = (prefix: string, objects: Record<string, object>) =>
    ({
      prefix: `/${prefix}/`,
      version: 1,
      get: (key: string) => (objects[key.slice(prefix.length + 2)] ? { object: objects[key.slice(prefix.length + 2)] } : undefined),
      list: (ns: string) => Object.entries(objects).flatMap(([k, object]) => (!ns || k.startsWith(`${ns}/`) ? [{ object }] : [])),
    }) as unknown as ResourceCache;
  const withRules = (of: Record<string, PolicyRule[]> = {}) => Object.fromEntries(Object.entries(of).map(([k, rules]) => [k, { rules }]));
  return new Rbac({
    roles: cache('roles', withRules(stored.roles)),
    clusterRoles: cache('clusterroles', withRules(stored.clusterRoles)),
    roleBindings: cache('rolebindings', stored.roleBindings ?? {}),
    clusterRoleBindings: cache('clusterrolebindings', stored.clusterRoleBindings ?? {}),
  });
}
const bound = (kind: 'Role' | 'ClusterRole', name: string, ...subjects: object[]) => ({ roleRef: { kind, name }, subjects });
const user = (name: string) => ({ kind: 'User', name });

describe('bindings', () => {
  const reader = [rule('get', 'pods')];
  const authorizer = rbac({
    roles: { 'a/reader': reader, 'b/reader': [rule('get', 'secrets')] },
    clusterRoles: { reader, admin: [rule('*', '*', { apiGroups: ['*'] }), paths('*', '*')] },
    roleBindings: {
      'a/x': bound('Role', 'reader', user('eve')),
      'b/x': bound('ClusterRole', 'reader', user('eve')),
      'c/x': bound('Role', 'reader', user('eve')),
      'd/x': bound('ClusterRole', 'admin', { kind: 'ServiceAccount', name: 'sa' }),
      'e/x': { roleRef: { kind: 'ClusterRole', name: 'admin' } },
    },
    clusterRoleBindings: {
      y: bound(
        'ClusterRole',
        'admin',
        { kind: 'Group', name: 'admins' },
        { kind: 'ServiceAccount', namespace: 'k', name: 'sa' },
        { kind: 'Robot', name: 'eve' },
      ),
    },
  });
  const said = (text: string, who: { name: string; groups: string[] } = eve) => {
    const { decision, reason } = authorizer.authorize(asked(text, who));
    return decision === 'allow' ? 'yes' : reason || 'no';
  };
  const account = (ns: string) => ({ name: `system:serviceaccount:${ns}:sa`, groups: [] });
  it.each<[string, string, { name: string; groups: string[] } | undefined, string]>([
    ['a role in its namespace', 'get /pods a/p', undefined, 'yes'],
    ['a role elsewhere', 'get /pods d/p', undefined, 'no'],
    ['a role across namespaces', 'get /pods /p', undefined, 'no'],
    ['a role for something else', 'get /secrets a/p', undefined, 'no'],
    ['a cluster role in a namespace', 'get /pods b/p', undefined, 'yes'],
    ['not the role of that name', 'get /secrets b/p', undefined, 'no'],
    ['a role that is not there', 'get /pods c/p', undefined, 'RBAC: role.rbac.authorization.k8s.io "reader" not found'],
    ['a group', 'delete /nodes /n', { name: 'x', groups: ['admins'] }, 'yes'],
    ['a group that is a user', 'delete /nodes /n', { name: 'admins', groups: [] }, 'no'],
    ['an account anywhere', 'get //metrics', account('k'), 'yes'],
    ['an account of another namespace', 'get //metrics', account('d'), 'no'],
    ['an account of the binding', 'delete /pods d/p', account('d'), 'yes'],
    ['that account elsewhere', 'delete /pods a/p', account('d'), 'no'],
    ['nobody', 'delete /pods e/p', undefined, 'no'],
  ])('%s', (_what, text, who, right) => {
    expect(said(text, who)).toBe(right);
  });
  it('tells the rules', () => {
    expect(authorizer.allRules(eve, '')).toEqual([]);
    expect(authorizer.allRules(eve, 'a')).toEqual(reader);
    const admin = { name: 'x', groups: ['admins'] };
    expect(authorizer.rules(admin, 'a')).toMatchObject({
      incomplete: false,
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    });
    expect(authorizer.roleRules({ kind: 'Role', name: 'reader' }, 'b')).toEqual([rule('get', 'secrets')]);
    expect(authorizer.roleRules({ kind: 'ClusterRole', name: 'gone' }, '')).toBeUndefined();
  });
});

describe('authorizers together', () => {
  const saying = (decision: Decision['decision'], reason = ''): Authorizer => ({
    authorize: async () => ({ decision, reason }),
    rules: () => ({ resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: reason }),
  });
  it.each<[string, Authorizer[], Decision]>([
    ['none', [], { decision: 'no-opinion', reason: '' }],
    ['the first that allows', [saying('no-opinion', 'a'), saying('allow', 'b'), saying('deny', 'c')], { decision: 'allow', reason: 'b' }],
    ['the first that denies', [saying('deny', 'a'), saying('allow')], { decision: 'deny', reason: 'a' }],
    [
      'nobody, with reasons',
      [saying('no-opinion', 'a'), saying('no-opinion'), saying('no-opinion', 'c')],
      { decision: 'no-opinion', reason: 'a\nc' },
    ],
    ['always', [alwaysAllow], { decision: 'allow', reason: '' }],
    ['never', [alwaysDeny], { decision: 'no-opinion', reason: 'Everything is forbidden.' }],
    ['never, then always', [alwaysDeny, alwaysAllow], { decision: 'allow', reason: '' }],
    ['the masters', [mastersAllowed], { decision: 'no-opinion', reason: '' }],
  ])('%s', async (_what, authorizers, right) => {
    expect(await union(authorizers).authorize(asked('get /pods ns/p'))).toEqual(right);
  });
  it('joins their rules', async () => {
    const everything = {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    };
    expect(await union([alwaysAllow, alwaysDeny]).rules(eve, '')).toEqual({ ...everything, incomplete: false });
    expect(await union([alwaysAllow, saying('allow', 'a'), saying('allow', 'b')]).rules(eve, '')).toEqual({
      ...everything,
      incomplete: true,
      evaluationError: 'a; b',
    });
  });
  it('lets the masters do everything', () => {
    const root = { name: 'root', groups: ['system:masters'] };
    expect(mastersAllowed.authorize(asked('delete /nodes /n', root))).toEqual({ decision: 'allow', reason: '' });
    expect(mastersAllowed.rules(root, '')).toMatchObject({ resourceRules: [{ verbs: ['*'] }], nonResourceRules: [{ verbs: ['*'] }] });
    expect(mastersAllowed.rules(eve, '')).toEqual({ resourceRules: [], nonResourceRules: [], incomplete: false });
  });
});

it.each<[string, string, string]>([
  [
    'GET /api/v1/namespaces/ns/pods/p',
    '',
    'pods "p" is forbidden: User "eve" cannot get resource "pods" in API group "" in the namespace "ns"',
  ],
  [
    'GET /apis/apps/v1/deployments',
    '',
    'deployments.apps is forbidden: User "eve" cannot list resource "deployments" in API group "apps" at the cluster scope',
  ],
  [
    'POST /api/v1/namespaces/ns/pods/p/exec',
    'why',
    'pods "p" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "ns": why',
  ],
  ['GET /healthz', 'why', 'forbidden: User "eve" cannot get path "/healthz": why'],
])('the refusal of %s', (text, reason, right) => {
  const [method = '', path = ''] = text.split(' ');
  const answer = forbiddenAnswer(eve, requestInfo({ method, path, query: new URLSearchParams(), headers: {} }), reason);
  expect(answer).toMatchObject({ code: 403, reason: 'Forbidden', message: right });
});

it('what people ask about is not kept: neither namespaces that have no bindings, nor users with names without end', () => {
  const subjects = [{ kind: 'User', name: 'eve' }];
  const roleRef = { kind: 'Role', name: 'r' };
  const authorizer = rbac({ roles: { 'ns/r': [rule('get', 'pods')] }, roleBindings: { 'ns/b': { subjects, roleRef } } });
  for (let i = 0; i < 1000; i++) authorizer.authorize(asked(`get /pods ${'y'.repeat(100)}${i}/p`));
  for (let i = 0; i < 10; i++) authorizer.authorize(asked('get /pods ns/p', { name: `${'u'.repeat(10_000)}${i}`, groups: [] }));
  expect(authorizer.authorize(asked('get /pods ns/p')).decision).toBe('allow');
  expect(authorizer.size).toEqual({ users: 1, namespaces: 1 });
});
