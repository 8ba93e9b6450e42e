import { describe, expect, it } from 'vitest';
import { matchesTerm } from '../api/core/node-affinity.js';
import type { Node, Pod } from '../api/types/core/v1.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { podInfo, SchedulerCache } from './cache.js';
import { nodesToFind, schedule } from './cycle.js';
import { nodeEvents } from './node-events.js';
import { defaultPlugins } from './plugins/default.js';
import { SchedulingQueue } from './queue.js';
import { requestsOf } from './resources.js';
import { tolerates } from './tolerations.js';

const node = (
  name: string,
  o: { cpu?: string; pods?: string; labels?: Record<string, string>; taints?: object[]; unschedulable?: boolean } = {},
): Node =>
  ({
    metadata: { name, labels: o.labels ?? {} },
    spec: { taints: o.taints, unschedulable: o.unschedulable },
    status: { allocatable: { cpu: o.cpu ?? '2', memory: '4Gi', pods: o.pods ?? '110' } },
  }) as unknown as Node;
const container = (cpu?: string, more: object = {}) => ({
  name: 'c',
  image: 'x',
  ...(cpu ? { resources: { requests: { cpu } } } : {}),
  ...more,
});
const pod = (name: string, spec: object = {}): Pod =>
  ({ metadata: { name, namespace: 'ns', uid: name }, spec: { containers: [container()], ...spec }, status: {} }) as unknown as Pod;

