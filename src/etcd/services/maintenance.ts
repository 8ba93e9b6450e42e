/** etcdserverpb.Maintenance: status, hashes, alarms, defragmentation, snapshots. */
import { maintenanceOf } from '../../store/maintenance.js';
import { CompactedError, FutureRevisionError } from '../../store/store.js';
import { Alarm, alarmName } from '../alarms.js';
import { ETCD_CLUSTER_VERSION, ETCD_VERSION, type EtcdContext, header } from '../context.js';
import { serverStream, service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { errors, notDone } from '../grpc/status.js';
import { streamSnapshot } from '../snapshot/stream.js';
import { CLUSTER_VERSION, downgrade } from './downgrade.js';
import { hashKv } from './hash-kv.js';

const GET = 0;
const ACTIVATE = 1;
const DEACTIVATE = 2;

export function maintenanceService(c: EtcdContext): [string, Method][] {
  const { auth, store, alarms } = c;
  const local = () => {
    const maintenance = maintenanceOf(store);
    if (!maintenance) throw notDone('this store is not kept here; ask the etcd that keeps it');
    return maintenance;
  };
  return service('etcdserverpb.Maintenance', {
    Status: unary('StatusRequest', 'StatusResponse', async (_, signal) => {
      auth.needUser(signal);
      const status = await store.status();
      const failure = maintenanceOf(store)?.failure;
      // A single member's raft index is not the store's revision, but moves with it.
      const index = BigInt(status.revision);
      return {
        header: header(c, status.revision),
        version: ETCD_VERSION,
        dbSize: status.size,
        dbSizeInUse: status.sizeInUse,
        leader: c.memberId,
        raftIndex: index,
        raftTerm: c.raftTerm,
        raftAppliedIndex: index,
        errors: [...alarms.list.map((a) => `memberID:${c.memberId} alarm:${alarmName(a)} `), ...(failure ? [failure.message] : [])],
        storageVersion: ETCD_CLUSTER_VERSION,
        dbSizeQuota: Math.max(c.limits.quotaBackendBytes, 0),
        downgradeInfo: {},
      };
    }),

    Alarm: unary('AlarmRequest', 'AlarmResponse', async (r, signal) => {
      if (r.action === GET) auth.needUser(signal);
      else auth.needRoot(signal);
      if (r.alarm !== Alarm.none && alarmName(r.alarm) === undefined) throw notDone(`unknown alarm ${r.alarm}`);
      const answer = (of: readonly number[]) => ({
        header: header(c, store.revision),
        alarms: of.map((alarm) => ({ memberId: c.memberId, alarm })),
      });
      const wanted = r.alarm === Alarm.none ? alarms.list : alarms.list.filter((a) => a === r.alarm);
      if (r.action === GET) return answer(wanted);
      // Of another member there is nothing to raise or to put down.
      if (r.memberId !== 0n && r.memberId !== c.memberId) return answer([]);
      if (r.action === DEACTIVATE) {
        for (const alarm of wanted) await alarms.disarm(alarm);
        return answer(wanted);
      }
      if (r.action !== ACTIVATE) throw notDone(`unknown alarm action ${r.action}`);
      if (r.alarm === Alarm.none) return answer([]);
      await alarms.raise(r.alarm);
      return answer([r.alarm]);
    }),

    Defragment: unary('DefragmentRequest', 'DefragmentResponse', async (_, signal) => {
      auth.needRoot(signal);
      await local().defragment();
      return { header: header(c, store.revision) };
    }),

    Hash: unary('HashRequest', 'HashResponse', async (_, signal) => {
      auth.needRoot(signal);
      const snapshot = local().snapshot();
      try {
        return { header: header(c, snapshot.revision), hash: await hashKv(snapshot, snapshot.revision) };
      } finally {
        snapshot.release();
      }
    }),

    HashKV: unary('HashKVRequest', 'HashKVResponse', async (r, signal) => {
      auth.needRoot(signal);
      const snapshot = local().snapshot();
      try {
        const revision = r.revision || snapshot.revision;
        if (revision > snapshot.revision) throw new FutureRevisionError();
        if (revision < snapshot.compactRevision) throw new CompactedError(snapshot.compactRevision);
        const hash = await hashKv(snapshot, revision);
        return { header: header(c, snapshot.revision), hash, compactRevision: snapshot.compactRevision || -1, hashRevision: revision };
      } finally {
        snapshot.release();
      }
    }),

    Snapshot: serverStream('SnapshotRequest', 'SnapshotResponse', async (_request, send, signal) => {
      auth.needRoot(signal);
      const snapshot = local().snapshot();
      try {
        await streamSnapshot(snapshot, c, send, signal);
      } finally {
        snapshot.release();
      }
    }),
    MoveLeader: unary('MoveLeaderRequest', 'MoveLeaderResponse', async (r, signal) => {
      auth.needRoot(signal);
      // To itself is where the leadership is.
      if (r.targetId !== c.memberId) throw errors.badTransferee();
      return {};
    }),
    Downgrade: unary('DowngradeRequest', 'DowngradeResponse', async (r, signal) => {
      auth.needRoot(signal);
      downgrade(r.action, r.version);
      return { header: header(c, store.revision), version: CLUSTER_VERSION };
    }),
  });
}
