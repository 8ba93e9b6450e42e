/** A Service asks for addresses that are others': of the node, of kube-proxy itself, of another Service. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';
import { KubeProxy } from '../../src/proxy/proxy.js';
import type { ServicePort } from '../../src/proxy/rules.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const NODE = '192.0.2.2';
const lines: string[] = [];
const log = { ...silentLogger, warn: (_: string, fields?: Record<string, unknown>) => void lines.push(String(fields?.why)) };
let c: Cluster;
let proxy: KubeProxy;
let rules: readonly ServicePort[] = [];

const until = async (what: () => boolean) => {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((r) => setTimeout(r, 5));
  expect(what()).toBe(true);
};
const make = async (name: string, port: number, externalIPs: string[], spec: object = {}) => {
  const s = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port }], externalIPs, ...spec },
  };
  const made = (await c.client.create(s as never)) as unknown as { spec: { healthCheckNodePort: number } };
  await until(() => rules.some((p) => p.name === `default/${name}`));
  return made;
};
const got = (name: string) => rules.find((p) => p.name === `default/${name}`)?.externalIps;

beforeAll(async () => {
  c = await Cluster.start({ nodes: 0 });
  proxy = new KubeProxy({
    client: c.client,
    env: { clock: realClock, random: realRandom, log },
    node: 'n',
    rules: { apply: async (ports) => void (rules = ports), clean: async () => {} },
    health: { listen: async () => ({ close: async () => {} }) },
    addresses: () => new Set([NODE]),
    ownPorts: () => [{ protocol: 'TCP', port: 6443, holder: 'kube-apiserver' }],
  });
  await proxy.start();
});
afterAll(async () => {
  await proxy.stop();
  await c.stop();
});

it('the API server’s port of the node, and the health port of kube-proxy, stay theirs', async () => {
  await make('api', 6443, [NODE, '198.51.100.1']);
  expect(got('api')).toEqual(['198.51.100.1']);
  await make('healthz', 10256, [NODE]);
  expect(got('healthz')).toEqual([]);
  await make('free', 80, [NODE]);
  expect(got('free')).toEqual([NODE]);
});

it('a port that balancers ask for the health of another Service', async () => {
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
  const { healthCheckNodePort } = (await make('checked', 80, [], spec)).spec;
  await until(() => proxy.ownPorts().some((p) => p.port === healthCheckNodePort));
  await make('evil', healthCheckNodePort, [NODE]);
  expect(got('evil')).toEqual([]);
  await c.client.delete({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'checked' } as never);
  await until(() => !proxy.ownPorts().some((p) => p.port === healthCheckNodePort));
});

it('each refusal is told once', () => {
  expect(lines.filter((l) => l.includes('6443'))).toEqual([
    `default/api: ${NODE} with port TCP/6443 is a port of the node's own kube-apiserver`,
  ]);
});
