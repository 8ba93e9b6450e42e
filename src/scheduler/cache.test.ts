/** The indexes of the snapshot say what a count from the beginning would, whatever came and went; and a snapshot stays as it is. */
import { describe, expect, it } from 'vitest';
import type { Pod } from '../api/types/core/v1.js';
import { everything, nothing, parseSelector } from '../meta/labels.js';
import { seededRandom } from '../util/random.js';
import { SchedulerCache } from './cache.js';
import { podInfo } from './pod-info.js';
import type { PodSelection, Snapshot } from './snapshot.js';
import { makeNode, makePod } from './testing/fixtures.js';

const KEYS = ['zone', 'host', 'constructor'];
const SELECTIONS: PodSelection[] = [
  { namespace: 'ns', selector: parseSelector('app=a'), terminating: false },
  { namespace: 'ns', selector: parseSelector('app=a'), terminating: true },
  { namespace: 'ns', selector: parseSelector('app in (a,b)'), terminating: false },
  { namespace: 'other', selector: everything, terminating: false },
  { namespace: 'ns', selector: everything, terminating: false },
  { namespace: 'ns', selector: nothing, terminating: false },
];

/** All that the snapshot's indexes say, in an order of its own. */
const told = (s: Snapshot) => ({
  images: ['i0', 'i1', 'i2', 'i3'].map((i) => s.imageSpread(i)),
  affinity: [...s.nodesWithAffinity].map((n) => n.name).sort(),
  anti: [...s.nodesWithRequiredAntiAffinity].map((n) => n.name).sort(),
  topology: KEYS.map((k) => [...s.topology(k)].map(([v, nodes]) => [v, [...nodes].map((n) => n.name).sort()]).sort()),
  counts: SELECTIONS.map((x) => {
    const counts = s.podCounts(x);
    return [[...counts.byNode].sort(), ...KEYS.map((k) => [...counts.byTopology(k)].sort())];
  }),
});

const affinity = (kind: string, required: boolean) => ({
  affinity: {
    [kind]: required
      ? { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: {} }] }
      : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }] },
  },
});
const SPECS = [{}, {}, affinity('podAffinity', true), affinity('podAntiAffinity', false), affinity('podAntiAffinity', true)];

it.each([1, 2, 3])('after any changes (%d)', (seed) => {
  const random = seededRandom(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random.float() * of.length)]!;
  const upTo = (n: number) => Math.floor(random.float() * n);
  const cache = new SchedulerCache();
  const nodes = new Map<string, ReturnType<typeof makeNode>>();
  const placed = new Map<string, [Pod, string]>();
  for (let step = 0; step < 1500; step++) {
    const name = `n${upTo(12)}`;
    const pod = makePod(`p${upTo(60)}`, one(SPECS), {
      namespace: one(['ns', 'other']),
      labels: one([{ app: 'a' }, { app: 'b' }, {}, undefined]),
      deletionTimestamp: one([undefined, undefined, 'now']),
    });
    const key = podInfo(pod).key;
    switch (one(['node', 'pod', 'pod', 'pod', 'assume', 'gone', 'nodeGone'])) {
      case 'node': {
        const labels = one<Record<string, string>>([{ zone: 'a', host: name }, { zone: 'b', host: name }, { host: name }]);
        const node = makeNode(name, {
          labels,
          images: one([undefined, [{ names: ['i0', 'i1'] }], [{ names: ['i2'] }, { names: ['i3'] }]]),
        });
        nodes.set(name, node);
        cache.putNode(node);
        break;
      }
      case 'pod':
        placed.set(key, [pod, name]);
        cache.putPod(pod, name);
        break;
      case 'assume':
        placed.set(key, [pod, name]);
        cache.assume(podInfo(pod), name);
        break;
      case 'gone':
        placed.delete(key);
        cache.removePod(key);
        break;
      case 'nodeGone':
        nodes.delete(name);
        cache.removeNode(name);
        break;
    }
    if (step % 50) continue;
    const anew = new SchedulerCache();
    for (const n of nodes.values()) anew.putNode(n);
    for (const [p, n] of placed.values()) anew.putPod(p, n);
    expect(told(cache.snapshot)).toEqual(told(anew.snapshot));
  }
});

describe('a snapshot', () => {
  it('stays as it is for the length of a cycle, whatever comes', async () => {
    const cache = new SchedulerCache();
    cache.putNode(makeNode('n1', { labels: { zone: 'a' } }));
    cache.putPod(makePod('p', {}, { labels: { app: 'a' } }), 'n1');
    const before = told(cache.snapshot);
    await cache.during(async (snapshot) => {
      cache.putNode(makeNode('n2', { labels: { zone: 'a' } }));
      cache.removeNode('n1');
      cache.assume(podInfo(makePod('q', SPECS[4], { labels: { app: 'a' } })), 'n2');
      cache.removePod('ns/p');
      await Promise.resolve();
      expect(told(snapshot)).toEqual(before);
      expect(snapshot.nodes.map((n) => [n.name, n.pods.size])).toEqual([['n1', 1]]);
    });
    expect(cache.snapshot.nodes.map((n) => [n.name, n.pods.size])).toEqual([['n2', 1]]);
    expect(told(cache.snapshot)).toMatchObject({ anti: ['n2'] });
  });

  it('is renewed also after a cycle that failed; two at once are refused', async () => {
    const cache = new SchedulerCache();
    const failing = cache.during(async () => {
      cache.putNode(makeNode('n1'));
      throw new Error('oh');
    });
    await expect(cache.during(async () => 0)).rejects.toThrow('two cycles at once');
    await expect(failing).rejects.toThrow('oh');
    expect(cache.snapshot.nodes).toHaveLength(1);
  });
});

it('a selection that nobody asks for is let go of, and counted again', () => {
  const cache = new SchedulerCache();
  cache.putNode(makeNode('n1'));
  const first = cache.snapshot.podCounts(SELECTIONS[4]!);
  for (let i = 0; i < 300; i++) cache.snapshot.podCounts({ namespace: `x${i}`, selector: everything, terminating: false });
  cache.putPod(makePod('p'), 'n1');
  expect([first.byNode.size, cache.snapshot.podCounts(SELECTIONS[4]!).byNode.size]).toEqual([0, 1]);
});

it('only the Pod that was assumed is forgotten', () => {
  const cache = new SchedulerCache();
  cache.putNode(makeNode('n1'));
  cache.assume(podInfo(makePod('p')), 'n1');
  cache.assume(podInfo(makePod('p', {}, { uid: 'new' })), 'n1');
  expect(cache.forget(makePod('p'))).toBe(false);
  expect(cache.snapshot.nodes[0]!.pods.size).toBe(1);
  expect(cache.forget(makePod('p', {}, { uid: 'new' }))).toBe(true);
  expect(cache.snapshot.nodes[0]!.pods.size).toBe(0);
});
