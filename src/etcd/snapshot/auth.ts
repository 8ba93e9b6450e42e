/** Users and roles on their way between the store's notes and etcd's buckets `auth`, `authUsers` and `authRoles`. */
import { AUTH_NOTE, authStateOf, encodedRoles, encodedUsers, readAuthState, writeAuthState } from '../auth/state.js';

export type Notes = readonly (readonly [string, Uint8Array])[];

export interface AuthRows {
  readonly enabled: boolean;
  readonly revision: bigint;
  /** By name; the values are etcd's authpb.User and authpb.Role. */
  readonly users: readonly (readonly [name: string, value: Uint8Array])[];
  readonly roles: readonly (readonly [name: string, value: Uint8Array])[];
}

export function authRowsOf(notes: Notes): AuthRows {
  const state = readAuthState(notes.find(([name]) => name === AUTH_NOTE)?.[1]);
  return { enabled: state.enabled, revision: state.revision, users: encodedUsers(state), roles: encodedRoles(state) };
}

/** The notes that make a store have these users and roles; none where nobody made any. Throws ProtoError where a row is no such message. */
export function authNotesOf(rows: AuthRows): Notes {
  if (!rows.enabled && rows.users.length === 0 && rows.roles.length === 0) return [];
  const values = (of: AuthRows['users']) => of.map(([, value]) => value);
  return [[AUTH_NOTE, writeAuthState(authStateOf({ ...rows, users: values(rows.users), roles: values(rows.roles) }))]];
}
