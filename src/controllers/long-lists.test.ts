/** Services, Pods and sets with lists as long as an object carries, and namespaces with very many of them: one round does not hold up all others. */
import { expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../api/types/apps/v1.js';
import type { Pod, Service, Taint } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import type { Client } from '../client/client.js';
import { Informers } from '../client/informer.js';
import { SERVICES } from '../client/kinds.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { split } from './deployment/replica-sets.js';
import { indexServices, portsOf, servicesFor } from './endpoints-of.js';
import { plan } from './endpointslice.js';
import { staysFor } from './taint-eviction.js';

const LIMIT_MS = 6000;
const list = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const service = (spec: object, name = 's') =>
  ({
    metadata: { name, namespace: 'd', resourceVersion: '1' },
    spec: { clusterIP: '10.96.0.9', selector: { app: 'a' }, ...spec },
  }) as unknown as Service;
const pod = (i: number, ports: object[], labels: object = { app: 'a' }) =>
  ({
    metadata: { name: `p${i}`, namespace: 'd', uid: `u${i}`, labels },
    spec: { containers: [{ name: 'c', ports }] },
    status: { podIPs: [{ ip: `10.1.${i >> 8}.${i & 255}` }], conditions: [] },
  }) as unknown as Pod;
const slice = (i: number, port: number) =>
  ({
    metadata: { name: `x${i}`, labels: {} },
    addressType: 'IPv4',
    ports: list(30, (j) => ({ name: `n${j}`, port: port + j, protocol: 'TCP' })),
    endpoints: [],
  }) as unknown as EndpointSlice;

it.each<[string, () => unknown]>([
  [
    'as many groups of ports as Pods, and as many slices',
    () => {
      const s = service({ ports: [{ name: 'a', port: 80, targetPort: 'x', protocol: 'TCP' }] });
      const pods = list(3000, (i) => pod(i, [{ name: 'x', containerPort: i + 1 }]));
      const done = plan(
        s,
        pods,
        list(3000, (i) => slice(i, i + 1)),
        () => undefined,
      );
      expect(done.update).toHaveLength(3000);
    },
  ],
  [
    'named ports of a Service and of a Pod',
    () => {
      const s = service({ ports: list(60_000, (i) => ({ name: `a${i}`, port: i + 1, targetPort: `x${i}`, protocol: 'TCP' })) });
      const one = pod(
        0,
        list(60_000, (i) => ({ name: `x${i}`, containerPort: i + 1 })),
      );
      expect(portsOf(s, one)).toHaveLength(60_000);
    },
  ],
  [
    'endpoints that go into new slices',
    () => {
      const s = service({ ports: [{ name: 'a', port: 80, targetPort: 8080, protocol: 'TCP' }] });
      expect(
        plan(
          s,
          list(100_000, (i) => pod(i, [])),
          [],
          () => undefined,
        ).create,
      ).toHaveLength(1000);
    },
  ],
  [
    'taints of a node and tolerations of a Pod',
    () => {
      const taints: Taint[] = list(40_000, (i) => ({ key: `k${i}`, effect: 'NoExecute' }));
      const bearing = { spec: { tolerations: list(40_000, (i) => ({ key: `k${i}`, operator: 'Exists' })) } } as unknown as Pod;
      expect(staysFor(bearing, taints)).toBeUndefined();
    },
  ],
  [
    'old sets of a Deployment whose template is large',
    () => {
      const large = { metadata: {}, spec: { containers: [{ name: 'c', env: list(20_000, (i) => ({ name: `A${i}`, value: 'x' })) }] } };
      const d = { metadata: { name: 'd' }, spec: { template: large } } as unknown as Deployment;
      const sets = list(1000, (i) => ({
        metadata: { name: `d-${i}`, creationTimestamp: 'x' },
        spec: { template: { metadata: {}, spec: { containers: [] } } },
      }));
      expect(split(d, sets as unknown as ReplicaSet[]).old).toHaveLength(1000);
    },
  ],
])('%s', { timeout: 600_000 }, (_, run) => {
  const started = performance.now();
  run();
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
});

it('of very many Services of a namespace, those that may select a Pod are looked at', { timeout: 600_000 }, async () => {
  const selectors = [{ app: 'a' }, { app: 'a', tier: 'x' }, { tier: 'x' }, {}, undefined, { app: 'b' }];
  const items = [
    ...selectors.map((selector, i) => service({ selector }, `s${i}`)),
    ...list(30_000, (i) => service({ selector: { app: `other-${i}` } }, `o${i}`)),
  ];
  const env = { clock: new VirtualClock(), random: seededRandom(1), log: silentLogger };
  const client = {
    list: async () => ({ items, metadata: { resourceVersion: '1' } }),
    watch: async function* (_ref: object, o: { signal: AbortSignal }) {
      await new Promise((resolve) => o.signal.addEventListener('abort', resolve));
      yield* [];
    },
  } as unknown as Client;
  const informers = new Informers(client, env);
  indexServices(informers.for(SERVICES));
  await informers.start();
  const started = performance.now();
  for (let i = 0; i < 2000; i++) servicesFor(informers.for(SERVICES), pod(i, []));
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  const of = (...labels: object[]) => servicesFor(informers.for(SERVICES), ...labels.map((l) => pod(0, [], l))).sort();
  expect(of({ app: 'a' })).toEqual(['d/s0']);
  expect(of({ app: 'a', tier: 'x' })).toEqual(['d/s0', 'd/s1', 'd/s2']);
  expect(of({ app: 'a' }, { app: 'b' })).toEqual(['d/s0', 'd/s5']);
  expect(of({})).toEqual([]);
  await informers.stop();
});
