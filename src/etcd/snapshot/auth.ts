/** Users and roles on their way between the store's notes and etcd's buckets `auth`, `authUsers` and `authRoles`. */
import { decode, encode } from '../../store/proto/codec.js';

export type Notes = readonly (readonly [string, Uint8Array])[];

export interface AuthRows {
  readonly enabled: boolean;
  readonly revision: bigint;
  /** By name; the values are etcd's authpb.User and authpb.Role. */
  readonly users: readonly (readonly [name: string, value: Uint8Array])[];
  readonly roles: readonly (readonly [name: string, value: Uint8Array])[];
}

/** The note that holds it all, as an AuthState. */
export const AUTH_NOTE = 'etcd/auth';
/** What etcd has before anyone made a user. */
const NO_AUTH: AuthRows = { enabled: false, revision: 1n, users: [], roles: [] };

export function authRowsOf(notes: Notes): AuthRows {
  const note = notes.find(([name]) => name === AUTH_NOTE)?.[1];
  if (!note || note.length === 0) return NO_AUTH;
  const { enabled, revision, users, roles } = decode('AuthState', note);
  const rows = (of: typeof users) => of.map(({ name, value }) => [name, value] as const);
  return { enabled, revision, users: rows(users), roles: rows(roles) };
}

/** The notes that make a store have these users and roles; none where nobody made any. */
export function authNotesOf(rows: AuthRows): Notes {
  if (!rows.enabled && rows.users.length === 0 && rows.roles.length === 0) return [];
  const list = (of: AuthRows['users']) => of.map(([name, value]) => ({ name, value }));
  return [[AUTH_NOTE, encode('AuthState', { ...rows, users: list(rows.users), roles: list(rows.roles) })]];
}
