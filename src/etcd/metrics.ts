/** /metrics: etcd's names, with this server's own values. */
import { addAll } from '../util/add-all.js';
import { ETCD_CLUSTER_VERSION, ETCD_VERSION, type EtcdContext } from './context.js';
import type { CallCounts } from './grpc/call-counts.js';

/** Counted by the listener. */
export interface Traffic {
  readonly connections: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly calls: CallCounts;
}

export async function metrics(c: EtcdContext, traffic: Traffic): Promise<string> {
  const status = await c.store.status();
  const lines: string[] = [];
  const metric = (name: string, type: 'gauge' | 'counter', help: string, value: number, labels = '') =>
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name}${labels} ${value}`);
  metric('etcd_server_has_leader', 'gauge', 'Whether a leader exists: always 1 with one member.', 1);
  metric('etcd_server_is_leader', 'gauge', 'Whether this member leads: always 1 with one member.', 1);
  metric('etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Bytes of the store on disk.', status.size);
  metric('etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Bytes of the store on disk that are in use.', status.sizeInUse);
  metric('etcd_debugging_mvcc_keys_total', 'gauge', 'Number of keys.', status.keys);
  metric('etcd_debugging_mvcc_current_revision', 'gauge', 'The newest revision.', status.revision);
  metric('etcd_debugging_mvcc_compact_revision', 'gauge', 'The revision of the last compaction.', status.compactRevision);
  metric('etcd_server_quota_backend_bytes', 'gauge', 'Bytes that the store may take on disk.', c.limits.quotaBackendBytes);
  metric('etcd_network_client_grpc_received_bytes_total', 'counter', 'Bytes received from clients.', traffic.bytesReceived);
  metric('etcd_network_client_grpc_sent_bytes_total', 'counter', 'Bytes sent to clients.', traffic.bytesSent);
  metric('etcd_server_id', 'gauge', 'Identity of this member.', 1, `{server_id="${c.memberId.toString(16)}"}`);
  metric('etcd_server_version', 'gauge', 'The etcd that this answers as.', 1, `{server_version="${ETCD_VERSION}"}`);
  metric(
    'etcd_cluster_version',
    'gauge',
    'The version of the cluster.',
    1,
    `{cluster_version="${ETCD_CLUSTER_VERSION.replace(/\.0$/, '')}"}`,
  );
  metric('etcd_server_is_learner', 'gauge', 'Whether this member is a learner: never with one member.', 0);
  metric('etcd_server_leader_changes_seen_total', 'counter', 'Changes of the leader seen: one member leads from its start.', 1);
  metric('etcd_server_proposals_failed_total', 'counter', 'Proposals that failed: there is nobody to propose to.', 0);
  metric('etcd_debugging_auth_revision', 'gauge', 'The revision of users and roles.', Number(c.auth.state.revision));
  addAll(lines, traffic.calls.render());
  metric('k8ts_etcd_client_connections', 'gauge', 'Open client connections.', traffic.connections);
  return `${lines.join('\n')}\n`;
}
