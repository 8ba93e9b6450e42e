/** Acting as another user: what each part of him takes, and who he then is. */
import { describe, expect, it } from 'vitest';
import { allowing } from '../admission/testing.js';
import type { ApiRequest } from '../request.js';
import { impersonate } from './impersonate.js';

const root = { name: 'root', groups: ['admins'] };
const request = (headers: ApiRequest['headers']): ApiRequest => ({ method: 'GET', path: '/api', query: new URLSearchParams(), headers });
const become = (headers: ApiRequest['headers'], ...allowed: string[]): Promise<object | string> =>
  impersonate(request(headers), root, allowing(...allowed.map((a) => `impersonate ${a}`))).catch((e) => `${e.code} ${e.message}`);
const USER = '/users /eve';
const SA = '/serviceaccounts ns/sa';
const AUTH = 'system:authenticated';

describe('who one becomes', () => {
  it.each<[string, ApiRequest['headers'], string[], object]>([
    ['oneself, without headers', {}, [], root],
    ['a user', { 'impersonate-user': 'eve' }, [USER], { name: 'eve', groups: [AUTH] }],
    [
      'a user with groups',
      { 'impersonate-user': 'eve', 'impersonate-group': ['a', 'b'] },
      [USER, '/groups /a', '/groups /b'],
      { name: 'eve', groups: ['a', 'b', AUTH] },
    ],
    [
      'a user with one group',
      { 'impersonate-user': 'eve', 'impersonate-group': AUTH },
      [USER, `/groups /${AUTH}`],
      { name: 'eve', groups: [AUTH] },
    ],
    [
      'a user with a uid',
      { 'impersonate-user': 'eve', 'impersonate-uid': '7' },
      [USER, 'authentication.k8s.io/uids /7'],
      { name: 'eve', uid: '7', groups: [AUTH] },
    ],
    [
      'a user with extras',
      { 'impersonate-user': 'eve', 'impersonate-extra-a%2fb': ['1', '2'] },
      [USER, 'authentication.k8s.io/userextras /1', 'authentication.k8s.io/userextras /2'],
      { name: 'eve', groups: [AUTH], extra: { 'a/b': ['1', '2'] } },
    ],
    [
      'an account',
      { 'impersonate-user': 'system:serviceaccount:ns:sa' },
      [SA],
      { name: 'system:serviceaccount:ns:sa', groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', AUTH] },
    ],
    [
      'an account with groups of its own',
      { 'impersonate-user': 'system:serviceaccount:ns:sa', 'impersonate-group': 'a' },
      [SA, '/groups /a'],
      { name: 'system:serviceaccount:ns:sa', groups: ['a', AUTH] },
    ],
    [
      'nobody',
      { 'impersonate-user': 'system:anonymous' },
      ['/users /system:anonymous'],
      { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
    [
      'nobody, in his group',
      { 'impersonate-user': 'system:anonymous', 'impersonate-group': 'system:unauthenticated' },
      ['/users /system:anonymous', '/groups /system:unauthenticated'],
      { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
    [
      'a user whose name is almost an account',
      { 'impersonate-user': 'system:serviceaccount:ns' },
      ['/users /system:serviceaccount:ns'],
      { name: 'system:serviceaccount:ns', groups: [AUTH] },
    ],
  ])('%s', async (_what, headers, allowed, right) => {
    expect(await become(headers, ...allowed)).toEqual(right);
  });
});

describe('what is refused', () => {
  it.each<[string, ApiRequest['headers'], string[], string]>([
    [
      'a user',
      { 'impersonate-user': 'eve' },
      [],
      '403 users "eve" is forbidden: User "root" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [
      'an account',
      { 'impersonate-user': 'system:serviceaccount:ns:sa' },
      [USER],
      '403 serviceaccounts "sa" is forbidden: User "root" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "ns"',
    ],
    [
      'one of two groups',
      { 'impersonate-user': 'eve', 'impersonate-group': ['a', 'b'] },
      [USER, '/groups /a'],
      '403 groups "b" is forbidden: User "root" cannot impersonate resource "groups" in API group "" at the cluster scope',
    ],
    [
      'a uid',
      { 'impersonate-user': 'eve', 'impersonate-uid': '7' },
      [USER],
      '403 uids.authentication.k8s.io "7" is forbidden: User "root" cannot impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope',
    ],
    [
      'an extra',
      { 'impersonate-user': 'eve', 'impersonate-extra-a': '1' },
      [USER],
      '403 userextras.authentication.k8s.io "1" is forbidden: User "root" cannot impersonate resource "userextras/a" in API group "authentication.k8s.io" at the cluster scope',
    ],
    [
      'groups without a user',
      { 'impersonate-group': ['a'] },
      ['/groups /a'],
      '500 Internal error occurred: requested ["a"] without impersonating a user',
    ],
    ['a uid without a user', { 'impersonate-uid': '7' }, [], '500 Internal error occurred: requested [] without impersonating a user'],
    [
      'an extra without a user',
      { 'impersonate-extra-a': '1' },
      [],
      '500 Internal error occurred: requested [] without impersonating a user',
    ],
  ])('%s', async (_what, headers, allowed, right) => {
    expect(await become(headers, ...allowed)).toBe(right);
  });
});
