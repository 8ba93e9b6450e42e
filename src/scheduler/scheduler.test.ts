/** The scheduler against an API server that is none: cycles, bindings and what is told of them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Pod } from '../api/types/core/v1.js';
import { StatusError } from '../meta/errors.js';
import { sleep } from '../util/clock.js';
import { on } from './cluster-event.js';
import { definePlugin, type Handle, type Plugin, type PluginFactory, pending, unschedulable } from './framework.js';
import { registry } from './plugins/default.js';
import type { Profile } from './profiles.js';
import { Scheduler } from './scheduler.js';
import { FakeApi } from './testing/fake-api.js';
import { cpu, makeNode, makePod, testEnv } from './testing/fixtures.js';

const GONE = new StatusError(404, 'NotFound', 'x');
const TAKEN = new StatusError(409, 'Conflict', 'x');

const running: Scheduler[] = [];
afterEach(async () => {
  for (const s of running.splice(0)) await s.stop();
});

/** A running scheduler, with one more plugin of the given points. */
async function start(o: { own?: (handle: Handle) => Plugin; profiles?: readonly Profile[]; nodes?: string[] } = {}) {
  const env = testEnv();
  const api = new FakeApi();
  for (const n of o.nodes ?? ['n1']) api.put('Node', makeNode(n));
  const mine: PluginFactory[] = o.own ? [definePlugin('Mine', o.own)] : [];
  const scheduler = new Scheduler({
    client: api.client,
    env,
    profiles: o.profiles,
    registry: { factories: [...registry.factories, ...mine], defaults: [...registry.defaults, ...mine.map((p) => ({ name: p.name }))] },
  });
  running.push(scheduler);
  await scheduler.start();
  await env.clock.advance(1);
  const put = async (...pods: Pod[]) => {
    for (const p of pods) api.put('Pod', p);
    await env.clock.advance(1);
  };
  return { api, clock: env.clock, put };
}

describe('profiles', () => {
  it('each schedules its own Pods in its way, under its name; a Pod of another scheduler is left alone', async () => {
    const packing: Profile = {
      schedulerName: 'packing',
      pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'MostAllocated' } } }],
      plugins: { score: { disabled: [{ name: 'NodeResourcesBalancedAllocation' }] } },
    };
    const { api, put } = await start({ profiles: [{}, packing], nodes: ['n1', 'n2'] });
    await put(makePod('there', { ...cpu('1'), nodeName: 'n1' }));
    await put(makePod('spread', cpu('100m')));
    await put(makePod('packed', { ...cpu('100m'), schedulerName: 'packing' }), makePod('other', { schedulerName: 'other' }));
    expect(api.bindings).toEqual(['spread -> n2', 'packed -> n1']);
  });
});

