/** Acting as another user. Source: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/ */

import { StatusError } from '../../meta/errors.js';
import { setOwn } from '../../util/own.js';
import type { Authorizer } from '../authorize/authorizer.js';
import { demand } from '../authorize/forbidden.js';
import { type ApiRequest, header, safeDecode, type UserInfo } from '../request.js';
import { AUTHENTICATED } from './authenticator.js';

const EXTRA = 'impersonate-extra-';

export async function impersonate(request: ApiRequest, user: UserInfo, authorizer: Authorizer): Promise<UserInfo> {
  const name = header(request, 'impersonate-user');
  const groups = [request.headers['impersonate-group'] ?? []].flat() as string[];
  const uid = header(request, 'impersonate-uid');
  const extras = Object.keys(request.headers).filter((h) => h.startsWith(EXTRA));
  if (!name) {
    if (groups.length || uid || extras.length)
      throw new StatusError(
        500,
        'InternalError',
        `Internal error occurred: requested ${JSON.stringify(groups)} without impersonating a user`,
      );
    return user;
  }
  const may = async (group: string, version: string, resource: string, subresource: string, namespace: string, target: string) => {
    const info = {
      verb: 'impersonate',
      path: request.path,
      isResource: true,
      group,
      version,
      resource,
      subresource,
      rest: '',
      namespace,
      name: target,
    };
    await demand(authorizer, user, info);
  };
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) await may('', 'v1', 'serviceaccounts', '', account[1]!, account[2]!);
  else await may('', 'v1', 'users', '', '', name);
  for (const g of groups) await may('', 'v1', 'groups', '', '', g);
  if (uid) await may('authentication.k8s.io', 'v1', 'uids', '', '', uid);
  const extra: Record<string, string[]> = {};
  for (const h of extras) {
    const key = safeDecode(h.slice(EXTRA.length));
    const values = [request.headers[h] ?? []].flat() as string[];
    for (const v of values) await may('authentication.k8s.io', 'v1', 'userextras', key, '', v);
    setOwn(extra, key, values);
  }
  const own = [...groups];
  if (account && !groups.length) own.push('system:serviceaccounts', `system:serviceaccounts:${account[1]}`);
  if (name !== 'system:anonymous' && !own.includes(AUTHENTICATED)) own.push(AUTHENTICATED);
  if (name === 'system:anonymous' && !own.includes('system:unauthenticated')) own.push('system:unauthenticated');
  return { name, groups: own, ...(uid ? { uid } : {}), ...(extras.length ? { extra } : {}) };
}
