import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyState, type StoreSnapshot, type StoreState } from '../../store/maintenance.js';
import { openMemoryStore } from '../../store/memory.js';
import { decode, encode } from '../../store/proto/codec.js';
import type { Message } from '../../store/proto/message.js';
import type { Operation } from '../../store/store.js';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { alarmNote } from '../alarms.js';
import { checkDatabase } from '../bbolt/check.js';
import type { Row } from '../bbolt/layout.js';
import { bytesSource, Database } from '../bbolt/reader.js';
import { planDatabase } from '../bbolt/writer.js';
import type { EtcdContext } from '../context.js';
import { serverStream } from '../grpc/method.js';
import type { Call } from '../grpc/router.js';
import { hashKv } from '../services/hash-kv.js';
import { type AuthRows, authNotesOf, authRowsOf } from './auth.js';
import { snapshotImage } from './export.js';
import { stateOf } from './import.js';
import { parseRevisionKey, revisionKey } from './revision-key.js';
import { snapshotStatus } from './status.js';
import { streamSnapshot } from './stream.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const identity = { memberId: 0xfedcba9876543210n, name: 'default', raftTerm: 3n, clientUrls: ['http://a:1'], peerUrls: ['http://b:2'] };
const bytes = (text: string) => new TextEncoder().encode(text);

function numbers(seed: number): (below: number) => number {
  let s = seed;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}

/** A store after many random writes. */
async function busyStore(seed: number, writes: number, state?: StoreState) {
  const next = numbers(seed);
  const store = openMemoryStore({ env, ...(state ? { state } : {}) });
  const leases = [0n];
  for (const ttl of [100, 200]) leases.push((await store.leaseGrant(ttl)).id);
  for (let i = 0; i < writes; i++) {
    const key = (n: number) => `k\u00ff\u0000${n}`;
    const first = next(40);
    const put = (n: number): Operation => ({
      put: { key: key(n), value: new Uint8Array(next(20) === 0 ? 9000 : next(50)).fill(i), lease: leases[next(3)]! },
    });
    const success: Operation[] = next(4) === 0 ? [{ delete: { key: key(first) } }, put(first + 1), put(first + 2)] : [put(first)];
    await store.txn({ compare: [], success, failure: [] });
    if (next(100) === 0) await store.compact(store.revision - next(10) - 1 || 1, true).catch(() => {});
  }
  return store;
}

async function database(snapshot: StoreSnapshot): Promise<Database> {
  const image = await snapshotImage(snapshot, identity);
  const db = new Database(bytesSource(new Uint8Array(Buffer.concat([...image.pages()]))));
  expect(checkDatabase(db)).toEqual([]);
  expect(image.size).toBe(db.source.size);
  return db;
}

const comparable = (state: StoreState) => ({
  revision: state.revision,
  compactRevision: state.compactRevision,
  leases: [...state.leases].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, ttl }) => ({ id, ttl })),
  history: [...state.history].map((r) => ({ ...r, value: Buffer.from(r.value).toString('hex') })),
});

