import { describe, expect, it } from 'vitest';
import type { Pod } from '../api/types/core/v1.js';
import { type ClusterEvent, on } from './cluster-event.js';
import { definePlugin, type PluginFactory, pending, unschedulable, type Verdict } from './framework.js';
import { SchedulingQueue } from './queue.js';
import { makeNode, makePod, only, testEnv } from './testing/fixtures.js';

const plugin = (name: string, ...events: ReturnType<typeof on>[]): PluginFactory =>
  definePlugin(name, () => ({ filter: () => unschedulable('no'), events }));
const NodeAdds = plugin('NodeAdds', on('Node', ['Add']));
const PodGone = plugin(
  'PodGone',
  on('Pod', ['Delete'], (_pod, old) => (old?.metadata.labels?.['helps'] ? 'queue' : 'skip')),
);
const OwnLabels = plugin(
  'OwnLabels',
  on('Pod', ['UpdatePodLabel'], (pod, _old, now) => (now?.metadata.uid === pod.metadata.uid ? 'queue' : 'skip')),
);
const Broken = plugin(
  'Broken',
  on('Node', ['Add'], () => {
    throw new Error('oh');
  }),
);
const Nothing = plugin('Nothing');

const PROFILE = 'default-scheduler';
const never = new AbortController().signal;
const make = () => {
  const env = testEnv();
  const held: string[] = [];
  const frameworks = new Map([[PROFILE, only(NodeAdds, PodGone, OwnLabels, Broken, Nothing, gates)]]);
  const q = new SchedulingQueue(
    env,
    frameworks,
    () => PROFILE,
    (p) => held.push(p.metadata.name),
  );
  return { clock: env.clock, q, held };
};
const gates = definePlugin('Gates', () => ({
  preEnqueue: (p) => (p.spec.schedulingGates?.length ? unschedulable('gated') : undefined),
  events: [on('Pod', ['UpdatePodSchedulingGatesEliminated'])],
}));
const no = (...names: string[]): Verdict[] => names.map((name) => ({ plugin: name, status: unschedulable('no') }));
const nodeAdded: ClusterEvent = { resource: 'Node', action: 'Add', now: makeNode('n') };
const nodeLabelled: ClusterEvent = { resource: 'Node', action: 'UpdateNodeLabel', now: makeNode('n'), old: makeNode('n') };
const podGone = (labels: object): ClusterEvent => ({ resource: 'Pod', action: 'Delete', old: makePod('x', { nodeName: 'n' }, { labels }) });
const prio = (name: string, priority: number): Pod => makePod(name, { priority });
const lengths = (q: SchedulingQueue) => [q.lengths.active, q.lengths.backoff, q.lengths.unschedulable];

describe('order', () => {
  it('the highest priority first, then the oldest', async () => {
    const { q } = make();
    for (const [k, p] of Object.entries({ a: 0, b: 5, c: 0, d: 5, e: 9 })) q.put(prio(k, p));
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) got.push((await q.take(never))?.pod.metadata.name);
    expect(got).toEqual(['e', 'b', 'd', 'a', 'c']);
  });

  it('a pod that is removed and made again while it waits is tried', async () => {
    const { q } = make();
    q.put(prio('a', 0));
    q.remove('ns/a');
    q.put(prio('a', 0));
    expect((await q.take(never))?.key).toBe('ns/a');
    expect(q.takeNow()).toBeUndefined();
    q.stop();
  });

  it('another pod under the name of one that waits takes its place', () => {
    const { q } = make();
    q.put(makePod('a'));
    q.put(makePod('a', {}, { uid: 'another' }));
    expect(q.takeNow()?.pod.metadata.uid).toBe('another');
    expect(q.takeNow()).toBeUndefined();
  });

  it('with nothing ready, one that backs off after a refusal goes ahead of its time, one after an error does not', () => {
    const { q } = make();
    q.put(makePod('refused'));
    q.refused(q.takeNow()!, no('NodeAdds'));
    q.event(nodeAdded);
    q.put(makePod('failed'));
    q.refused(q.takeNow()!, []);
    expect(lengths(q)).toEqual([0, 2, 0]);
    expect(q.takeNow()?.pod.metadata.name).toBe('refused');
    expect(q.takeNow()).toBeUndefined();
    q.stop();
  });
});

