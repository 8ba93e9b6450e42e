/** v3electionpb.Election: one leader per name, the contender that has waited longest. */

import { decode, encodeFramed } from '../../store/proto/codec.js';
import type { Message } from '../../store/proto/message.js';
import { type KeyValue, prefixEnd, type Store, type Watch } from '../../store/store.js';
import { mayWatchTurns } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { moreThanOneMessage, service, unary } from '../grpc/method.js';
import type { Call, Method, StreamingHandler } from '../grpc/router.js';
import { Code, GrpcError } from '../grpc/status.js';
import { leaving, replacing, takeTurn } from './turn-taking.js';
import { write } from './write.js';

const missingLeader = () => new GrpcError(Code.invalidArgument, '"leader" field must be provided');
const notLeader = () => new GrpcError(Code.unknown, 'election: not leader');
const noLeader = () => new GrpcError(Code.unknown, 'election: no leader');

export function electionService(c: EtcdContext): [string, Method][] {
  const { auth, store } = c;
  return service('v3electionpb.Election', {
    Campaign: unary('CampaignRequest', 'CampaignResponse', async (r, signal) => {
      const { key, revision, lease } = await takeTurn(c, r.name, r.lease, r.value, signal);
      return { header: header(c, store.revision), leader: { name: r.name, key, rev: revision, lease } };
    }),
    Proclaim: unary('ProclaimRequest', 'ProclaimResponse', async (r, signal) => {
      if (!r.leader) throw missingLeader();
      const { succeeded } = await write(c, signal, replacing(place(r.leader), r.value));
      if (!succeeded) throw notLeader();
      return { header: header(c, store.revision) };
    }),
    Leader: unary('LeaderRequest', 'LeaderResponse', async (r, signal) => {
      if (auth.enabled) mayWatchTurns(auth, signal, r.name);
      const { kv, revision } = await leader(store, r.name);
      if (!kv) throw noLeader();
      return { header: header(c, revision), kv };
    }),
    Observe: { kind: 'stream', open: (call) => observe(c, call) },
    Resign: unary('ResignRequest', 'ResignResponse', async (r, signal) => {
      if (!r.leader) throw missingLeader();
      await write(c, signal, leaving(place(r.leader)));
      return { header: header(c, store.revision) };
    }),
  });
}

const place = (l: Message<'LeaderKey'>) => ({ key: l.key, revision: l.rev, lease: l.lease });

async function leader(store: Store, name: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
  const key = `${name}/`;
  const { kvs, revision } = await store.range({ key, end: prefixEnd(key), sort: { by: 'create' }, limit: 1 });
  return { kv: kvs[0], revision };
}

/** Tells the leader now, and again whenever another leads or the leader's value changes. */
function observe(c: EtcdContext, call: Call): StreamingHandler {
  let told = 0;
  let watch: Watch | undefined;
  const tell = async (name: string) => {
    const { kv, revision } = await leader(c.store, name);
    if (!kv || kv.modRevision === told) return;
    told = kv.modRevision;
    call.send(encodeFramed('LeaderResponse', { header: header(c, revision), kv }));
  };
  return {
    message(bytes) {
      if (watch) throw moreThanOneMessage();
      const { name } = decode('LeaderRequest', bytes);
      if (c.auth.enabled) mayWatchTurns(c.auth, call, name);
      const update = () => void tell(name).catch((e) => call.end(e));
      const prefix = `${name}/`;
      watch = c.store.watch({ key: prefix, end: prefixEnd(prefix) }, { events: update, end: (error) => call.end(error) });
      update();
    },
    end() {},
    gone: () => watch?.cancel(),
  };
}
