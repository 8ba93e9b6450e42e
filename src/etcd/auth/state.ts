/**
 * Users, roles and whether they count: one value, kept whole as a note of the store, so that each change is atomic.
 * Users and roles are etcd's own messages (authpb.User, authpb.Role): what etcd keeps in its buckets `authUsers` and `authRoles`.
 */
import { decode, encode } from '../../store/proto/codec.js';
import type { Draft, Message } from '../../store/proto/message.js';

export type User = Message<'User'>;
export type Role = Message<'Role'>;
export type Permission = Message<'Permission'>;

/** The user that may turn authentication on, and the role that may do everything. */
export const ROOT = 'root';

export const PermissionType = { read: 0, write: 1, readWrite: 2 } as const;

export interface AuthState {
  readonly enabled: boolean;
  /** Grows with each change; starts at 1. */
  readonly revision: bigint;
  readonly users: ReadonlyMap<string, User>;
  readonly roles: ReadonlyMap<string, Role>;
}

export const NO_AUTH: AuthState = { enabled: false, revision: 1n, users: new Map(), roles: new Map() };

/** The name of the note that holds the state. */
export const AUTH_NOTE = 'etcd/auth';

/** The state that a store's note holds; a store without one has no users. */
export function readAuthState(note: Uint8Array | undefined): AuthState {
  if (note === undefined) return NO_AUTH;
  const { enabled, revision, users, roles } = decode('AuthState', note);
  return { enabled, revision, users: byName(users), roles: byName(roles) };
}

export function writeAuthState(state: AuthState): Uint8Array {
  const { enabled, revision } = state;
  return encode('AuthState', { enabled, revision, users: [...state.users.values()], roles: [...state.roles.values()] });
}

/** The bytes of authpb.User, by name: the entries of etcd's bucket `authUsers`. */
export const encodedUsers = (state: AuthState): (readonly [string, Uint8Array])[] =>
  [...state.users.values()].map((user) => [user.name, encode('User', user as Draft<'User'>)] as const);

/** The bytes of authpb.Role, by name: the entries of etcd's bucket `authRoles`. */
export const encodedRoles = (state: AuthState): (readonly [string, Uint8Array])[] =>
  [...state.roles.values()].map((role) => [role.name, encode('Role', role as Draft<'Role'>)] as const);

/** From the bytes of etcd's buckets. Throws ProtoError where they are no such messages. */
export function authStateOf(parts: {
  readonly enabled: boolean;
  readonly revision: bigint;
  readonly users: Iterable<Uint8Array>;
  readonly roles: Iterable<Uint8Array>;
}): AuthState {
  const users = [...parts.users].map((bytes) => decode('User', bytes));
  const roles = [...parts.roles].map((bytes) => decode('Role', bytes));
  return { enabled: parts.enabled, revision: parts.revision, users: byName(users), roles: byName(roles) };
}

/** In the order of names, as they are listed. */
export function byName<T extends { readonly name: string }>(items: Iterable<T>): ReadonlyMap<string, T> {
  return new Map([...items].sort((a, b) => (a.name < b.name ? -1 : 1)).map((item) => [item.name, item]));
}
