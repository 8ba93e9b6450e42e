/** The remote store against an etcd that fails in chosen ways: a server of @grpc/grpc-js that answers by script. */
import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { maintenanceOf } from '../maintenance.js';
import { decode, encode } from '../proto/codec.js';
import type { Draft, Message, MessageName } from '../proto/message.js';
import type { StoreEvent } from '../store.js';
import { checkEndpoint } from './member.js';
import { openRemoteStore } from './open.js';

const env = { clock: realClock, random: seededRandom(1), log: silentLogger };
type Failure = { code: number; details: string };
type WatchCall = grpc.ServerDuplexStream<Message<'WatchRequest'>, Draft<'WatchResponse'>>;

class ScriptedEtcd {
  readonly txns: Message<'TxnRequest'>[] = [];
  ranges = 0;
  revision = 5;
  clusterId = 1n;
  /** What the next calls fail with; undefined: an answer. */
  readonly failTxn: (Failure | 'hang up' | undefined)[] = [];
  readonly failRange: (Failure | undefined)[] = [];
  readonly watches: WatchCall[] = [];
  onWatch: (request: Message<'WatchRequest'>, call: WatchCall) => void = () => {};
  private readonly server = new grpc.Server();
  url = '';

  async start(): Promise<this> {
    const definition = <In extends MessageName, Out extends MessageName>(path: string, input: In, output: Out, stream = false) => ({
      path,
      requestStream: stream,
      responseStream: stream,
      requestSerialize: (m: Draft<In>) => Buffer.from(encode(input, m)),
      requestDeserialize: (b: Buffer) => decode(input, b),
      responseSerialize: (m: Draft<Out>) => Buffer.from(encode(output, m)),
      responseDeserialize: (b: Buffer) => decode(output, b),
    });
    this.server.addService(
      {
        txn: definition('/etcdserverpb.KV/Txn', 'TxnRequest', 'TxnResponse'),
        range: definition('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse'),
        watch: definition('/etcdserverpb.Watch/Watch', 'WatchRequest', 'WatchResponse', true),
      },
      {
        txn: (call: grpc.ServerUnaryCall<Message<'TxnRequest'>, Draft<'TxnResponse'>>, done: grpc.sendUnaryData<Draft<'TxnResponse'>>) => {
          this.txns.push(call.request);
          const failure = this.failTxn.shift();
          if (failure === 'hang up') this.server.forceShutdown();
          else if (failure) done(failure);
          else done(null, { header: { clusterId: this.clusterId, revision: ++this.revision }, succeeded: true, responses: [{ put: {} }] });
        },
        range: (_: unknown, done: grpc.sendUnaryData<Draft<'RangeResponse'>>) => {
          this.ranges++;
          const failure = this.failRange.shift();
          if (failure) done(failure);
          else done(null, { header: { clusterId: this.clusterId, revision: this.revision } });
        },
        watch: (call: WatchCall) => {
          this.watches.push(call);
          call.on('data', (r: Message<'WatchRequest'>) => this.onWatch(r, call));
          call.on('error', () => {});
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (e, p) => (e ? reject(e) : resolve(p))),
    );
    this.url = `http://127.0.0.1:${port}`;
    cleanup.push(async () => this.server.forceShutdown());
    return this;
  }
}

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanup.splice(0).reverse()) await clean();
});

async function open(...etcds: ScriptedEtcd[]) {
  const store = await openRemoteStore({ endpoints: etcds.map((e) => e.url), env, requestTimeoutMs: 4000 });
  cleanup.push(() => store.close());
  return store;
}
const etcd = () => new ScriptedEtcd().start();
const put = { compare: [], success: [{ put: { key: 'a', value: new Uint8Array(1) } }], failure: [] };
const { UNAVAILABLE, UNKNOWN, RESOURCE_EXHAUSTED } = grpc.status;