describe('what wakes a refused Pod', () => {
  it.each<[string, Verdict[], ClusterEvent, [active: number, backoff: number, unschedulable: number]]>([
    ['an event that its plugin named', no('NodeAdds'), nodeAdded, [0, 1, 0]],
    ['another event', no('NodeAdds'), nodeLabelled, [0, 0, 1]],
    ['an event of the kind that no predicate is for', no('PodGone'), nodeAdded, [0, 0, 1]],
    ['an event to which the predicate says queue', no('PodGone'), podGone({ helps: 'y' }), [0, 1, 0]],
    ['an event to which the predicate says skip', no('PodGone'), podGone({}), [0, 0, 1]],
    ['an event for one of two plugins', no('Nothing', 'NodeAdds'), nodeAdded, [0, 1, 0]],
    ['an event for a plugin that did not refuse it', no('Nothing'), nodeAdded, [0, 0, 1]],
    ['a predicate that fails', no('Broken'), nodeAdded, [0, 1, 0]],
    ['what a plugin waited for: no back-off', [{ plugin: 'NodeAdds', status: pending('soon') }], nodeAdded, [1, 0, 0]],
    ['a refusal by one, another waits', [...no('NodeAdds'), { plugin: 'PodGone', status: pending('soon') }], nodeAdded, [0, 1, 0]],
  ])('%s', (_what, by, event, right) => {
    const parked = make();
    parked.q.put(makePod('a'));
    parked.q.refused(parked.q.takeNow()!, by);
    expect(lengths(parked.q)).toEqual([0, 0, 1]);
    parked.q.event(event);
    expect(lengths(parked.q)).toEqual(right);
    parked.q.stop();
    // The same where it comes while the Pod is tried.
    const inFlight = make();
    inFlight.q.put(makePod('a'));
    const entry = inFlight.q.takeNow()!;
    inFlight.q.event(event);
    inFlight.q.refused(entry, by);
    expect(lengths(inFlight.q)).toEqual(right);
    inFlight.q.stop();
  });

  it.each<[string, Verdict[], Partial<Pod['metadata']>, object, number]>([
    ['labels, for a plugin that named them', no('OwnLabels'), { labels: { a: 'b' } }, {}, 1],
    ['labels, for another plugin', no('NodeAdds'), { labels: { a: 'b' } }, {}, 0],
    ['its status', no('OwnLabels'), {}, { phase: 'Pending' }, 0],
  ])('its own change: %s', (_what, by, metadata, status, backoff) => {
    for (const inFlight of [false, true]) {
      const { q } = make();
      q.put(makePod('a'));
      q.put(makePod('other'));
      const entry = q.takeNow()!;
      const other = q.takeNow()!;
      if (!inFlight) q.refused(entry, by);
      q.put({ ...makePod('a', {}, metadata), status } as Pod);
      if (inFlight) q.refused(entry, by);
      q.refused(other, by);
      expect(lengths(q)).toEqual([0, backoff, 2 - backoff]);
      q.stop();
    }
  });

  it('an event that came before the attempt, and one that the Pod made itself, do not count', () => {
    const { q } = make();
    q.put(makePod('b'));
    q.takeNow();
    q.event(nodeAdded);
    q.put(makePod('a'));
    const entry = q.takeNow()!;
    q.event(nodeAdded, entry);
    q.refused(entry, no('NodeAdds'));
    expect(q.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 1, inFlight: 1 });
    q.stop();
  });

  it('of two in flight each hears of what came during its own attempt', () => {
    const { q } = make();
    q.put(makePod('a'));
    q.put(makePod('b'));
    const a = q.takeNow()!;
    q.event(nodeAdded);
    const b = q.takeNow()!;
    q.refused(b, no('NodeAdds'));
    q.refused(a, no('NodeAdds'));
    expect([a.place, b.place]).toEqual(['backoff', 'unschedulable']);
    q.stop();
  });
});

