/**
 * What each call that manages users and roles makes of the state: functions from a state to the next one. The same state back means
 * that there was nothing to do. They throw etcd's errors.
 * Source: https://etcd.io/docs/latest/op-guide/authentication/rbac/
 */
import { errors } from '../grpc/status.js';
import { type AuthState, byName, type Permission, ROOT, type Role, type User } from './state.js';

export type Change = (state: AuthState) => AuthState;

const NO_BYTES = new Uint8Array(0);

export const enable: Change = (state) => {
  if (state.enabled) return state;
  const root = state.users.get(ROOT);
  if (!root) throw errors.rootUserMissing();
  if (!root.roles.includes(ROOT)) throw errors.rootRoleMissing();
  return { ...state, enabled: true };
};

export const disable: Change = (state) => (state.enabled ? next({ ...state, enabled: false }) : state);

/** `password`: its bcrypt hash; undefined for a user that shows a certificate. */
export const addUser =
  (name: string, password: Uint8Array | undefined): Change =>
  (state) => {
    if (name === '') throw errors.userEmpty();
    if (state.users.has(name)) throw errors.userExists();
    return withUser(state, { name, password: password ?? NO_BYTES, roles: [], options: { noPassword: password === undefined } });
  };

export const deleteUser =
  (name: string): Change =>
  (state) => {
    if (state.enabled && name === ROOT) throw errors.invalidAuthManagement();
    userOf(state, name);
    return next({ ...state, users: byName([...state.users.values()].filter((u) => u.name !== name)) });
  };

export const changePassword =
  (name: string, password: Uint8Array): Change =>
  (state) => {
    const user = userOf(state, name);
    return withUser(state, { ...user, password: user.options?.noPassword ? NO_BYTES : password });
  };

export const grantRole =
  (name: string, role: string): Change =>
  (state) => {
    const user = userOf(state, name);
    if (role !== ROOT) roleOf(state, role);
    if (user.roles.includes(role)) return state;
    return withUser(state, { ...user, roles: [...user.roles, role].sort() });
  };

export const revokeRole =
  (name: string, role: string): Change =>
  (state) => {
    if (state.enabled && name === ROOT && role === ROOT) throw errors.invalidAuthManagement();
    const user = userOf(state, name);
    if (!user.roles.includes(role)) throw errors.roleNotGranted();
    return withUser(state, { ...user, roles: user.roles.filter((r) => r !== role) });
  };

export const addRole =
  (name: string): Change =>
  (state) => {
    if (name === '') throw errors.roleEmpty();
    if (state.roles.has(name)) throw errors.roleExists();
    return withRole(state, { name, keyPermission: [] });
  };

export const deleteRole =
  (name: string): Change =>
  (state) => {
    if (state.enabled && name === ROOT) throw errors.invalidAuthManagement();
    roleOf(state, name);
    return next({
      ...state,
      roles: byName([...state.roles.values()].filter((r) => r.name !== name)),
      users: byName([...state.users.values()].map((u) => ({ ...u, roles: u.roles.filter((r) => r !== name) }))),
    });
  };

export const grantPermission =
  (name: string, permission: Permission | undefined): Change =>
  (state) => {
    if (!permission) throw errors.permissionNotGiven();
    const { key, rangeEnd } = permission;
    if (key === '' || (rangeEnd !== '' && rangeEnd !== '\0' && key >= rangeEnd)) throw errors.invalidAuthManagement();
    const role = roleOf(state, name);
    const others = role.keyPermission.filter((p) => !sameRange(p, permission));
    return withRole(state, { ...role, keyPermission: [...others, permission].sort((a, b) => compare(a.key, b.key)) });
  };

export const revokePermission =
  (name: string, range: Pick<Permission, 'key' | 'rangeEnd'>): Change =>
  (state) => {
    const role = roleOf(state, name);
    const keyPermission = role.keyPermission.filter((p) => !sameRange(p, range));
    if (keyPermission.length === role.keyPermission.length) throw errors.permissionNotGranted();
    return withRole(state, { ...role, keyPermission });
  };

export function userOf(state: AuthState, name: string): User {
  const user = state.users.get(name);
  if (!user) throw errors.userNotFound();
  return user;
}

export function roleOf(state: AuthState, name: string): Role {
  const role = state.roles.get(name);
  if (!role) throw errors.roleNotFound();
  return role;
}

const next = (state: AuthState): AuthState => ({ ...state, revision: state.revision + 1n });

const withUser = (state: AuthState, user: User): AuthState =>
  next({ ...state, users: byName([...[...state.users.values()].filter((u) => u.name !== user.name), user]) });

const withRole = (state: AuthState, role: Role): AuthState =>
  next({ ...state, roles: byName([...[...state.roles.values()].filter((r) => r.name !== role.name), role]) });

const sameRange = (a: Pick<Permission, 'key' | 'rangeEnd'>, b: Pick<Permission, 'key' | 'rangeEnd'>): boolean =>
  a.key === b.key && a.rangeEnd === b.rangeEnd;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