it.each<[string, Failure]>([
  ['no leader', { code: UNAVAILABLE, details: 'etcdserver: no leader' }],
  ['too many requests', { code: RESOURCE_EXHAUSTED, details: 'etcdserver: too many requests' }],
  ['a change of users', { code: grpc.status.INVALID_ARGUMENT, details: 'etcdserver: revision of auth store is old' }],
  ['a dropped proposal', { code: UNKNOWN, details: 'raft proposal dropped' }],
])('a write is sent again after %s', async (_, failure) => {
  const e = await etcd();
  const store = await open(e);
  e.failTxn.push(failure, failure);
  expect((await store.txn(put)).succeeded).toBe(true);
  expect(e.txns).toHaveLength(3);
});

it.each<[string, Failure | 'hang up', boolean]>([
  ['a timeout', { code: UNAVAILABLE, details: 'etcdserver: request timed out' }, true],
  ['a lost leader', { code: UNAVAILABLE, details: 'etcdserver: request timed out, possibly due to previous leader failure' }, true],
  ['a broken connection', 'hang up', true],
  ['a full disk', { code: RESOURCE_EXHAUSTED, details: 'etcdserver: mvcc: database space exceeded' }, false],
])('a write is not sent again after %s', async (_, failure, unknownOutcome) => {
  const [one, other] = [await etcd(), await etcd()];
  const store = await open(one, other);
  for (const e of [one, other]) e.failTxn.push(failure);
  await expect(store.txn(put)).rejects.toMatchObject({ name: 'RemoteStoreError', unknownOutcome });
  expect(one.txns.length + other.txns.length).toBe(1);
});

it('a watch from now begins with what is there when its beginning was compacted; one from a revision ends', async () => {
  const e = await etcd();
  const starts: number[] = [];
  e.onWatch = ({ create }, call) => {
    if (!create) return;
    starts.push(create.startRevision);
    const { watchId } = create;
    const header = { clusterId: 1n, revision: 50 };
    call.write({ header, watchId, created: true });
    if (create.startRevision < 40) call.write({ header, watchId, canceled: true, compactRevision: 40 });
    else
      call.write({
        header,
        watchId,
        events: [40, 51].map((n) => ({ type: 0, kv: { key: 'a', modRevision: n, version: 1, createRevision: n } })),
      });
  };
  const store = await open(e);
  const seen: number[] = [];
  await new Promise<void>((resolve) =>
    store.watch(
      { key: 'a' },
      {
        events: (events) => {
          seen.push(...events.map((x) => x.kv.modRevision));
          resolve();
        },
        end() {},
      },
    ),
  );
  expect(seen).toEqual([51]);
  expect(starts.at(-1)).toBe(40);
  const ended = await new Promise((end) => store.watch({ key: 'a', startRevision: 3 }, { events() {}, end }));
  expect(ended).toMatchObject({ name: 'CompactedError', compactRevision: 40 });
});

it('does not wait for a compaction that a member does not know of', async () => {
  const e = await etcd();
  const store = await openRemoteStore({ endpoints: [e.url], env, requestTimeoutMs: 300 });
  cleanup.push(() => store.close());
  const compacted = { code: grpc.status.OUT_OF_RANGE, details: 'etcdserver: mvcc: required revision has been compacted' };
  e.failRange.push(compacted, compacted);
  await expect(store.range({ key: 'a', revision: 2 })).rejects.toMatchObject({ name: 'CompactedError', compactRevision: 0 });
});

it('has no maintenance of its own', async () => {
  expect(maintenanceOf(await open(await etcd()))).toBeUndefined();
});

it('a read is repeated; a transaction that only reads is a read', async () => {
  const [one, other] = [await etcd(), await etcd()];
  const store = await open(one, other);
  const lost = { code: UNAVAILABLE, details: 'etcdserver: request timed out' };
  for (const e of [one, other]) {
    e.failRange.push(lost);
    e.failTxn.push(lost);
  }
  expect((await store.range({ key: 'a' })).revision).toBe(5);
  expect((await store.txn({ compare: [], success: [], failure: [] })).succeeded).toBe(true);
});

