/** etcdserverpb.Cluster: one member. More members are a matter for a real etcd. */
import { type EtcdContext, header } from '../context.js';
import { refused, service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';

const ALONE = 'k8ts: the embedded store has one member; use a real etcd cluster (--etcd-servers) where several are needed';

export function clusterService(c: EtcdContext): [string, Method][] {
  return service('etcdserverpb.Cluster', {
    MemberList: unary('MemberListRequest', 'MemberListResponse', async () => ({
      header: header(c, 0),
      members: [{ id: c.memberId, name: c.name, peerUrls: c.peerUrls, clientUrls: c.clientUrls }],
    })),
    MemberAdd: refused(ALONE),
    MemberRemove: refused(ALONE),
    MemberUpdate: refused(ALONE),
    MemberPromote: refused(ALONE),
  });
}
