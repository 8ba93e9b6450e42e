/** etcdserverpb.Auth: users, roles, and turning authentication on and off. */
import type { Message, MessageName } from '../../store/proto/message.js';
import * as changes from '../auth/changes.js';
import { roleOf, userOf } from '../auth/changes.js';
import { PermissionType, ROOT } from '../auth/state.js';
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { errors } from '../grpc/status.js';

/** What the root role may: everything. */
const EVERYTHING = { permType: PermissionType.readWrite, key: '', rangeEnd: '\0' };

export function authService(c: EtcdContext): [string, Method][] {
  return service('etcdserverpb.Auth', { ...switches(c), ...userMethods(c), ...roleMethods(c) });
}

/** A call for root that changes something and answers with a header. */
type ChangeName = MessageName & `Auth${string}Request`;
function changing<Name extends ChangeName>(
  c: EtcdContext,
  input: Name,
  output: 'AuthEnableResponse',
  change: (r: Message<Name>) => changes.Change | Promise<changes.Change>,
  after?: (r: Message<Name>) => void,
): Method {
  return unary(input, output, async (r, signal) => {
    c.auth.needRoot(signal);
    const made = await change(r);
    await c.auth.change((state) => {
      // Hashing takes its time, and others change things meanwhile.
      c.auth.needRoot(signal);
      return made(state);
    });
    after?.(r);
    return { header: header(c, c.store.revision) };
  });
}

/** The answers of all changes are one header. */
const DONE = 'AuthEnableResponse';

function switches(c: EtcdContext): Record<string, Method> {
  const { auth } = c;
  return {
    AuthEnable: changing(c, 'AuthEnableRequest', DONE, () => changes.enable),
    AuthDisable: changing(c, 'AuthDisableRequest', DONE, () => changes.disable),
    AuthStatus: unary('AuthStatusRequest', 'AuthStatusResponse', async (_, signal) => {
      auth.needRoot(signal);
      return { header: header(c, c.store.revision), enabled: auth.enabled, authRevision: auth.state.revision };
    }),
    Authenticate: unary('AuthenticateRequest', 'AuthenticateResponse', async ({ name, password }) => {
      const token = await auth.authenticate(name, password);
      return { header: header(c, c.store.revision), token };
    }),
  };
}

function userMethods(c: EtcdContext): Record<string, Method> {
  const { auth } = c;
  return {
    UserAdd: changing(c, 'AuthUserAddRequest', DONE, async (r) =>
      changes.addUser(r.name, r.options?.noPassword ? undefined : await auth.hash(r.password)),
    ),
    UserDelete: changing(
      c,
      'AuthUserDeleteRequest',
      DONE,
      (r) => changes.deleteUser(r.name),
      (r) => auth.forget(r.name),
    ),
    UserChangePassword: changing(
      c,
      'AuthUserChangePasswordRequest',
      DONE,
      async (r) => changes.changePassword(r.name, r.password === '' ? hashed(r.hashedPassword) : await auth.hash(r.password)),
      (r) => auth.forget(r.name),
    ),
    UserGrantRole: changing(c, 'AuthUserGrantRoleRequest', DONE, (r) => changes.grantRole(r.user, r.role)),
    UserRevokeRole: changing(c, 'AuthUserRevokeRoleRequest', DONE, (r) => changes.revokeRole(r.name, r.role)),
    UserGet: unary('AuthUserGetRequest', 'AuthUserGetResponse', async (r, signal) => {
      // Everyone may ask about oneself.
      if (auth.enabled && auth.userOf(signal) !== r.name) auth.needRoot(signal);
      return { header: header(c, c.store.revision), roles: userOf(auth.state, r.name).roles };
    }),
    UserList: unary('AuthUserListRequest', 'AuthUserListResponse', async (_, signal) => {
      auth.needRoot(signal);
      return { header: header(c, c.store.revision), users: [...auth.state.users.keys()] };
    }),
  };
}

function roleMethods(c: EtcdContext): Record<string, Method> {
  const { auth } = c;
  return {
    RoleAdd: changing(c, 'AuthRoleAddRequest', DONE, (r) => changes.addRole(r.name)),
    RoleDelete: changing(c, 'AuthRoleDeleteRequest', DONE, (r) => changes.deleteRole(r.role)),
    RoleGrantPermission: changing(c, 'AuthRoleGrantPermissionRequest', DONE, (r) => changes.grantPermission(r.name, r.perm)),
    RoleRevokePermission: changing(c, 'AuthRoleRevokePermissionRequest', DONE, (r) => changes.revokePermission(r.role, r)),
    RoleGet: unary('AuthRoleGetRequest', 'AuthRoleGetResponse', async (r, signal) => {
      if (auth.enabled && !hasRole(c, auth.userOf(signal), r.role)) auth.needRoot(signal);
      const role = roleOf(auth.state, r.role);
      return { header: header(c, c.store.revision), perm: role.name === ROOT ? [EVERYTHING] : role.keyPermission };
    }),
    RoleList: unary('AuthRoleListRequest', 'AuthRoleListResponse', async (_, signal) => {
      auth.needRoot(signal);
      return { header: header(c, c.store.revision), roles: [...auth.state.roles.keys()] };
    }),
  };
}

/** Everyone may ask what the own roles allow. */
const hasRole = (c: EtcdContext, user: string | undefined, role: string): boolean =>
  user !== undefined && (c.auth.state.users.get(user)?.roles.includes(role) ?? false);

/** A hash that the caller worked out: base64 of it. */
function hashed(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (ch) => ch.charCodeAt(0));
  } catch {
    throw errors.noPasswordUser();
  }
}
