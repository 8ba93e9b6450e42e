/** etcdserverpb.Auth: off, and cannot be turned on yet. */
import { type EtcdContext, header } from '../context.js';
import { refused, service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { Code } from '../grpc/status.js';

const METHODS = [
  'AuthEnable',
  'UserAdd',
  'UserGet',
  'UserList',
  'UserDelete',
  'UserChangePassword',
  'UserGrantRole',
  'UserRevokeRole',
  'RoleAdd',
  'RoleGet',
  'RoleList',
  'RoleDelete',
  'RoleGrantPermission',
  'RoleRevokePermission',
];

export function authService(c: EtcdContext): [string, Method][] {
  return service('etcdserverpb.Auth', {
    ...Object.fromEntries(
      METHODS.map((name) => [name, refused(`k8ts: Auth.${name} is not built yet; use client certificates to keep others out`)]),
    ),
    AuthStatus: unary('AuthStatusRequest', 'AuthStatusResponse', async () => ({
      header: header(c, c.store.revision),
      enabled: false,
      authRevision: 1n,
    })),
    AuthDisable: refused('etcdserver: authentication is not enabled', Code.failedPrecondition),
    Authenticate: refused('etcdserver: authentication is not enabled', Code.failedPrecondition),
  });
}