describe('back-off', () => {
  it('what was turned down waits for an event that helps, and its back-off', async () => {
    const { q, clock } = make();
    q.put(makePod('a'));
    q.refused(q.takeNow()!, no('NodeAdds'));
    q.event(nodeAdded);
    expect(lengths(q)).toEqual([0, 1, 0]);
    await clock.advance(999);
    expect(lengths(q)).toEqual([0, 1, 0]);
    await clock.advance(1);
    expect(lengths(q)).toEqual([1, 0, 0]);
  });

  it('grows to ten seconds; five minutes without events are enough', async () => {
    const { q, clock } = make();
    q.put(makePod('a'));
    for (const wait of [1, 2, 4, 8, 10, 10]) {
      const entry = (await q.take(never))!;
      q.event(nodeAdded);
      q.refused(entry, no('NodeAdds'));
      await clock.advance(wait * 1000 - 1);
      expect(lengths(q)).toEqual([0, 1, 0]);
      await clock.advance(1);
      expect(lengths(q)).toEqual([1, 0, 0]);
    }
    q.refused(q.takeNow()!, no('Nothing'));
    await clock.advance('4m59s');
    expect(lengths(q)).toEqual([0, 0, 1]);
    await clock.advance('1s');
    expect(lengths(q)).toEqual([1, 0, 0]);
    q.stop();
    expect(clock.pending).toBe(0);
  });

  it('of errors begins anew after a refusal', () => {
    const { q, clock } = make();
    q.put(makePod('a'));
    const entry = q.takeNow()!;
    const wait = () => entry.backoffEnd - clock.now();
    const after = (by: Verdict[]) => {
      q.refused(entry, by);
      q.activate([entry.pod]);
      expect(q.takeNow()).toBe(entry);
      return wait();
    };
    expect([[], [], no('NodeAdds'), [], no('NodeAdds')].map(after)).toEqual([1000, 2000, 1000, 1000, 2000]);
  });
});

describe('preEnqueue', () => {
  const gated = (name: string) => makePod(name, { schedulingGates: [{ name: 'g' }] });

  it('holds a Pod, whatever happens, until its plugin hears that it may go', async () => {
    const { q, clock, held } = make();
    q.put(gated('a'));
    expect([lengths(q), held]).toEqual([[0, 0, 0], ['a']]);
    q.event(nodeAdded);
    await clock.advance('10m');
    expect(q.takeNow()).toBeUndefined();
    q.put(makePod('a'));
    expect(lengths(q)).toEqual([1, 0, 0]);
    expect(held).toEqual(['a']);
  });

  it('a held Pod that is deleted is let go of', () => {
    const { q } = make();
    q.put(gated('a'));
    q.remove('ns/a');
    q.activate([makePod('a')]);
    expect(q.takeNow()).toBeUndefined();
  });
});

it('a Pod that goes while it is tried does not come back', () => {
  const { q, clock } = make();
  q.put(makePod('a'));
  const entry = q.takeNow()!;
  q.remove('ns/a');
  q.refused(entry, no('NodeAdds'));
  q.event(nodeAdded);
  expect(q.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 0, inFlight: 0 });
  expect(clock.pending).toBe(0);
});

it('many Pods leave and come back in any order', () => {
  const { q } = make();
  const name = (i: number) => `p${i}`;
  for (let i = 0; i < 500; i++) q.put(prio(name(i), (i * 7) % 13));
  for (let i = 0; i < 500; i += 3) q.remove(`ns/${name(i)}`);
  const got: Pod[] = [];
  for (let e = q.takeNow(); e; e = q.takeNow()) got.push(e.pod);
  const right = Array.from({ length: 500 }, (_, i) => prio(name(i), (i * 7) % 13))
    .filter((_, i) => i % 3)
    .map((p, i) => [p, i] as const)
    .sort(([a, i], [b, k]) => b.spec.priority! - a.spec.priority! || i - k);
  expect(got.map((p) => p.metadata.name)).toEqual(right.map(([p]) => p.metadata.name));
});