const run = (p: Pod, nodes: Node[], placed: [Pod, string][] = []) => {
  const cache = new SchedulerCache();
  for (const n of nodes) cache.putNode(n);
  for (const [x, on] of placed) cache.putPod(x, on);
  const found = schedule(podInfo(p), cache, defaultPlugins, seededRandom(1));
  return 'node' in found ? found.node.name : found.message;
};
const cpu = (v: string) => ({ containers: [container(v)] });
const HOPELESS = (n: number) => `preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;

describe('schedule', () => {
  it.each<[string, Pod, Node[], [Pod, string][], string]>([
    ['the emptier node', pod('a', cpu('500m')), [node('n1'), node('n2')], [[pod('x', cpu('1')), 'n1']], 'n2'],
    ['no nodes', pod('a'), [], [], 'no nodes available to schedule pods'],
    [
      'more than any node has',
      pod('a', cpu('3')),
      [node('n1'), node('n2')],
      [],
      `0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, ${HOPELESS(2)}`,
    ],
    [
      'one that takes no other away',
      pod('a', { ...cpu('3'), preemptionPolicy: 'Never' }),
      [node('n1')],
      [],
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
    [
      'more than is left on one, more than another has',
      pod('a', cpu('1500m')),
      [node('n1'), node('n2', { cpu: '1' })],
      [[pod('x', cpu('1')), 'n1']],
      '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    ],
    [
      'a node that is full',
      pod('a'),
      [node('n1', { pods: '1' })],
      [[pod('x'), 'n1']],
      '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'taints, cordons and selectors',
      pod('a', { nodeSelector: { disk: 'ssd' } }),
      [node('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] }), node('n2', { unschedulable: true }), node('n3')],
      [],
      `0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. no new claims to deallocate, ${HOPELESS(3)}`,
    ],
    [
      'a taint that is borne',
      pod('a', { tolerations: [{ key: 'k', operator: 'Exists' }] }),
      [node('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] })],
      [],
      'n1',
    ],
    ['rather without a taint', pod('a'), [node('n1', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), node('n2')], [], 'n2'],
    [
      'rather with the label',
      pod('a', {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'z', operator: 'In', values: ['a'] }] } },
            ],
          },
        },
      }),
      [node('n1'), node('n2', { labels: { z: 'a' } })],
      [],
      'n2',
    ],
    [
      'a host port',
      pod('a', { containers: [container(undefined, { ports: [{ containerPort: 80, hostPort: 80 }] })] }),
      [node('n1'), node('n2')],
      [[pod('x', { containers: [container(undefined, { ports: [{ hostPort: 80, hostIP: '127.0.0.1', protocol: 'TCP' }] })] }), 'n1']],
      'n2',
    ],
    [
      'the same number of another protocol',
      pod('a', { containers: [container(undefined, { ports: [{ hostPort: 53, protocol: 'UDP' }] })] }),
      [node('n1')],
      [[pod('x', { containers: [container(undefined, { ports: [{ hostPort: 53 }] })] }), 'n1']],
      'n1',
    ],
  ])('%s', (_name, p, nodes, placed, want) => expect(run(p, nodes, placed)).toBe(want));

  it.each([
    [5, 5],
    [100, 100],
    [150, 100],
    [1000, 420],
    [5000, 500],
    [20000, 1000],
  ])('of %d nodes %d', (n, want) => expect(nodesToFind(n)).toBe(want));
});

describe('requestsOf', () => {
  const init = (v: string, sidecar = false) => container(v, sidecar ? { restartPolicy: 'Always' } : {});
  it.each<[string, object, number]>([
    ['containers together', { containers: [container('1'), container('200m')] }, 1200],
    ['the largest init container', { containers: [container('1')], initContainers: [init('3'), init('2')] }, 3000],
    ['a sidecar runs beside the containers', { containers: [container('1')], initContainers: [init('500m', true)] }, 1500],
    ['and beside init containers after it', { containers: [container('1')], initContainers: [init('500m', true), init('2')] }, 2500],
    ['not beside those before it', { containers: [container('1')], initContainers: [init('2'), init('500m', true)] }, 2000],
    ['overhead', { containers: [container('1')], overhead: { cpu: '250m' } }, 1250],
    ["the pod's own", { containers: [container('1')], resources: { requests: { cpu: '4' } } }, 4000],
  ])('%s', (_name, spec, want) => expect(requestsOf(spec as never).cpu).toBe(want));
});

it.each([
  ['In', ['a', 'b'], { k: 'b' }, true],
  ['In', ['a'], {}, false],
  ['NotIn', ['a'], { k: 'b' }, true],
  ['NotIn', ['a'], {}, true],
  ['NotIn', ['a'], { k: 'a' }, false],
  ['Exists', [], { k: '' }, true],
  ['Exists', [], {}, false],
  ['DoesNotExist', [], {}, true],
  ['Gt', ['5'], { k: '6' }, true],
  ['Gt', ['5'], { k: '5' }, false],
  ['Gt', ['5'], { k: 'x' }, false],
  ['Lt', ['5'], { k: '-1' }, true],
  ['Lt', ['5'], {}, false],
])('%s %o of %o: %s', (operator, values, labels, want) =>
  expect(matchesTerm({ matchExpressions: [{ key: 'k', operator: operator as 'In', values }] } as never, node('n', { labels }))).toBe(want),
);
it('matches a node by its name, and nothing with an empty term', () => {
  expect(matchesTerm({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] } as never, node('n'))).toBe(true);
  expect(matchesTerm({} as never, node('n'))).toBe(false);
});

it.each([
  [{ operator: 'Exists' }, true],
  [{ key: 'k', value: 'v' }, true],
  [{ key: 'k', value: 'w' }, false],
  [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
  [{ key: 'x', operator: 'Exists' }, false],
])('%o bears k=v:NoSchedule: %s', (t, want) => expect(tolerates(t as never, { key: 'k', value: 'v', effect: 'NoSchedule' })).toBe(want));

describe('the queue', () => {
  const make = () => {
    const clock = new VirtualClock();
    return { clock, q: new SchedulingQueue({ clock, random: seededRandom(1), log: silentLogger }) };
  };
  const never = new AbortController().signal;

  it('the highest priority first, then the oldest', async () => {
    const { q } = make();
    for (const [k, p] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
      ['e', 9],
    ] as const)
      q.add(k, p);
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) got.push(await q.take(never));
    expect(got).toEqual(['e', 'b', 'd', 'a', 'c']);
  });

  it('a pod that is removed and made again while it waits is tried', async () => {
    const { q } = make();
    q.add('a', 0);
    q.remove('a');
    q.add('a', 0);
    expect(await q.take(never)).toBe('a');
    q.stop();
  });

  it('a heartbeat of a node is no event; a taint, a label, room are', () => {
    const node = (over: object) =>
      ({ metadata: { name: 'n', labels: { a: '1' } }, spec: {}, status: { allocatable: { cpu: '1' } }, ...over }) as never;
    expect(nodeEvents(node({}), node({ status: { allocatable: { cpu: '1' }, conditions: [{ type: 'Ready' }] } }))).toEqual([]);
    expect(nodeEvents(node({}), node({ status: { allocatable: { cpu: '2' } } }))).toEqual(['node-allocatable']);
    expect(nodeEvents(node({}), node({ metadata: { name: 'n', labels: { a: '2' } } }))).toEqual(['node-labels']);
    expect(nodeEvents(node({}), node({ spec: { unschedulable: true } }))).toEqual(['node-taints']);
    expect(nodeEvents(node({}), node({ spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }))).toEqual(['node-taints']);
  });

  it('an event that does not help, during the attempt, changes nothing', async () => {
    const { q } = make();
    q.add('a', 0);
    await q.take(never);
    const before = q.moves;
    q.event('pod-removed');
    q.park('a', new Set(['node-taints']), before);
    expect(q.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 1 });
  });

  it('what was turned down waits for an event that helps, and its back-off', async () => {
    const { q, clock } = make();
    q.add('a', 0);
    await q.take(never);
    q.park('a', new Set(['node-added']), q.moves);
    q.event('pod-removed');
    expect(q.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 1 });
    q.event('node-added');
    expect(q.lengths).toEqual({ active: 0, backoff: 1, unschedulable: 0 });
    await clock.advance(999);
    expect(q.lengths.active).toBe(0);
    await clock.advance(1);
    expect(q.lengths.active).toBe(1);
  });

  it('an event during the attempt counts; the back-off grows to ten seconds; five minutes without events are enough', async () => {
    const { q, clock } = make();
    q.add('a', 0);
    for (const wait of [1, 2, 4, 8, 10, 10]) {
      expect(await q.take(never)).toBe('a');
      const before = q.moves;
      q.event('node-added');
      q.park('a', new Set(['node-added']), before);
      await clock.advance(wait * 1000 - 1);
      expect(q.lengths.active).toBe(0);
      await clock.advance(1);
      expect(q.lengths.active).toBe(1);
    }
    await q.take(never);
    q.park('a', new Set(), q.moves);
    await clock.advance('5m');
    expect(q.lengths.active).toBe(1);
    q.stop();
    expect(clock.pending).toBe(0);
  });
});