describe('a snapshot in the form of etcd', () => {
  it.each([1, 2, 3, 4, 5])('holds the whole store (seed %i)', async (seed) => {
    const store = await busyStore(seed, 800);
    const back = stateOf(await database(store.snapshot()));
    const original = copyState(store.snapshot());
    expect(comparable(back)).toEqual(comparable(original));
    expect(original.history).not.toHaveLength(0);
    const copy = openMemoryStore({ env, state: back });
    const [a, b] = [store.snapshot(), copy.snapshot()];
    expect(await hashKv(b, b.revision)).toBe(await hashKv(a, a.revision));
    for (const id of await store.leases())
      expect((await copy.leaseTimeToLive(id, true)).keys).toEqual((await store.leaseTimeToLive(id, true)).keys);
    await store.close();
    await copy.close();
  });

  it('of an empty store, and of one that lost all its keys to a compaction, keeps the revision', async () => {
    const store = openMemoryStore({ env });
    expect(comparable(stateOf(await database(store.snapshot())))).toMatchObject({ revision: 1, compactRevision: 0, history: [] });
    await store.txn({ compare: [], success: [{ put: { key: 'a', value: bytes('1') } }], failure: [] });
    await store.txn({ compare: [], success: [{ delete: { key: 'a' } }], failure: [] });
    await store.compact(3, true);
    expect(comparable(stateOf(await database(store.snapshot())))).toMatchObject({ revision: 3, compactRevision: 3, history: [] });
    await store.close();
  });

  it.each([1n, 127n, 128n, 2n ** 56n - 1n, 2n ** 56n, 2n ** 63n - 1n])('holds a key with lease %d', async (id) => {
    const store = openMemoryStore({ env });
    await store.leaseGrant(100, id);
    await store.txn({ compare: [], success: [{ put: { key: 'a', value: bytes('1'), lease: id } }], failure: [] });
    const back = stateOf(await database(store.snapshot()));
    expect([...back.history].map((r) => r.lease)).toEqual([id]);
    await store.close();
  });

  it('is of one moment while writes go on', async () => {
    const store = await busyStore(9, 300);
    const before = comparable(copyState(store.snapshot()));
    const snapshot = store.snapshot();
    const image = await snapshotImage(snapshot, identity);
    const pages: Uint8Array[] = [];
    for (const page of image.pages()) {
      pages.push(page);
      await store.txn({ compare: [], success: [{ put: { key: 'new', value: bytes('x') } }], failure: [] });
      if (pages.length === 5) await store.compact(store.revision, true);
    }
    expect(comparable(stateOf(new Database(bytesSource(new Uint8Array(Buffer.concat(pages))))))).toEqual(before);
    snapshot.release();
    await store.close();
  });

  it('carries alarms, users and roles', async () => {
    const store = openMemoryStore({ env });
    const user = encode('User', { name: 'root', password: bytes('hash'), roles: ['root'] });
    const role = encode('Role', { name: 'reader', keyPermission: [{ key: 'a\u00ff', rangeEnd: 'b' }] });
    const auth: AuthRows = { enabled: true, revision: 9n, users: [['root', user]], roles: [['reader', role]] };
    await store.setNote(...alarmNote([1]));
    for (const [name, value] of authNotesOf(auth)) await store.setNote(name, value);
    const db = await database(store.snapshot());
    const back = stateOf(db);
    expect(back.auth).toEqual(auth);
    expect(authRowsOf(back.notes)).toEqual(auth);
    expect(back.notes).toContainEqual(alarmNote([1]));
    const member = [...db.bucket('members')!.entries()].map((e) => [Buffer.from(e.key).toString(), Buffer.from(e.value).toString()]);
    expect(member).toEqual([
      ['fedcba9876543210', '{"id":18364758544493064720,"peerURLs":["http://b:2"],"name":"default","clientURLs":["http://a:1"]}'],
    ]);
    await store.close();
  });

  it('counts the keys that exist', async () => {
    const store = openMemoryStore({ env });
    for (const key of ['a', 'b', 'b']) await store.txn({ compare: [], success: [{ put: { key, value: bytes('1') } }], failure: [] });
    await store.txn({ compare: [], success: [{ delete: { key: 'a' } }], failure: [] });
    expect(snapshotStatus(await database(store.snapshot()))).toMatchObject({ revision: 5, totalKey: 1, version: '3.6.0' });
    await store.close();
  });

  it('takes what etcd itself may leave: a row without a key, a compaction that was not finished', async () => {
    const row = (key: Uint8Array, value: Uint8Array): Row => ({ key, size: value.length, value: () => value });
    const kv = Uint8Array.of(0x0a, 1, 97, 0x10, 2, 0x18, 2, 0x20, 1);
    const image = await planDatabase([
      { name: 'key', rows: () => [row(revisionKey(2, 0), kv), row(revisionKey(1002, 0), new Uint8Array(0))] },
      { name: 'meta', rows: () => [row(bytes('scheduledCompactRev'), revisionKey(1002, 0))] },
    ]);
    const state = stateOf(new Database(bytesSource(new Uint8Array(Buffer.concat([...image.pages()])))));
    expect(comparable(state)).toMatchObject({ revision: 1002, compactRevision: 1002, history: [{ key: 'a', modRevision: 2 }] });
  });

  it('refuses a database that is not etcd’s', async () => {
    const none = await planDatabase([{ name: 'other', rows: () => [] }]);
    const db = (image: typeof none) => new Database(bytesSource(new Uint8Array(Buffer.concat([...image.pages()]))));
    expect(() => stateOf(db(none))).toThrow('this is no etcd database: it has no buckets "key" and "meta"');
    const odd = await planDatabase([
      { name: 'key', rows: () => [{ key: bytes('zz'), size: 0, value: () => new Uint8Array(0) }] },
      { name: 'meta', rows: () => [] },
    ]);
    expect(() => stateOf(db(odd))).toThrow('the bucket "key" has a key that is no revision: 7a7a');
  });

  it.each([
    [1, 0, false],
    [2 ** 32 + 5, 7, true],
    [Number.MAX_SAFE_INTEGER, 0, false],
  ])('writes and reads the revision %i.%i', (main, sub, deleted) => {
    expect(parseRevisionKey(revisionKey(main, sub, deleted))).toEqual({ main, sub, deleted });
  });
});

