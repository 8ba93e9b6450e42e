/** The server through another implementation of gRPC (@grpc/grpc-js), and against clients that misbehave. */
import net from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../store/memory.js';
import { decode, encode } from '../../store/proto/codec.js';
import type { Draft, Message, MessageName } from '../../store/proto/message.js';
import type { Store } from '../../store/store.js';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { EtcdServer } from './server.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const bytes = (s: string) => new TextEncoder().encode(s);
let store: Store;
let server: EtcdServer;
let client: grpc.Client;

beforeEach(async () => {
  store = openMemoryStore({ env });
  server = new EtcdServer({ store, env, listen: ['http://127.0.0.1:0'], limits: { watchProgressIntervalMs: 50, maxTxnOps: 4 } });
  await server.start();
  client = new grpc.Client(server.urls[0]!.slice('http://'.length), grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
});
afterEach(async () => {
  client.close();
  await server.stop();
  await store.close();
});

function call<In extends MessageName, Out extends MessageName>(
  path: string,
  input: In,
  output: Out,
  request: Draft<In>,
): Promise<Message<Out>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (m: Draft<In>) => Buffer.from(encode(input, m)),
      (b: Buffer) => decode(output, b),
      request,
      (error, answer) => (error ? reject(error) : resolve(answer!)),
    );
  });
}
const put = (key: string, value: string | Uint8Array) =>
  call('/etcdserverpb.KV/Put', 'PutRequest', 'PutResponse', { key, value: typeof value === 'string' ? bytes(value) : value });

class WatchStream {
  readonly answers: Message<'WatchResponse'>[] = [];
  readonly stream = client.makeBidiStreamRequest(
    '/etcdserverpb.Watch/Watch',
    (m: Draft<'WatchRequest'>) => Buffer.from(encode('WatchRequest', m)),
    (b: Buffer) => decode('WatchResponse', b),
  );

  constructor() {
    this.stream.on('data', (m: Message<'WatchResponse'>) => this.answers.push(m));
    this.stream.on('error', () => {});
  }

  get events(): string[] {
    return this.answers.flatMap((a) => a.events.map((e) => `${a.watchId}:${e.type === 1 ? 'delete' : 'put'} ${e.kv?.key}`));
  }

  async until(done: () => boolean): Promise<void> {
    for (let i = 0; i < 500 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(
      done(),
      JSON.stringify(this.answers.slice(-3), (_, v) =>
        typeof v === 'bigint' ? String(v) : v instanceof Uint8Array ? `${v.length} bytes` : v,
      ),
    ).toBe(true);
  }
}

describe('unary calls', () => {
  it('run by the hundred at once, each with its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => put(`k${i}`, 'x'.repeat(i * 20))));
    expect(new Set(answers.map((a) => a.header?.revision)).size).toBe(300);
    const all = await call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: 'k', rangeEnd: 'l' });
    expect(all.count).toBe(300);
    expect(all.kvs.find((kv) => kv.key === 'k299')?.value.length).toBe(5980);
  });

  it('carry answers larger than every window', async () => {
    for (let i = 0; i < 20; i++) await put(`big${i}`, new Uint8Array(1_000_000).fill(i));
    const { kvs } = await call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: 'big', rangeEnd: 'bih' });
    expect(kvs.map((kv) => kv.value[999_999])).toEqual(kvs.map((kv) => Number(kv.key.slice(3))));
  });

  it('take a limit and a revision below zero for none', async () => {
    for (const key of ['a', 'b']) await put(key, '1');
    const answer = await call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', {
      key: 'a',
      rangeEnd: 'c',
      limit: -1,
      revision: -5,
    });
    expect(answer.kvs.map((kv) => kv.key)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'an unknown method',
      () => call('/etcdserverpb.KV/Nothing', 'RangeRequest', 'RangeResponse', {}),
      12,
      'unknown method Nothing for service etcdserverpb.KV',
    ],
    ['an unknown service', () => call('/some.Thing/Do', 'RangeRequest', 'RangeResponse', {}), 12, 'unknown service some.Thing'],
    ['an empty key', () => put('', 'x'), 3, 'etcdserver: key is not provided'],
    ['too large a value', () => put('a', new Uint8Array(1_600_000)), 3, 'etcdserver: request is too large'],
    ['too large a message', () => put('a', new Uint8Array(3_000_000)), 8, 'grpc: received message larger than max (3000008 vs. 2097152)'],
    [
      'too many operations',
      () =>
        call('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse', { success: Array.from({ length: 5 }, () => ({ range: { key: 'a' } })) }),
      3,
      'etcdserver: too many operations in txn request',
    ],
    [
      'a key put twice',
      () =>
        call('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse', {
          failure: [{ put: { key: 'a' } }, { deleteRange: { key: 'a', rangeEnd: 'b' } }],
        }),
      3,
      'etcdserver: duplicate key given in txn request',
    ],
    [
      'a bad sort order',
      () => call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: 'a', sortOrder: 9 }),
      3,
      'etcdserver: invalid sort option',
    ],
  ])('refuse %s', async (_, run, code, details) => {
    await expect(run()).rejects.toMatchObject({ code, details });
  });

  it('let both branches of a nested transaction write the same key', async () => {
    const branch = [{ put: { key: 'a', value: bytes('1') } }];
    const answer = await call('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse', {
      success: [{ txn: { success: branch, failure: branch } }],
    });
    expect(answer.responses[0]?.txn?.succeeded).toBe(true);
  });
});

