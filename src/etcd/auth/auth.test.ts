import { beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../store/memory.js';
import type { Store } from '../../store/store.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import { Auth } from './auth.js';
import * as changes from './changes.js';
import { KeyRanges } from './ranges.js';
import { AUTH_NOTE, authStateOf, encodedRoles, encodedUsers, NO_AUTH, PermissionType, readAuthState, writeAuthState } from './state.js';

const OPTIONS = { tokenTtl: 300, bcryptCost: 4 };
const nobody = { token: undefined, commonName: undefined };
const withToken = (token: string) => ({ token, commonName: undefined });
const withName = (commonName: string) => ({ token: undefined, commonName });

let clock: VirtualClock;
let store: ReturnType<typeof openMemoryStore>;
let auth: Auth;

beforeEach(async () => {
  clock = new VirtualClock();
  const env = { clock, random: realRandom, log: silentLogger };
  store = openMemoryStore({ env });
  auth = new Auth(store, env, OPTIONS);
  await auth.change(changes.addUser('root', await auth.hash('pw')));
  await auth.change(changes.grantRole('root', 'root'));
  await auth.change(changes.addUser('ann', await auth.hash('secret')));
  await auth.change(changes.addUser('cert', undefined));
  await auth.change(changes.addRole('reader'));
  await auth.change(changes.grantPermission('reader', { permType: PermissionType.read, key: 'a', rangeEnd: 'c' }));
  await auth.change(changes.grantRole('ann', 'reader'));
  await auth.change(changes.grantRole('cert', 'reader'));
});

describe('authentication', () => {
  it('lets everyone do everything until it is enabled', () => {
    expect(() => auth.needRoot(nobody)).not.toThrow();
    expect(() => auth.need(undefined, 'write', { key: 'x' })).not.toThrow();
  });

  it('gives a token for a password, which lives as long as it is used', async () => {
    await auth.change(changes.enable);
    const token = await auth.authenticate('ann', 'secret');
    expect(token).toMatch(/^[a-zA-Z]{16}\.\d+$/);
    for (let i = 0; i < 3; i++) {
      await clock.advance(299_000);
      expect(auth.userOf(withToken(token))).toBe('ann');
    }
    await clock.advance(301_000);
    expect(() => auth.userOf(withToken(token))).toThrow('etcdserver: invalid auth token');
  });

  it('forgets the tokens of a user whose password changes, and all when it is disabled', async () => {
    await auth.change(changes.enable);
    const [ann, root] = [await auth.authenticate('ann', 'secret'), await auth.authenticate('root', 'pw')];
    auth.forget('ann');
    expect(() => auth.userOf(withToken(ann))).toThrow('invalid auth token');
    expect(auth.userOf(withToken(root))).toBe('root');
    await auth.change(changes.disable);
    await auth.change(changes.enable);
    expect(() => auth.userOf(withToken(root))).toThrow('invalid auth token');
  });

  it.each([
    ['ann', 'wrong', 'authentication failed, invalid user ID or password'],
    ['nobody', 'secret', 'authentication failed, invalid user ID or password'],
    ['cert', '', 'password was given for no password user'],
  ])('refuses %s with %j', async (name, password, text) => {
    await auth.change(changes.enable);
    await expect(auth.authenticate(name, password)).rejects.toThrow(text);
  });

  it('takes the name of a certificate, and a token before it', async () => {
    await auth.change(changes.enable);
    const token = await auth.authenticate('root', 'pw');
    expect(auth.userOf(withName('cert'))).toBe('cert');
    expect(auth.userOf({ token, commonName: 'cert' })).toBe('root');
    expect(() => auth.need('cert', 'read', { key: 'b' })).not.toThrow();
    expect(() => auth.need('cert', 'write', { key: 'b' })).toThrow('permission denied');
    expect(() => auth.needRoot(withName('cert'))).toThrow('permission denied');
    expect(() => auth.needRoot(withName('who'))).toThrow('user name not found');
    expect(() => auth.needRoot(nobody)).toThrow('user name is empty');
  });

  it('counts a change at once, and takes a right away with it', async () => {
    await auth.change(changes.enable);
    expect(() => auth.need('ann', 'read', { key: 'a', end: 'c' })).not.toThrow();
    await auth.change(changes.revokePermission('reader', { key: 'a', rangeEnd: 'c' }));
    expect(() => auth.need('ann', 'read', { key: 'a' })).toThrow('permission denied');
  });

  it('makes changes one after another', async () => {
    const before = auth.state.revision;
    await Promise.all(Array.from({ length: 20 }, (_, i) => auth.change(changes.addRole(`r${i}`))));
    expect(auth.state.roles.size).toBe(21);
    expect(auth.state.revision).toBe(before + 20n);
  });

  it('is kept with the store', () => {
    const again = new Auth(store, { clock, random: realRandom, log: silentLogger }, OPTIONS);
    expect(again.state).toEqual(auth.state);
    expect(readAuthState(store.note(AUTH_NOTE))).toEqual(auth.state);
  });

  it('refuses users where the store is kept elsewhere', async () => {
    const remote = { revision: 1 } as Store;
    const elsewhere = new Auth(remote, { clock, random: realRandom, log: silentLogger }, OPTIONS);
    await expect(elsewhere.change(changes.addRole('x'))).rejects.toThrow('this one is not kept here');
  });

  it('refuses a password longer than bcrypt looks at', async () => {
    await expect(auth.hash('x'.repeat(73))).rejects.toThrow('bcrypt: password length exceeds 72 bytes');
  });
});

describe('the state of users and roles', () => {
  it('goes to bytes and back, whole and as the entries of its buckets', () => {
    const { state } = auth;
    expect(readAuthState(writeAuthState(state))).toEqual(state);
    expect(readAuthState(undefined)).toBe(NO_AUTH);
    const parts = { enabled: state.enabled, revision: state.revision };
    const users = encodedUsers(state).map(([, b]) => b);
    const roles = encodedRoles(state).map(([, b]) => b);
    expect(authStateOf({ ...parts, users, roles })).toEqual(state);
    expect(encodedUsers(state).map(([name]) => name)).toEqual(['ann', 'cert', 'root']);
  });
});

describe('ranges of keys', () => {
  const ranges = new KeyRanges([{ key: 'a' }, { key: 'b', end: 'd' }, { key: 'd', end: 'f' }, { key: 'x', end: '\0' }]);
  it.each([
    [{ key: 'a' }, true],
    [{ key: 'a', end: 'a\0' }, true],
    [{ key: 'a', end: 'b' }, false],
    [{ key: 'aa' }, false],
    [{ key: 'b', end: 'f' }, true],
    [{ key: 'c', end: 'e' }, true],
    [{ key: 'c', end: 'g' }, false],
    [{ key: 'f' }, false],
    [{ key: 'e', end: '\0' }, false],
    [{ key: 'x', end: '\0' }, true],
    [{ key: 'y', end: 'z' }, true],
    [{ key: '\0', end: '\0' }, false],
  ])('hold %j: %s', (range, wanted) => {
    expect(ranges.holds(range)).toBe(wanted);
  });

  it('hold nothing where there are none', () => {
    expect(new KeyRanges([]).holds({ key: 'a' })).toBe(false);
  });

  it('hold every key where one goes from the first to the last', () => {
    expect(new KeyRanges([{ key: '\0', end: '\0' }]).holds({ key: '\0', end: '\0' })).toBe(true);
  });
});