describe('the stream of a snapshot', () => {
  /** A peer that takes what waits only when it is told to. */
  function slowPeer() {
    const sent: Uint8Array[] = [];
    let drained = () => {};
    const peer = {
      sent,
      buffered: 0,
      most: 0,
      ended: undefined as { error?: unknown } | undefined,
      take() {
        peer.buffered = 0;
        drained();
      },
    };
    const call: Call = {
      token: undefined,
      commonName: undefined,
      send: (framed) => {
        sent.push(framed.slice(5));
        peer.buffered += framed.length;
        peer.most = Math.max(peer.most, peer.buffered);
      },
      end: (error) => {
        peer.ended = { error };
      },
      get buffered() {
        return peer.buffered;
      },
      onDrained: (fn) => {
        drained = fn;
      },
    };
    return { peer, call };
  }

  async function open(rows: number) {
    const store = openMemoryStore({ env });
    for (let i = 0; i < rows; i++)
      await store.txn({ compare: [], success: [{ put: { key: String(i), value: new Uint8Array(10_000).fill(i) } }], failure: [] });
    const c = { ...identity, store, sha256: () => createHash('sha256') } as unknown as EtcdContext;
    const { peer, call } = slowPeer();
    const snapshot = store.snapshot();
    const method = serverStream('SnapshotRequest', 'SnapshotResponse', (_r, send, signal) => streamSnapshot(snapshot, c, send, signal));
    if (method.kind !== 'stream') throw new Error('no stream');
    const handler = method.open(call);
    handler.message(new Uint8Array(0));
    handler.end();
    return { peer, handler, store };
  }
  const turns = async (n: number) => {
    for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('goes no faster than the peer takes it, counts down, and ends with its digest', async () => {
    const { peer, store } = await open(300);
    await turns(200);
    const held = peer.sent.length;
    await turns(50);
    expect(peer.sent).toHaveLength(held);
    while (!peer.ended) {
      peer.take();
      await turns(1);
    }
    expect(peer.ended).toEqual({ error: undefined });
    expect(peer.most).toBeLessThan(600 * 1024);
    const messages: Message<'SnapshotResponse'>[] = peer.sent.map((m) => decode('SnapshotResponse', m));
    const data = Buffer.concat(messages.slice(0, -1).map((m) => m.blob));
    expect(Buffer.from(messages.at(-1)!.blob)).toEqual(createHash('sha256').update(data).digest());
    let left = data.length;
    for (const m of messages.slice(0, -1)) expect(m).toMatchObject({ remainingBytes: (left -= m.blob.length), version: '3.6.0' });
    expect(left).toBe(0);
    expect([...stateOf(new Database(bytesSource(new Uint8Array(data)))).history]).toHaveLength(300);
    await store.close();
  });

  it('stops when the peer goes away', async () => {
    const { peer, handler, store } = await open(300);
    await turns(200);
    const held = peer.sent.length;
    handler.gone();
    await turns(50);
    expect(peer.sent).toHaveLength(held);
    expect(peer.ended).toBeDefined();
    await store.close();
  });
});