it('members of different clusters are refused', async () => {
  const [one, other] = [await etcd(), await etcd()];
  const store = await open(one, other);
  const failing = one.ranges > 0 ? one : other;
  (failing === one ? other : one).clusterId = 2n;
  failing.failRange.push({ code: UNAVAILABLE, details: 'etcdserver: server stopped' });
  await expect(store.range({ key: 'a' })).rejects.toThrow('belong to different clusters');
});

const event = (key: string, modRevision: number) => ({ type: 0, kv: { key, modRevision, createRevision: modRevision, version: 1 } });

it('fragments of a revision are put together; half of one is dropped when the stream breaks', async () => {
  const e = await etcd();
  const store = await open(e);
  const starts: number[] = [];
  e.onWatch = ({ create }, call) => {
    if (!create) return;
    starts.push(create.startRevision);
    const to = (events: ReturnType<typeof event>[], fragment: boolean) =>
      call.write({ header: { revision: 9 }, watchId: create.watchId, events, fragment });
    call.write({ header: { revision: 9 }, watchId: create.watchId, created: true });
    if (starts.length === 1) {
      to([event('a', 6), event('b', 6)], true);
      to([event('c', 6)], false);
      to([event('d', 7)], true);
      call.emit('error', { code: UNAVAILABLE, details: 'etcdserver: server stopped' });
    } else {
      // Begins earlier than asked: nothing is told twice.
      to([event('c', 6), event('d', 7)], true);
      to([event('e', 7)], false);
    }
  };
  const calls: [string, number][] = [];
  await new Promise<void>((resolve) => {
    store.watch(
      { key: 'a', end: 'z', startRevision: 6 },
      {
        events: (events: readonly StoreEvent[], revision) => {
          calls.push([events.map((x) => x.kv.key).join(''), revision]);
          if (revision === 7) resolve();
        },
        end() {},
      },
    );
  });
  // One revision more than is missing, each time.
  expect(starts).toEqual([5, 6]);
  expect(calls).toEqual([
    ['abc', 6],
    ['de', 7],
  ]);
});

it('progress waits for an event that is still under way', async () => {
  const e = await etcd();
  const store = await open(e);
  e.revision = 8;
  let own: { id: number; call: WatchCall } | undefined;
  const traced = new Promise<void>((resolve) => {
    e.onWatch = ({ create }, call) => {
      if (!create) return;
      call.write({ header: { revision: 8 }, watchId: create.watchId, created: true });
      if (create.key !== '\0') own = { id: create.watchId, call };
      else {
        // The trace of everything is ahead of the watch's own event at 7.
        call.write({ header: { revision: 8 }, watchId: create.watchId, events: [event('x', 6), event('a', 7), event('x', 8)] });
        resolve();
      }
    };
  });
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    const watch = store.watch(
      { key: 'a' },
      {
        events: (_, revision) => seen.push(`event ${revision}`),
        progress: (revision) => {
          seen.push(`progress ${revision}`);
          resolve();
        },
        end() {},
      },
    );
    watch.requestProgress();
    void traced.then(async () => {
      // An answer on the same stream after the trace: what was said before it has arrived.
      await store.range({ key: 'a' });
      own!.call.write({ header: { revision: 8 }, watchId: own!.id, events: [event('a', 7)] });
    });
  });
  expect(seen[0]).toBe('event 7');
  expect(seen[1]).toMatch(/^progress [78]$/);
});

it.each(['127.0.0.1:2379', 'ftp://x', 'http://', 'http://a/b', ''])('not an endpoint: %s', (text) => {
  expect(() => checkEndpoint(text)).toThrow('not an etcd endpoint');
});

it('says where nobody answers, after a bounded wait', async () => {
  const e = await etcd();
  for (const clean of cleanup.splice(0)) await clean();
  await expect(openRemoteStore({ endpoints: [e.url], env, openTimeoutMs: 200 })).rejects.toThrow(
    `no etcd answers at ${e.url} (${e.url}: connect ECONNREFUSED ${e.url.slice('http://'.length)}): check that it runs`,
  );
});
