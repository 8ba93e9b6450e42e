/** What the client port answers over plain HTTP: /health, /version, /metrics. */
import { ETCD_CLUSTER_VERSION, ETCD_VERSION, type EtcdContext } from './context.js';
import { isHealthy } from './services/health.js';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Counted by the listener. */
export interface Traffic {
  readonly connections: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export async function page(c: EtcdContext, method: string, path: string, traffic: Traffic): Promise<Page> {
  const known = PAGES[path];
  if (!known) return { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: 'text/plain; charset=utf-8', body: 'Method Not Allowed\n' };
  return known(c, traffic);
}

const json = (status: number, value: unknown, newline = ''): Page => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value) + newline,
});

const PAGES: Record<string, (c: EtcdContext, traffic: Traffic) => Promise<Page>> = {
  '/health': async (c) => {
    const healthy = isHealthy(c);
    const reason = healthy ? '' : c.alarms.list.length > 0 ? 'ALARM NOSPACE' : 'the store cannot write any more';
    return json(healthy ? 200 : 503, { health: String(healthy), reason });
  },
  '/version': async () => json(200, { etcdserver: ETCD_VERSION, etcdcluster: ETCD_CLUSTER_VERSION }),
  '/metrics': async (c, traffic) => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics(c, traffic) }),
};

async function metrics(c: EtcdContext, traffic: Traffic): Promise<string> {
  const status = await c.store.status();
  const lines: string[] = [];
  const metric = (name: string, type: 'gauge' | 'counter', help: string, value: number) =>
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
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
  metric('k8ts_etcd_client_connections', 'gauge', 'Open client connections.', traffic.connections);
  return `${lines.join('\n')}\n`;
}
