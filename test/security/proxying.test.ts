/** The proxies of the API server lead to Pods and kubelets, and never to the machine it runs on. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

const MERGE = { contentType: 'application/merge-patch+json' };
const DEFAULT = '/api/v1/namespaces/default';
const spec = { containers: [{ name: 'c', image: 'i' }] };
let cluster: Cluster;
let inner: http.Server;
let port: number;
let reached = 0;

beforeAll(async () => {
  inner = http.createServer((_req, res) => {
    reached++;
    res.end('a secret of the machine');
  });
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  port = (inner.address() as AddressInfo).port;
  cluster = await Cluster.start({ nodes: 1, listen: true });
  const { client } = cluster;
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'evil' } });
  await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { ...spec, nodeName: 'evil' },
  });
  await client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  });
});
afterAll(async () => {
  await cluster.stop();
  inner.close();
});
const get = (path: string) => cluster.client.raw('GET', path);

describe.each(['127.0.0.1', '169.254.169.254'])('at %s', (ip) => {
  it('a Pod', async () => {
    const { client } = cluster;
    await client.raw('PATCH', `${DEFAULT}/pods/p/status`, { status: { podIP: ip, podIPs: [{ ip }] } }, MERGE);
    await expect(get(`${DEFAULT}/pods/p:${port}/proxy/`)).rejects.toMatchObject({ code: 400, message: 'address not allowed' });
  });
  it('a node, by its proxy and for its logs', async () => {
    const status = { addresses: [{ type: 'InternalIP', address: ip }], daemonEndpoints: { kubeletEndpoint: { Port: port } } };
    await cluster.client.raw('PATCH', '/api/v1/nodes/evil/status', { status }, MERGE);
    for (const path of ['/api/v1/nodes/evil/proxy/', `/api/v1/nodes/evil:${port}/proxy/`, `${DEFAULT}/pods/p/log`])
      await expect(get(path)).rejects.toMatchObject({ code: 400, message: 'address not allowed' });
  });
  it('endpoints', async () => {
    const [endpoints, slice] = [{ addresses: [{ ip }], ports: [{ port }] }, { addresses: [ip] }];
    await expect(
      cluster.client.create({
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 's', namespace: 'default' },
        subsets: [endpoints],
      } as never),
    ).rejects.toMatchObject({ code: 422 });
    await expect(
      cluster.client.create({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        addressType: 'IPv4',
        metadata: { name: 's', namespace: 'default' },
        endpoints: [slice],
      } as never),
    ).rejects.toMatchObject({ code: 422 });
  });
});

it('a name that stands for the machine', async () => {
  const status = { addresses: [{ type: 'Hostname', address: 'localhost' }], daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await cluster.client.raw('PATCH', '/api/v1/nodes/evil/status', { status }, MERGE);
  await expect(get('/api/v1/nodes/evil/proxy/')).rejects.toMatchObject({
    code: 503,
    message: expect.stringContaining('address not allowed'),
  });
  await expect(get(`/api/v1/nodes/evil:${port}/proxy/`)).rejects.toMatchObject({
    code: 503,
    message: expect.stringContaining('address not allowed'),
  });
});

it('a slice that names an address of nobody here', async () => {
  const labels = { 'kubernetes.io/service-name': 's' };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: { name: 's', namespace: 'default', labels },
  };
  await cluster.client.create({
    ...slice,
    endpoints: [{ addresses: ['192.0.2.7'] }],
    ports: [{ name: '', protocol: 'TCP', port }],
  } as never);
  await expect(get(`${DEFAULT}/services/s:80/proxy/`)).rejects.toMatchObject({
    code: 503,
    message: expect.stringContaining('no endpoints available'),
  });
  expect(reached).toBe(0);
});

it('the kubelet of this process is reached where it listens, whatever is written to its Node', async () => {
  const { client } = cluster;
  const [node] = (await client.list({ apiVersion: 'v1', kind: 'Node' })).items.filter((n) => n.metadata.name !== 'evil');
  const name = node!.metadata.name;
  await client.raw('PATCH', `/api/v1/nodes/${name}/status`, { status: { daemonEndpoints: { kubeletEndpoint: { Port: port } } } }, MERGE);
  expect(await get(`/api/v1/nodes/${name}/proxy/healthz`)).toBe('ok');
  expect(reached).toBe(0);
});
