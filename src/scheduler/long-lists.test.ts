/** What Pods and nodes say at great length, and many of both: the one thread that finds nodes for everybody is not held up by one of them. */
import { expect, it } from 'vitest';
import type { Node, Pod, PodSpec, Taint, Toleration } from '../api/types/core/v1.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { SchedulerCache } from './cache.js';
import { on } from './cluster-event.js';
import { definePlugin, unschedulable } from './framework.js';
import { SchedulingQueue } from './queue.js';
import { cacheOf as cacheWith, find, only } from './testing/fixtures.js';
import { bears, tolerates } from './tolerations.js';

/** What is mended takes a tenth of this at most; before, each took several times this. */
const LIMIT_MS = 5000;
const NODES = 5000;
const list = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const pod = (spec: object, name = 'p') =>
  ({
    metadata: { name, namespace: 'd', uid: name },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
    status: {},
  }) as unknown as Pod;
const node = (name: string, more: { spec?: object; labels?: object; images?: object[] } = {}) =>
  ({
    metadata: { name, labels: { host: name, ...more.labels } },
    spec: more.spec ?? {},
    status: { allocatable: { cpu: '100', memory: '1Ti', pods: '1000' }, images: more.images },
  }) as unknown as Node;
const cacheOf = (n: number, make: (i: number) => Node): SchedulerCache => cacheWith(list(n, make));
const required = (...nodeSelectorTerms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const ports = (from: number, count: number) => ({
  containers: [{ name: 'c', image: 'i', ports: list(count, (i) => ({ containerPort: 1, hostPort: from + i })) }],
});
const taints: Taint[] = list(10, (i) => ({ key: `t${i}`, value: 'v', effect: 'NoSchedule' }));

it.each<[string, () => [SchedulerCache, object], RegExp | 'fits']>([
  [
    'host ports',
    () => {
      const cache = cacheOf(20, (i) => node(`n${i}`));
      for (let i = 0; i < 20; i++) cache.putPod(pod(ports(1, 30_000), `o${i}`), `n${i}`);
      return [cache, ports(30_001, 30_000)];
    },
    'fits',
  ],
  [
    'tolerations',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`, { spec: { taints } })),
      {
        tolerations: [
          ...list(30_000, (i) => ({ key: `x${i}`, operator: 'Exists' })),
          ...list(9, (i) => ({ key: `t${i}`, operator: 'Exists' })),
        ],
      },
    ],
    /untolerated taint/,
  ],
  [
    'tolerations of a cordoned node',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`, { spec: { unschedulable: true } })),
      { tolerations: list(100_000, (i) => ({ key: `x${i}`, operator: 'Exists' })) },
    ],
    /unschedulable/,
  ],
  [
    'values of a node affinity',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`)),
      required({ matchExpressions: [{ key: 'host', operator: 'In', values: list(200_000, (i) => `m${i}`) }] }),
    ],
    /didn't match Pod's node affinity/,
  ],
  [
    'terms of a node affinity',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`)),
      required(...list(100_000, (i) => ({ matchExpressions: [{ key: `k${i}`, operator: 'Exists' }] }))),
    ],
    /has more than 1000 requirements/,
  ],
  [
    'preferences among nodes',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`)),
      {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: list(100_000, (i) => ({
              weight: 1,
              preference: { matchExpressions: [{ key: `k${i}`, operator: 'DoesNotExist' }] },
            })),
          },
        },
      },
    ],
    /has more than 1000 requirements/,
  ],
  [
    'images that all nodes have',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`, { images: [{ names: ['i:latest'], sizeBytes: 1e9 }] })),
      { containers: list(500, (i) => ({ name: `c${i}`, image: 'i' })) },
    ],
    'fits',
  ],
  [
    'resources that no node has',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`)),
      {
        containers: [{ name: 'c', image: 'i', resources: { requests: Object.fromEntries(list(40_000, (i) => [`a.b/r${i}`, '1'])) } }],
      },
    ],
    /Insufficient a.b\/r0/,
  ],
  [
    'resources of which nothing is asked for',
    () => [
      cacheOf(NODES, (i) => node(`n${i}`)),
      {
        containers: [{ name: 'c', image: 'i', resources: { requests: Object.fromEntries(list(40_000, (i) => [`a.b/r${i}`, '0'])) } }],
      },
    ],
    'fits',
  ],
  [
    'init containers beside a sidecar',
    () => [
      cacheOf(1, (i) => node(`n${i}`)),
      {
        initContainers: [
          {
            name: 's',
            image: 'i',
            restartPolicy: 'Always',
            resources: { requests: Object.fromEntries(list(20_000, (i) => [`a.b/r${i}`, '0'])) },
          },
          ...list(20_000, (i) => ({ name: `i${i}`, image: 'i' })),
        ],
      },
    ],
    'fits',
  ],
])('%s', { timeout: 600_000 }, async (_, make, right) => {
  const [cache, spec] = make();
  const started = performance.now();
  const found = await find(cache, pod(spec));
  if (right === 'fits') expect(found.node).toBeDefined();
  else expect(found.message).toMatch(right);
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
});

it('an event that helps no Pod looks at none of those that wait', { timeout: 600_000 }, () => {
  const fussy = definePlugin('Fussy', () => ({ filter: () => unschedulable('no'), events: [on('Node', ['UpdateNodeLabel'])] }));
  const env = { clock: new VirtualClock(), random: seededRandom(1), log: silentLogger };
  const queue = new SchedulingQueue(env, new Map([['default-scheduler', only(fussy)]]), () => 'default-scheduler');
  const count = 50_000;
  for (let i = 0; i < count; i++) queue.put(pod({}, `p${i}`));
  for (let i = 0; i < count; i++) queue.refused(queue.takeNow()!, [{ plugin: 'Fussy', status: unschedulable('no') }]);
  const started = performance.now();
  for (let i = 0; i < 20_000; i++) queue.event({ resource: 'Pod', action: 'Delete', old: pod({ nodeName: 'n' }) });
  expect(queue.lengths.unschedulable).toBe(count);
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  const labelled = node('n');
  queue.event({ resource: 'Node', action: 'UpdateNodeLabel', old: labelled, now: labelled });
  expect(queue.lengths.unschedulable).toBe(0);
  queue.stop();
});

it('a host port that two Pods were bound to by name is held until both are gone', async () => {
  const cache = cacheOf(1, () => node('n'));
  const fits = async () => (await find(cache, pod(ports(80, 1)))).node !== undefined;
  for (const name of ['a', 'b']) cache.putPod(pod(ports(80, 1), name), 'n');
  const seen = [await fits()];
  for (const name of ['a', 'b']) {
    cache.removePod(`d/${name}`);
    seen.push(await fits());
  }
  expect(seen).toEqual([false, false, true]);
});

it('many tolerations bear what each by itself would', () => {
  const random = seededRandom(7);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random.float() * of.length)]!;
  for (let round = 0; round < 3000; round++) {
    const tolerations: Toleration[] = list(9 + Math.floor(random.float() * 4), () => ({
      key: one([undefined, 'a', 'b', 'c']),
      operator: one([undefined, 'Exists', 'Equal', 'Gt', 'Lt', 'Other']) as never,
      value: one([undefined, '', 'x', '3', '7', '-1']),
      effect: one([undefined, 'NoSchedule', 'NoExecute']),
    }));
    const taint: Taint = {
      key: one(['a', 'b', 'd']),
      value: one([undefined, '', 'x', '2', '5']),
      effect: one(['NoSchedule', 'NoExecute']),
    };
    expect(bears(tolerations, taint), JSON.stringify({ tolerations, taint })).toBe(tolerations.some((t) => tolerates(t, taint)));
  }
});

/** Requests as they were worked out container by container. */
it('requests of init containers and sidecars', async () => {
  const { requestsOf } = await import('./resources.js');
  const c = (cpu: string, gpu: string, sidecar = false) => ({
    name: 'x',
    resources: { requests: { cpu, 'a.b/gpu': gpu } },
    ...(sidecar ? { restartPolicy: 'Always' } : {}),
  });
  const spec = {
    containers: [c('1', '1')],
    initContainers: [c('4', '0'), c('1', '2', true), c('2', '1'), { name: 'y' }, c('1', '1', true)],
  } as unknown as PodSpec;
  expect({ ...requestsOf(spec) }).toEqual({ cpu: 4000, 'a.b/gpu': 4 });
});