describe('watch streams', () => {
  it('carry many watches, filters, progress and cancellation', async () => {
    const w = new WatchStream();
    w.stream.write({ create: { key: 'a', rangeEnd: 'b' } });
    w.stream.write({ create: { key: 'a1', filters: [0], watchId: 42, prevKv: true } });
    await w.until(() => w.answers.length === 2);
    expect(w.answers.map((a) => [a.watchId, a.created])).toEqual([
      [0, true],
      [42, true],
    ]);
    await put('a1', 'x');
    await call('/etcdserverpb.KV/DeleteRange', 'DeleteRangeRequest', 'DeleteRangeResponse', { key: 'a', rangeEnd: 'b' });
    await w.until(() => w.events.length === 3);
    expect(w.events.sort()).toEqual(['0:delete a1', '0:put a1', '42:delete a1']);
    expect(w.answers.flatMap((a) => a.events).find((e) => e.prevKv)?.prevKv?.value).toEqual(bytes('x'));
    w.stream.write({ progress: {} });
    await w.until(() => w.answers.some((a) => a.watchId === -1));
    w.stream.write({ cancel: { watchId: 0 } });
    await w.until(() => w.answers.some((a) => a.watchId === 0 && a.canceled));
    await put('a2', 'y');
    w.stream.write({ create: { key: 'z', rangeEnd: 'b' } });
    await w.until(() => w.answers.some((a) => a.canceled && a.created));
    expect(w.events).toHaveLength(3);
    w.stream.end();
  });

  it('say nothing of progress while a watch reads the past', async () => {
    for (let i = 0; i < 200; i++)
      await store.txn({
        compare: [],
        success: Array.from({ length: 100 }, (_, n) => ({ put: { key: `p${i}/${n}`, value: new Uint8Array(0) } })),
        failure: [],
      });
    const w = new WatchStream();
    w.stream.write({ create: { key: 'p', rangeEnd: 'q', startRevision: 2 } });
    const asking = setInterval(() => w.stream.write({ progress: {} }), 1);
    await w.until(() => w.answers.some((a) => a.watchId === -1));
    clearInterval(asking);
    const told = w.answers.findIndex((a) => a.watchId === -1);
    expect(w.answers.slice(0, told).flatMap((a) => a.events)).toHaveLength(20_000);
    w.stream.cancel();
  });

  it('tell quiet watches that they are up to date', async () => {
    const w = new WatchStream();
    w.stream.write({ create: { key: 'quiet', progressNotify: true } });
    await put('other', '1');
    await w.until(() => w.answers.some((a) => !a.created && a.events.length === 0 && a.header?.revision === 2));
    w.stream.cancel();
  });

  it('are cancelled with the revision to go on from when their start was compacted', async () => {
    for (let i = 0; i < 5; i++) await put('a', String(i));
    await store.compact(4);
    const w = new WatchStream();
    w.stream.write({ create: { key: 'a', startRevision: 2 } });
    await w.until(() => w.answers.some((a) => a.canceled));
    expect(w.answers.at(-1)).toMatchObject({ canceled: true, compactRevision: 4 });
    w.stream.cancel();
  });

  it('split a large answer where the client takes fragments', async () => {
    await store.txn({
      compare: [],
      success: Array.from({ length: 10 }, (_, i) => ({ put: { key: `f${i}`, value: new Uint8Array(500_000) } })),
      failure: [],
    });
    const w = new WatchStream();
    w.stream.write({ create: { key: 'f', rangeEnd: 'g', startRevision: 2, fragment: true } });
    await w.until(() => w.events.length === 10);
    const parts = w.answers.filter((a) => a.events.length > 0);
    expect(parts.map((a) => a.fragment)).toEqual([...Array(parts.length - 1).fill(true), false]);
    expect(parts.length).toBeGreaterThan(3);
    w.stream.cancel();
  });

  it('lose nothing when the client reads slowly, and do not pile it up', async () => {
    const w = new WatchStream();
    w.stream.write({ create: { key: 's', rangeEnd: 't' } });
    await w.until(() => w.answers.length === 1);
    w.stream.pause();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++) await put(`s${i % 4}`, new Uint8Array(200_000).fill(i));
    // 40 MB were written; 800 kB are current, and the memory store keeps what is not compacted.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120e6);
    w.stream.resume();
    await w.until(() => w.events.length === 200);
    expect(w.answers.flatMap((a) => a.events.map((e) => e.kv!.value[0]))).toEqual(Array.from({ length: 200 }, (_, i) => i));
    w.stream.cancel();
  });
});

