/** What makes the cluster's DNS reachable: its account and role, and the Service kube-dns with the server's address behind it. */
import type { Client } from '../../client/client.js';
import { ensure } from './ensure.js';

/** The DNS server listens here on the node; the Service's port 53 leads to it. */
export const DNS_PORT = 10053;

const RBAC = 'rbac.authorization.k8s.io';
const read = ['list', 'watch'];

export async function dnsAddon(client: Client, o: { serviceIp: string; address: string | undefined }): Promise<void> {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' };
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  await ensure(client, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: 'kube-system' } });
  await ensure(client, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'system:coredns' },
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: read },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
    ],
  });
  await ensure(client, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:coredns' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'system:coredns' },
    subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }],
  });
  await ensure(client, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
    spec: { clusterIP: o.serviceIp, ports },
  });
  if (!o.address) return;
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: { 'kubernetes.io/service-name': 'kube-dns', 'endpointslice.kubernetes.io/managed-by': 'k8ts' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [o.address], conditions: { ready: true } }],
    ports: ports.map((p) => ({ ...p, port: DNS_PORT })),
  };
  await ensure(client, slice);
  await client.patch(
    { apiVersion: slice.apiVersion, kind: slice.kind, namespace: 'kube-system', name: 'kube-dns' },
    { endpoints: slice.endpoints },
  );
}
