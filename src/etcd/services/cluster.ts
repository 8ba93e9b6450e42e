/** etcdserverpb.Cluster: one member. It answers as an etcd of one member does; more members are a matter for a real etcd. */
import { type EtcdContext, header } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { CallSignal, Method } from '../grpc/router.js';
import { errors, notDone } from '../grpc/status.js';

const ALONE = 'the embedded store has one member; use a real etcd cluster (--etcd-servers) where several are needed';
const NO_PEERS = 'the only member has no peers; its peer URL is what --initial-advertise-peer-urls says';

export function clusterService(c: EtcdContext): [string, Method][] {
  /** For root alone; about this member, or about none that there is. */
  const about = (signal: CallSignal, id: bigint) => {
    c.auth.needRoot(signal);
    if (id !== c.memberId) throw errors.memberNotFound();
  };
  const members = () => [{ id: c.memberId, name: c.name, peerUrls: c.peerUrls, clientUrls: c.clientUrls }];
  return service('etcdserverpb.Cluster', {
    MemberList: unary('MemberListRequest', 'MemberListResponse', async (_, signal) => {
      c.auth.needUser(signal);
      return { header: header(c, 0), members: members() };
    }),
    MemberAdd: unary('MemberAddRequest', 'MemberAddResponse', async (r, signal) => {
      if (r.peerUrls.length === 0 || !r.peerUrls.every(isPeerUrl)) throw errors.memberBadUrls();
      c.auth.needRoot(signal);
      if (r.peerUrls.some((url) => c.peerUrls.includes(url))) throw errors.peerUrlExists();
      throw notDone(ALONE);
    }),
    MemberRemove: unary('MemberRemoveRequest', 'MemberRemoveResponse', async (r, signal) => {
      about(signal, r.id);
      throw errors.memberNotEnoughStarted();
    }),
    MemberUpdate: unary('MemberUpdateRequest', 'MemberUpdateResponse', async (r, signal) => {
      about(signal, r.id);
      if (r.peerUrls.join() !== c.peerUrls.join()) throw notDone(NO_PEERS);
      return { header: header(c, 0), members: members() };
    }),
    MemberPromote: unary('MemberPromoteRequest', 'MemberPromoteResponse', async (r, signal) => {
      about(signal, r.id);
      throw errors.memberNotLearner();
    }),
  });
}

/** As etcd takes them: a scheme, a host and a port, and no path. */
const isPeerUrl = (text: string): boolean => /^(https?|unixs?):\/\/(\[[^\]/]+\]|[^:/]*):\d+$/.test(text);
