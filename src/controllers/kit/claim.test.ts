import { describe, expect, it } from 'vitest';
import { FakeApi } from '../../../test/kubelet/fake-client.js';
import type { ReplicaSet } from '../../api/types/apps/v1.js';
import type { Pod } from '../../api/types/core/v1.js';
import { Informers } from '../../client/informer.js';
import { PODS } from '../../client/kinds.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { ControllerContext } from '../framework.js';
import { claim, decideClaim } from './claim.js';
import { indexByController } from './owners.js';
import { isActive } from './pod-state.js';

interface Shape {
  owner?: string;
  app?: string;
  phase?: string;
  going?: boolean;
}
const GOING = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const pod = (name: string, { owner, app = 'web', phase = 'Running', going }: Shape = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      namespace: 'ns',
      labels: { app },
      ...(owner ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: owner, controller: true }] } : {}),
      ...(going ? GOING : {}),
    },
    spec: {},
    status: { phase },
  }) as unknown as Pod;
const set = (more: object = {}): ReplicaSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'ns', uid: 'rs', ...more },
    spec: { selector: { matchLabels: { app: 'web' } } },
    status: {},
  }) as unknown as ReplicaSet;

const names = (list: readonly Pod[]) => list.map((p) => p.metadata.name).join();

describe('what is whose', () => {
  it.each<[string, ReplicaSet, Shape, string]>([
    ['its own that fits', set(), { owner: 'rs' }, 'mine'],
    ['adopts what fits and belongs to no one', set(), {}, 'adopt'],
    ['but nothing that does not fit', set(), { app: 'x' }, ''],
    ['no finished pod', set(), { phase: 'Succeeded' }, ''],
    ['none that is going', set(), { going: true }, ''],
    ['leaves those of others, fit or not', set(), { owner: 'other' }, ''],
    ['lets go what fits no more', set(), { owner: 'rs', app: 'x' }, 'release'],
    ['a finished pod is not let go', set(), { owner: 'rs', app: 'x', phase: 'Failed' }, ''],
    ['one that is deleted itself keeps what it has', set(GOING), { owner: 'rs' }, 'mine'],
    ['and adopts nothing', set(GOING), {}, ''],
    ['nor lets anything go', set(GOING), { owner: 'rs', app: 'x' }, ''],
  ])('%s', (_name, rs, shape, want) => {
    const found = decideClaim(rs, [pod('p', shape)], isActive);
    expect(Object.entries(found).flatMap(([k, list]) => (list.length ? [k] : []))).toEqual(want ? [want] : []);
  });
});

describe('claiming', () => {
  async function setUp(owner: ReplicaSet | undefined, pods: Pod[]) {
    const clock = new VirtualClock();
    const env = { clock, random: seededRandom(1), log: silentLogger };
    const api = new FakeApi(env);
    if (owner) api.put(owner);
    for (const p of pods) api.put(p);
    const client = api.client();
    const informers = new Informers(client, env);
    indexByController(informers.for(PODS));
    await informers.start();
    api.calls.length = 0;
    const c = { client, env, informers } as unknown as ControllerContext;
    const run = async (rs: ReplicaSet) => names(await claim(c, rs, PODS, informers.for(PODS), isActive));
    return { api, run, stop: () => informers.stop() };
  }
  const ownerOf = (api: FakeApi, name: string) =>
    api
      .of<Pod>('Pod')
      .find((p) => p.metadata.name === name)
      ?.metadata.ownerReferences?.map((r) => r.uid);

  it('adopts and releases; asks for the owner once, and only before it adopts', async () => {
    const { api, run, stop } = await setUp(set(), [pod('a', { owner: 'rs' }), pod('b'), pod('c'), pod('d', { owner: 'rs', app: 'x' })]);
    expect(await run(set())).toBe('a,b,c');
    expect([ownerOf(api, 'b'), ownerOf(api, 'c'), ownerOf(api, 'd')]).toEqual([['rs'], ['rs'], []]);
    expect(api.calls.filter((x) => x === 'get ReplicaSet')).toHaveLength(1);
    await stop();
  });

  it('with nothing to adopt it asks for nothing', async () => {
    const { api, run, stop } = await setUp(set(), [pod('a', { owner: 'rs' }), pod('x', { app: 'x' })]);
    expect(await run(set())).toBe('a');
    expect(api.calls.filter((x) => !x.startsWith('watch'))).toEqual([]);
    await stop();
  });

  it.each<[string, ReplicaSet | undefined]>([
    ['gone', undefined],
    ['being deleted', set(GOING)],
    ['another of its name', set({ uid: 'later' })],
  ])('an owner that is %s by now adopts nothing', async (_name, fresh) => {
    const { api, run, stop } = await setUp(fresh, [pod('a', { owner: 'rs' }), pod('b')]);
    expect(await run(set())).toBe('a');
    expect(ownerOf(api, 'b')).toBeUndefined();
    await stop();
  });
});
