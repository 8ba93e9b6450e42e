/** kube-proxy's loop against a whole API server: when traffic moves from one endpoint to the next, and who is told. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';
import { KubeProxy } from '../../src/proxy/proxy.js';
import type { ServicePort } from '../../src/proxy/rules.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const NODE = 'n1';
const OLD = '10.9.0.1';
const NEW = '10.9.0.2';
let c: Cluster;
let proxy: KubeProxy;
let rules: readonly ServicePort[] = [];
/** What accepts connections: `ip:port`. */
const listening = new Set<string>();

const until = async (what: () => boolean) => {
  for (let i = 0; i < 1000; i++) {
    if (what()) return;
    await new Promise((r) => setTimeout(r, 5));
  }
  throw new Error(`it did not come about; the rules are ${JSON.stringify(rules)}`);
};
const soon = () => new Promise((r) => setTimeout(r, 100));
const web = () => rules.filter((p) => p.name.startsWith('default/web:'));
const leadsTo = (port: number) =>
  web()
    .find((p) => p.port === port)
    ?.backends.map((b) => b.ip);

const slice = (endpoints: { ip: string; going?: boolean }[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [
    { name: 'http', port: 80, protocol: 'TCP' },
    { name: 'https', port: 443, protocol: 'TCP' },
  ],
  endpoints: endpoints.map(({ ip, going = false }) => ({
    addresses: [ip],
    nodeName: NODE,
    conditions: { ready: !going, serving: true, terminating: going },
  })),
});
const put = (endpoints: { ip: string; going?: boolean }[]) => c.client.update(slice(endpoints) as never);

beforeAll(async () => {
  c = await Cluster.start({ nodes: 0 });
  await c.client.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { ports: [80, 443].map((port) => ({ name: port === 80 ? 'http' : 'https', port })) },
  } as never);
  await c.client.create(slice([{ ip: OLD }]) as never);
  const record = { apply: async (ports: readonly ServicePort[]) => void (rules = ports), clean: async () => {} };
  proxy = new KubeProxy({ client: c.client, env, node: NODE, rules: record, connects: async (ip, port) => listening.has(`${ip}:${port}`) });
  await proxy.start();
});
afterAll(async () => {
  await proxy.stop();
  await c.stop();
});

it('endpoints that were there before it have their traffic at once', () => {
  expect(leadsTo(80)).toEqual([OLD]);
  expect(leadsTo(443)).toEqual([OLD]);
});

it('a new endpoint gets traffic when it listens; the old one is held until then', async () => {
  await put([{ ip: OLD, going: true }, { ip: NEW }]);
  let told = false;
  const withdrawn = proxy.withdrawn([OLD], 6_000).then(() => (told = true));
  await soon();
  expect(leadsTo(80)).toEqual([OLD]);
  expect(told).toBe(false);

  listening.add(`${NEW}:80`);
  await until(() => leadsTo(80)?.[0] === NEW);
  // Nobody listens on 443: the Pod answers on its other port, so it gets that traffic, too.
  await until(() => leadsTo(443)?.[0] === NEW);
  await withdrawn;
  expect(web().flatMap((p) => p.backends.map((b) => b.ip))).toEqual([NEW, NEW]);
});

it('an address that left and came back is asked again', async () => {
  listening.clear();
  await put([{ ip: OLD }]);
  listening.add(`${OLD}:80`);
  await until(() => leadsTo(80)?.[0] === OLD);
  await put([{ ip: OLD, going: true }, { ip: NEW }]);
  await soon();
  expect(leadsTo(80)).toEqual([OLD]);
  listening.add(`${NEW}:80`);
  await until(() => leadsTo(80)?.[0] === NEW);
});
