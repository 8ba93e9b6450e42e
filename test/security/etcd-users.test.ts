/** Users and roles of the etcd API over its port: what a role of one range opens, and nothing beside it. */
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EtcdServer } from '../../src/etcd/listen/server.js';
import { openMemoryStore } from '../../src/store/memory.js';
import { decode, encode } from '../../src/store/proto/codec.js';
import type { MessageName } from '../../src/store/proto/message.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);
const DENIED = 'etcdserver: permission denied';
const INVALID = 'etcdserver: invalid auth token';
const NOBODY = 'etcdserver: user name is empty';
const store = openMemoryStore({ env });
const server = new EtcdServer({ store, env, listen: ['http://127.0.0.1:0'], auth: { bcryptCost: 4 } });
let client: grpc.Client;
const tokens: Record<string, string> = {};

// biome-ignore lint/suspicious/noExplicitAny: messages of many kinds
function call(as: string, method: string, request: object = {}): Promise<any> {
  const [service, name] = method.split('/') as [string, string];
  const [input, output] = REQUESTS.get(name) ?? [`${name}Request`, `${name}Response`];
  const metadata = new grpc.Metadata();
  const token = tokens[as] ?? as;
  if (token) metadata.set('token', token);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/etcdserverpb.${service}/${name}`,
      (m: object) => Buffer.from(encode(input as MessageName, m as never)),
      (b: Buffer) => decode(output as MessageName, b),
      request,
      metadata,
      (error, answer) => (error ? reject(new Error(error.details)) : resolve(answer)),
    );
  });
}
const REQUESTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['Put', ['PutRequest', 'PutResponse']],
  ['UserAdd', ['AuthUserAddRequest', 'AuthUserAddResponse']],
  ['UserGrantRole', ['AuthUserGrantRoleRequest', 'AuthUserGrantRoleResponse']],
  ['UserGet', ['AuthUserGetRequest', 'AuthUserGetResponse']],
  ['UserList', ['AuthUserListRequest', 'AuthUserListResponse']],
  ['UserDelete', ['AuthUserDeleteRequest', 'AuthUserDeleteResponse']],
  ['UserChangePassword', ['AuthUserChangePasswordRequest', 'AuthUserChangePasswordResponse']],
  ['RoleAdd', ['AuthRoleAddRequest', 'AuthRoleAddResponse']],
  ['RoleGet', ['AuthRoleGetRequest', 'AuthRoleGetResponse']],
  ['RoleGrantPermission', ['AuthRoleGrantPermissionRequest', 'AuthRoleGrantPermissionResponse']],
  ['AuthEnable', ['AuthEnableRequest', 'AuthEnableResponse']],
  ['AuthDisable', ['AuthDisableRequest', 'AuthDisableResponse']],
  ['Compact', ['CompactionRequest', 'CompactionResponse']],
] as const);

beforeAll(async () => {
  await server.start();
  client = new grpc.Client(server.urls[0]!.slice('http://'.length), grpc.credentials.createInsecure());
  for (const [key, value] of Object.entries({ 'a/1': 'mine', 'b/1': 'other', a0: 'beside' }))
    await call('', 'KV/Put', { key, value: bytes(value) });
  await call('', 'Lease/LeaseGrant', { id: 7n, ttl: 600 });
  await call('', 'KV/Put', { key: 'b/leased', value: bytes('x'), lease: 7n });
  for (const name of ['root', 'ann', 'reader']) await call('', 'Auth/UserAdd', { name, password: `pw-${name}` });
  for (const name of ['root', 'a', 'r']) await call('', 'Auth/RoleAdd', { name });
  await call('', 'Auth/RoleGrantPermission', { name: 'a', perm: { permType: 2, key: 'a/', rangeEnd: 'a0' } });
  await call('', 'Auth/RoleGrantPermission', { name: 'r', perm: { permType: 0, key: 'a/', rangeEnd: 'a0' } });
  for (const [user, role] of [
    ['root', 'root'],
    ['ann', 'a'],
    ['reader', 'r'],
  ])
    await call('', 'Auth/UserGrantRole', { user, role });
  await call('', 'Auth/AuthEnable');
  for (const name of ['root', 'ann', 'reader'])
    tokens[name] = (await call('', 'Auth/Authenticate', { name, password: `pw-${name}` })).token;
});
afterAll(async () => {
  client.close();
  await server.stop();
  await store.close();
});

const put = (key: string) => ({ key, value: bytes('x') });
const txn = (op: object, failure = false) => ({ compare: [], success: failure ? [] : [op], failure: failure ? [op] : [] });

it.each<[string, string, string, object, string | undefined]>([
  ['own key', 'ann', 'KV/Range', { key: 'a/1' }, undefined],
  ['own range', 'ann', 'KV/Range', { key: 'a/', rangeEnd: 'a0' }, undefined],
  ['the key beside the range', 'ann', 'KV/Range', { key: 'a0' }, DENIED],
  ['a range that reaches beyond', 'ann', 'KV/Range', { key: 'a/', rangeEnd: 'a1' }, DENIED],
  ['a range from before', 'ann', 'KV/Range', { key: 'a', rangeEnd: 'a0' }, DENIED],
  ['all from a key on', 'ann', 'KV/Range', { key: 'a/', rangeEnd: '\0' }, DENIED],
  ['all', 'ann', 'KV/Range', { key: '\0', rangeEnd: '\0' }, DENIED],
  ['only the count of another', 'ann', 'KV/Range', { key: 'b/1', countOnly: true }, DENIED],
  ['write own', 'ann', 'KV/Put', put('a/2'), undefined],
  ['write another', 'ann', 'KV/Put', put('b/2'), DENIED],
  ['write what one may read', 'reader', 'KV/Put', put('a/1'), DENIED],
  ['delete another', 'ann', 'KV/DeleteRange', { key: 'b/1' }, DENIED],
  ['delete all', 'ann', 'KV/DeleteRange', { key: '\0', rangeEnd: '\0' }, DENIED],
  ['delete what one may read', 'reader', 'KV/DeleteRange', { key: 'a/1' }, DENIED],
  ['own in a transaction', 'ann', 'KV/Txn', txn({ put: put('a/3') }), undefined],
  ['another in a transaction', 'ann', 'KV/Txn', txn({ put: put('b/3') }), DENIED],
  ['another in the branch not taken', 'ann', 'KV/Txn', txn({ put: put('b/3') }, true), DENIED],
  ['a read of another in a transaction', 'ann', 'KV/Txn', txn({ range: { key: 'b/1' } }), DENIED],
  ['another in a transaction within one', 'ann', 'KV/Txn', txn({ txn: txn({ range: { key: 'b/1' } }) }), DENIED],
  [
    'a range beyond in a transaction within one within one',
    'ann',
    'KV/Txn',
    txn({ txn: txn({ txn: txn({ range: { key: 'a/', rangeEnd: 'a1' } }) }) }),
    DENIED,
  ],
  ['a removal beyond in a transaction', 'ann', 'KV/Txn', txn({ deleteRange: { key: 'a/', rangeEnd: '\0' } }), DENIED],
  ['a write in the branch not taken of one within', 'ann', 'KV/Txn', txn({ txn: txn({ put: put('b/3') }, true) }), DENIED],
  ['own key under the lease of another in a transaction', 'ann', 'KV/Txn', txn({ put: { ...put('a/4'), lease: 7n } }), DENIED],
  [
    'a comparison with a range beyond in one within',
    'ann',
    'KV/Txn',
    txn({ txn: { compare: [{ key: 'a/', rangeEnd: 'b1', target: 1, createRevision: 0 }], success: [], failure: [] } }),
    DENIED,
  ],
  ['what was there before a write of another', 'ann', 'KV/Put', { ...put('b/1'), prevKv: true }, DENIED],
  ['what was there before a removal of another', 'ann', 'KV/DeleteRange', { key: 'b/1', prevKv: true }, DENIED],
  ['an old revision of another', 'ann', 'KV/Range', { key: 'b/1', revision: 2 }, DENIED],
  ['a range that ends before it begins', 'ann', 'KV/Range', { key: 'b/', rangeEnd: 'a/' }, DENIED],
  ['own password', 'ann', 'Auth/UserChangePassword', { name: 'ann', password: 'x' }, DENIED],
  [
    'a comparison with another',
    'ann',
    'KV/Txn',
    { compare: [{ key: 'b/1', target: 1, createRevision: 0 }], success: [], failure: [] },
    DENIED,
  ],
  ['the lease of another key, revoked', 'ann', 'Lease/LeaseRevoke', { id: 7n }, DENIED],
  ['the keys of a lease', 'ann', 'Lease/LeaseTimeToLive', { id: 7n, keys: true }, DENIED],
  ['own key under the lease of another', 'ann', 'KV/Put', { ...put('a/4'), lease: 7n }, DENIED],
  ['compaction', 'ann', 'KV/Compact', { revision: 2 }, DENIED],
  ['another user', 'ann', 'Auth/UserGet', { name: 'root' }, DENIED],
  ['oneself', 'ann', 'Auth/UserGet', { name: 'ann' }, undefined],
  ['another role', 'ann', 'Auth/RoleGet', { role: 'r' }, DENIED],
  ['all users', 'ann', 'Auth/UserList', {}, DENIED],
  ['a new user', 'ann', 'Auth/UserAdd', { name: 'eve', password: 'x' }, DENIED],
  ['a role for oneself', 'ann', 'Auth/UserGrantRole', { user: 'ann', role: 'root' }, DENIED],
  ['more for a role', 'ann', 'Auth/RoleGrantPermission', { name: 'a', perm: { permType: 2, key: 'b/' } }, DENIED],
  ['the password of root', 'ann', 'Auth/UserChangePassword', { name: 'root', password: 'x' }, DENIED],
  ['auth off', 'ann', 'Auth/AuthDisable', {}, DENIED],
  ['a read without a token', '', 'KV/Range', { key: 'a/1' }, NOBODY],
  ['a write without a token', '', 'KV/Put', put('a/1'), NOBODY],
  ['auth off without a token', '', 'Auth/AuthDisable', {}, NOBODY],
  ['a token that was made up', 'abcdefghijklmnop.7', 'KV/Range', { key: 'a/1' }, INVALID],
  ['a token without a form', '%', 'KV/Range', { key: 'a/1' }, INVALID],
  [
    'a wrong password',
    '',
    'Auth/Authenticate',
    { name: 'root', password: 'x' },
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  ['root', 'root', 'KV/Range', { key: '\0', rangeEnd: '\0' }, undefined],
])('%s', async (_, as, method, request, refusal) => {
  const before = await call('root', 'KV/Range', { key: 'b/', rangeEnd: 'b0' });
  const answer = call(as, method, request);
  if (refusal) await expect(answer).rejects.toThrow(refusal);
  else await answer;
  expect((await call('root', 'KV/Range', { key: 'b/', rangeEnd: 'b0' })).kvs).toEqual(before.kvs);
});

it.each([
  ['own', 'a/1', '', false],
  ['another', 'b/1', '', true],
  ['all', '\0', '\0', true],
  ['beyond its range', 'a/', 'a1', true],
])('a watch of %s', async (_, key, rangeEnd, refused) => {
  const metadata = new grpc.Metadata();
  metadata.set('token', tokens.ann!);
  const stream = client.makeBidiStreamRequest(
    '/etcdserverpb.Watch/Watch',
    (m: object) => Buffer.from(encode('WatchRequest', m as never)),
    (b: Buffer) => decode('WatchResponse', b),
    metadata,
  );
  stream.on('error', () => {});
  // biome-ignore lint/suspicious/noExplicitAny: a message
  const first = new Promise<any>((resolve) => stream.once('data', resolve));
  stream.write({ create: { key, rangeEnd } } as never);
  const answer = await first;
  expect(answer.canceled).toBe(refused);
  if (refused) expect(answer.cancelReason).toContain('permission denied');
  stream.cancel();
});

it('a token is worth nothing after its user is gone, or all are, or the password is another', async () => {
  await call('root', 'Auth/UserChangePassword', { name: 'reader', password: 'new' });
  await expect(call('reader', 'KV/Range', { key: 'a/1' })).rejects.toThrow(INVALID);
  await call('root', 'Auth/UserDelete', { name: 'ann' });
  await expect(call('ann', 'KV/Range', { key: 'a/1' })).rejects.toThrow(INVALID);
  await call('root', 'Auth/AuthDisable');
  expect((await call('', 'KV/Range', { key: 'b/1' })).kvs).toHaveLength(1);
  await call('', 'Auth/AuthEnable');
  await expect(call('root', 'KV/Range', { key: 'a/1' })).rejects.toThrow(INVALID);
  await expect(call('', 'KV/Range', { key: 'b/1' })).rejects.toThrow(NOBODY);
});