describe('the binding cycle', () => {
  it('goes on beside the next Pod, which sees the one before on its node', async () => {
    const { api, put, clock } = await start({ nodes: ['n1', 'n2'] });
    api.beforeBinding = () => sleep(clock, 10_000);
    await put(makePod('a', cpu('1500m')), makePod('b', cpu('1500m')), makePod('c', cpu('1500m')));
    expect(api.bindings).toHaveLength(2);
    expect(new Set(api.bindings.map((b) => b.slice(-2)))).toEqual(new Set(['n1', 'n2']));
    expect(api.events.map((e) => e.slice(0, 40))).toEqual(['FailedScheduling c: 0/2 nodes are availa']);
    await clock.advance('11s');
    expect(api.events.slice(1).sort()).toEqual([
      expect.stringMatching(/^Scheduled a: Successfully assigned ns\/a to n/),
      expect.stringMatching(/^Scheduled b: Successfully assigned ns\/b to n/),
    ]);
  });

  it('has so many requests under way at once and no more', async () => {
    const { api, put, clock } = await start({ nodes: ['n1', 'n2', 'n3'] });
    api.beforeBinding = () => sleep(clock, 100);
    await put(...Array.from({ length: 200 }, (_, i) => makePod(`p${i}`)));
    await clock.advance('10s');
    expect([api.bindings.length, api.mostAtOnce]).toEqual([200, 32]);
  });

  it('that fails gives the room back, to others at once, to the Pod after its back-off', async () => {
    const unreserved: string[] = [];
    const { api, put, clock } = await start({
      own: () => ({ reserve: () => undefined, unreserve: (_s, { pod }, node) => void unreserved.push(`${pod.metadata.name} ${node}`) }),
    });
    let failures = 0;
    api.beforeBinding = async (pod) => {
      await sleep(clock, 100);
      if (pod === 'a' && failures++ === 0) throw new Error('no route');
    };
    await put(makePod('a', cpu('1500m')), makePod('b', cpu('1500m')));
    expect(api.bindings).toEqual(['a -> n1']);
    await clock.advance(150);
    expect(unreserved).toEqual(['a n1']);
    expect(api.bindings).toEqual(['a -> n1', 'b -> n1']);
    expect(api.events).toContain('FailedScheduling a: running bind plugin "DefaultBinder": no route');
    expect(api.statuses.get('a')).toMatchObject({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError' }] });
    api.remove('Pod', 'b');
    await clock.advance('11s');
    expect(api.bindings.at(-1)).toBe('a -> n1');
  });

  it('of a Pod that is gone, or bound by another, is not told of', async () => {
    const { api, put, clock } = await start();
    api.beforeBinding = async (pod) => {
      throw pod === 'gone' ? GONE : TAKEN;
    };
    await put(makePod('gone'), makePod('taken'));
    await clock.advance(10);
    expect(api.events).toEqual([]);
    await clock.advance('3s');
    expect(api.bindings.filter((b) => b.startsWith('gone'))).toHaveLength(1);
    expect(api.bindings.filter((b) => b.startsWith('taken')).length).toBeGreaterThan(1);
  });

  it('of a Pod that is made again under its name does not take the room of the new one', async () => {
    const { api, put, clock } = await start();
    api.beforeBinding = async () => {
      await sleep(clock, 1000);
      if (api.bindings.length === 1) throw GONE;
    };
    await put(makePod('a', cpu('1500m')));
    api.remove('Pod', 'a');
    await put(makePod('a', cpu('1500m'), { uid: 'new' }));
    await clock.advance(500);
    expect(api.bindings).toEqual(['a -> n1', 'a -> n1']);
    await clock.advance(499);
    await put(makePod('b', cpu('1500m')));
    await clock.advance('5s');
    expect(api.bindings).toEqual(['a -> n1', 'a -> n1']);
  });

  it('asks preBind, bind and postBind in their turn; a refusal in preBind unreserves and waits for its events', async () => {
    const steps: string[] = [];
    let ready = false;
    const { api, put, clock } = await start({
      own: () => ({
        events: [on('Node', ['UpdateNodeLabel'])],
        reserve: () => void steps.push('reserve') as undefined,
        unreserve: () => void steps.push('unreserve'),
        preBind: async () => (steps.push('preBind'), ready ? undefined : pending('not yet')),
        postBind: () => void steps.push('postBind'),
      }),
    });
    await put(makePod('a'));
    expect(steps).toEqual(['reserve', 'preBind', 'unreserve']);
    expect(api.events[0]).toMatch(/^FailedScheduling a: 0\/1 nodes are available: 1 not yet\.$/);
    ready = true;
    await clock.advance('1m');
    expect(api.bindings).toEqual([]);
    // Pending: no back-off, once what it waits for is there.
    api.put('Node', makeNode('n1', { labels: { a: 'b' } }));
    await clock.advance(1);
    expect(steps.slice(3)).toEqual(['reserve', 'preBind', 'postBind']);
    expect(api.bindings).toEqual(['a -> n1']);
  });
});

describe('permit', () => {
  const gang = async () => {
    let lent!: Handle;
    const s = await start({
      own: (handle) => {
        lent = handle;
        return {
          permit: (_s, { pod }) => (pod.metadata.labels?.gang ? { status: { code: 'Wait', reasons: [] }, timeoutMs: 60_000 } : undefined),
          events: [on('Node', ['Add'])],
        };
      },
      nodes: ['n1', 'n2'],
    });
    return { ...s, waiting: () => lent.waitingPods };
  };
  const member = (name: string) => makePod(name, cpu('1500m'), { labels: { gang: 'g' } });

  it('a Pod waits on its node until it is allowed', async () => {
    const { api, put, clock, waiting } = await gang();
    await put(member('a'), makePod('b', cpu('1500m')), makePod('c', cpu('1500m')));
    expect(api.bindings).toHaveLength(1);
    expect(
      waiting()
        .all()
        .map((w) => [w.pod.metadata.name, w.pendingPlugins]),
    ).toEqual([['a', ['Mine']]]);
    waiting().get('a')!.allow('Mine');
    await clock.advance(1);
    expect(api.bindings.map((b) => b[0])).toEqual(['b', 'a']);
    expect(waiting().all()).toEqual([]);
  });

  it('time out, and the room goes to others', async () => {
    const { api, put, clock } = await gang();
    await put(member('a'), member('b'), makePod('c', cpu('1500m')));
    expect(api.bindings).toEqual([]);
    await clock.advance('61s');
    expect(api.bindings.map((b) => b[0])).toEqual(['c']);
    expect(api.events).toContain(
      'FailedScheduling a: 0/1 nodes are available: 1 rejected due to timeout after waiting 60000 ms at plugin Mine.',
    );
  });

  it('a Pod that is deleted while it waits leaves its node', async () => {
    const { api, put, clock, waiting } = await gang();
    await put(member('a'), member('b'), makePod('c', cpu('1500m')));
    api.remove('Pod', 'a');
    await clock.advance('2s');
    expect(api.bindings.map((b) => b[0])).toEqual(['c']);
    expect(waiting().all()).toHaveLength(1);
  });
});

it('what a plugin throws is told, and the next Pod is scheduled', async () => {
  const { api, put } = await start({
    own: () => ({
      filter(_s, { pod }) {
        if (pod.metadata.name === 'bad') throw new Error('oh');
        return undefined;
      },
    }),
  });
  await put(makePod('bad'), makePod('good'));
  expect(api.bindings).toEqual(['good -> n1']);
  expect(api.events[0]).toBe('FailedScheduling bad: oh');
});

it('a node that postFilter nominates is written to the Pod', async () => {
  const { api, put } = await start({
    own: () => ({ filter: () => unschedulable('full'), postFilter: () => ({ nominatedNodeName: 'n1' }) }),
    profiles: [{ plugins: { postFilter: { disabled: [{ name: 'DefaultPreemption' }, { name: 'DynamicResources' }] } } }],
  });
  await put(makePod('a'));
  expect(api.statuses.get('a')).toMatchObject({
    nominatedNodeName: 'n1',
    conditions: [{ reason: 'Unschedulable', message: '0/1 nodes are available: 1 full.' }],
  });
});

it('a gated Pod says so, and is scheduled once its gates are gone', async () => {
  const { api, put } = await start();
  await put(makePod('a', { schedulingGates: [{ name: 'g' }] }));
  expect(api.statuses.get('a')).toMatchObject({ conditions: [{ reason: 'SchedulingGated' }] });
  expect(api.bindings).toEqual([]);
  await put(makePod('a'));
  expect(api.bindings).toEqual(['a -> n1']);
});