describe('locks and elections', () => {
  it('are taken in turn', async () => {
    const lock = (lease: bigint) => call('/v3lockpb.Lock/Lock', 'LockRequest', 'LockResponse', { name: 'l', lease });
    const one = (await store.leaseGrant(60)).id;
    const two = (await store.leaseGrant(60)).id;
    const { key } = await lock(one);
    expect(key).toBe(`l/${one.toString(16)}`);
    let second = '';
    const waiting = lock(two).then((a) => {
      second = a.key;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(second).toBe('');
    await call('/v3lockpb.Lock/Unlock', 'UnlockRequest', 'UnlockResponse', { key });
    await waiting;
    expect(second).toBe(`l/${two.toString(16)}`);
  });

  it('elect, proclaim, observe and resign', async () => {
    const one = (await store.leaseGrant(60)).id;
    const leaderOf = () => call('/v3electionpb.Election/Leader', 'LeaderRequest', 'LeaderResponse', { name: 'e' });
    await expect(leaderOf()).rejects.toMatchObject({ details: 'election: no leader' });
    const { leader } = await call('/v3electionpb.Election/Campaign', 'CampaignRequest', 'CampaignResponse', {
      name: 'e',
      lease: one,
      value: bytes('me'),
    });
    expect((await leaderOf()).kv?.value).toEqual(bytes('me'));
    await call('/v3electionpb.Election/Proclaim', 'ProclaimRequest', 'ProclaimResponse', { leader, value: bytes('still me') });
    expect((await leaderOf()).kv?.value).toEqual(bytes('still me'));
    await call('/v3electionpb.Election/Resign', 'ResignRequest', 'ResignResponse', { leader });
    await expect(leaderOf()).rejects.toMatchObject({ details: 'election: no leader' });
    await expect(
      call('/v3electionpb.Election/Proclaim', 'ProclaimRequest', 'ProclaimResponse', { leader, value: bytes('x') }),
    ).rejects.toMatchObject({ details: 'election: not leader' });
  });

  it('observe one election in a call', async () => {
    const stream = client.makeBidiStreamRequest(
      '/v3electionpb.Election/Observe',
      (m: Draft<'LeaderRequest'>) => Buffer.from(encode('LeaderRequest', m)),
      (b: Buffer) => decode('LeaderResponse', b),
    );
    stream.on('data', () => {});
    const failed = new Promise((resolve) => stream.on('error', resolve));
    stream.write({ name: 'one' });
    stream.write({ name: 'two' });
    expect(await failed).toMatchObject({ code: 13, details: 'grpc: a call of this method needs one message, got more' });
  });
});

describe('what a request must pass', () => {
  it('is asked of locks and elections, too', async () => {
    const lease = (await store.leaseGrant(60)).id;
    const large = new Uint8Array(1_600_000);
    await expect(
      call('/v3electionpb.Election/Campaign', 'CampaignRequest', 'CampaignResponse', { name: 'e', lease, value: large }),
    ).rejects.toMatchObject({ details: 'etcdserver: request is too large' });
    expect((await store.range({ key: 'e/', end: 'e0' })).count).toBe(0);
  });

  it('lets a larger request through where the limit is higher', async () => {
    await server.stop();
    server = new EtcdServer({ store, env, listen: ['http://127.0.0.1:0'], limits: { maxRequestBytes: 5_000_000 } });
    await server.start();
    client.close();
    client = new grpc.Client(server.urls[0]!.slice('http://'.length), grpc.credentials.createInsecure());
    await put('large', new Uint8Array(4_900_000));
    await expect(put('large', new Uint8Array(5_100_000))).rejects.toMatchObject({ details: 'etcdserver: request is too large' });
  });

  it('stops writes while the data is said to be corrupt', async () => {
    const alarm = (action: number, memberId = 0n) =>
      call('/etcdserverpb.Maintenance/Alarm', 'AlarmRequest', 'AlarmResponse', { action, alarm: 2, memberId });
    expect((await alarm(1, 77n)).alarms).toEqual([]);
    await put('a', '1');
    expect((await alarm(1)).alarms).toMatchObject([{ alarm: 2 }]);
    await expect(put('a', '2')).rejects.toMatchObject({ code: 15, details: 'etcdserver: corrupt cluster' });
    expect((await call('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: 'a' })).count).toBe(1);
    await alarm(2);
    await put('a', '2');
  });
});

describe('space', () => {
  it('refuses puts over the quota until the alarm is put down', async () => {
    await server.stop();
    server = new EtcdServer({ store, env, listen: ['http://127.0.0.1:0'], limits: { quotaBackendBytes: 1000 } });
    await server.start();
    client.close();
    client = new grpc.Client(server.urls[0]!.slice('http://'.length), grpc.credentials.createInsecure());
    const full = { code: 8, details: 'etcdserver: mvcc: database space exceeded' };
    await put('a', new Uint8Array(2000));
    for (let i = 0; i < 63; i++) await put('a', 'x').catch(() => {});
    await expect(put('a', 'x')).rejects.toMatchObject(full);
    const alarm = (action: number) => call('/etcdserverpb.Maintenance/Alarm', 'AlarmRequest', 'AlarmResponse', { action });
    expect((await alarm(0)).alarms).toMatchObject([{ alarm: 1 }]);
    await call('/etcdserverpb.KV/DeleteRange', 'DeleteRangeRequest', 'DeleteRangeResponse', { key: 'a' });
    await store.compact(store.revision, true);
    await alarm(2);
    await put('a', 'x');
  });
});

describe('clients that misbehave', () => {
  /** Sends raw bytes and returns what comes until the server closes. */
  function raw(...parts: (string | number[])[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(new URL(server.urls[0]!).port), '127.0.0.1');
      const got: Buffer[] = [];
      socket.on('data', (c) => got.push(c));
      socket.on('close', () => resolve(Buffer.concat(got)));
      socket.on('error', reject);
      for (const part of parts) socket.write(typeof part === 'string' ? part : Uint8Array.from(part));
    });
  }
  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const SETTINGS = [0, 0, 0, 4, 0, 0, 0, 0, 0];
  /** The error code of the GOAWAY frame that ends the answer. */
  const goAway = (b: Buffer) => b.readUInt32BE(b.length - 4);

  it.each([
    ['a frame that is too long', [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1], 6],
    ['headers on an even stream', [0, 0, 1, 1, 4, 0, 0, 0, 2, 0x82], 1],
    ['a header index that does not exist', [0, 0, 1, 1, 5, 0, 0, 0, 1, 0xff - 0x20], 9],
    ['data on an idle stream', [0, 0, 0, 0, 0, 0, 0, 0, 5], 1],
    ['a window update of nothing', [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1],
    ['a window that overflows', [0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], 3],
    ['an interrupted header block', [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82, 0, 0, 0, 4, 0, 0, 0, 0, 0], 1],
    ['a push', [0, 0, 4, 5, 4, 0, 0, 0, 1, 0, 0, 0, 2], 1],
  ])('are sent away: %s', async (_, frame, code) => {
    expect(goAway(await raw(PREFACE, SETTINGS, frame))).toBe(code);
  });

  it('are sent away when they reset stream after stream', async () => {
    // A lock that nobody gives up keeps every stream waiting.
    await store.txn({ compare: [], success: [{ put: { key: 'l/0', value: new Uint8Array(0) } }], failure: [] });
    const parts: (string | number[])[] = [PREFACE, SETTINGS];
    const path = [...'/v3lockpb.Lock/Lock'].map((c) => c.charCodeAt(0));
    const type = [...'application/grpc'].map((c) => c.charCodeAt(0));
    const block = [0x83, 0x04, path.length, ...path, 0x0f, 0x10, type.length, ...type];
    for (let i = 0; i < 1100; i++) {
      const id = i * 2 + 1;
      parts.push([0, 0, block.length, 1, 4, 0, 0, id >> 8, id & 255, ...block], [0, 0, 4, 3, 0, 0, 0, id >> 8, id & 255, 0, 0, 0, 8]);
    }
    expect(goAway(await raw(...parts))).toBe(11);
  });

  it('do not stop the others: the port still answers', async () => {
    await raw(PREFACE, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await put('a', '1')).header?.revision).toBe(2);
    expect(await (await fetch(`${server.urls[0]}/health`)).json()).toEqual({ health: 'true', reason: '' });
  });
});

it('says so when a port is taken', async () => {
  const other = new EtcdServer({ store, env, listen: [server.urls[0]!] });
  await expect(other.start()).rejects.toThrow(/cannot listen on 127.0.0.1:\d+: another process does/);
});
