import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../api/types/apps/v1.js';
import type { Pod } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { inDeletionOrder, slowStart } from './pods.js';
import { decide, type Step, statusOf } from './replicaset.js';

const NOW = Date.UTC(2026, 0, 1);
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

interface Shape {
  labels?: Record<string, string>;
  owner?: string;
  phase?: string;
  node?: string;
  ready?: number | false;
  cost?: string;
  restarts?: number;
  age?: number;
  deleting?: boolean;
}
const pod = (name: string, o: Shape = {}): Pod =>
  ({
    metadata: {
      name,
      uid: name,
      namespace: 'ns',
      labels: o.labels ?? { app: 'web' },
      creationTimestamp: ago(o.age ?? 100),
      ...(o.owner === undefined ? {} : { ownerReferences: [{ uid: o.owner, controller: true, kind: 'ReplicaSet', name: 'web' }] }),
      ...(o.cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': o.cost } }),
      ...(o.deleting ? { deletionTimestamp: ago(0) } : {}),
    },
    spec: { nodeName: o.node ?? 'n1' },
    status: {
      phase: o.phase ?? 'Running',
      conditions:
        o.ready === false
          ? [{ type: 'Ready', status: 'False', lastTransitionTime: ago(1) }]
          : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(o.ready ?? 100) }],
      containerStatuses: [{ restartCount: o.restarts ?? 0 }],
    },
  }) as unknown as Pod;

const set = (replicas: number, more: object = {}): ReplicaSet =>
  ({
    metadata: { name: 'web', uid: 'rs', generation: 4, ...more },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web', v: '1' } } } },
    status: {},
  }) as unknown as ReplicaSet;

const shown = (steps: readonly Step[]) =>
  steps.map((s) =>
    'create' in s
      ? `create ${s.create}`
      : 'remove' in s
        ? `remove ${s.remove.map((p) => p.metadata.name)}`
        : 'adopt' in s
          ? `adopt ${s.adopt.metadata.name}`
          : `release ${s.release.metadata.name}`,
  );
const mine = (name: string, o: Shape = {}) => pod(name, { owner: 'rs', ...o });

describe('decide', () => {
  it.each<[string, ReplicaSet, Pod[], string[]]>([
    ['makes what is missing', set(3), [mine('a')], ['create 2']],
    ['no more than a burst', set(900), [], ['create 500']],
    ['takes what is too much', set(1), [mine('a', { ready: 50 }), mine('b', { ready: 200 })], ['remove a']],
    ['nothing when it fits', set(2), [mine('a'), mine('b')], []],
    [
      'finished pods and those that go do not count',
      set(2),
      [mine('a', { phase: 'Failed' }), mine('b', { deleting: true }), mine('c')],
      ['create 1'],
    ],
    ['adopts what fits and belongs to no one', set(2), [pod('a'), mine('b')], ['adopt a']],
    ['adopts no finished pod', set(1), [pod('a', { phase: 'Succeeded' })], ['create 1']],
    ['leaves those of others', set(1), [pod('a', { owner: 'other' })], ['create 1']],
    ['lets go what fits no more', set(1), [mine('a', { labels: { app: 'x' } })], ['release a', 'create 1']],
    ['a finished pod is not let go', set(0), [mine('a', { labels: { app: 'x' }, phase: 'Failed' })], []],
    ['does nothing while it is deleted itself', set(3, { deletionTimestamp: ago(0) }), [pod('a'), mine('b', { labels: {} })], []],
  ])('%s', (_name, rs, pods, want) => expect(shown(decide(rs, pods).steps)).toEqual(want));
});

describe('which pod goes first', () => {
  it.each<[string, Pod, Pod]>([
    ['without a node', pod('first', { node: '' }), pod('b')],
    ['pending', pod('first', { phase: 'Pending' }), pod('b')],
    ['not ready', pod('first', { ready: false }), pod('b')],
    ['cheaper', pod('first', { cost: '-5' }), pod('b')],
    ['ready for a shorter time', pod('first', { ready: 5 }), pod('b', { ready: 50 })],
    ['restarted more often', pod('first', { restarts: 3 }), pod('b')],
    ['younger', pod('first', { age: 1 }), pod('b')],
    ['a cost that is no number counts as none', pod('first', { cost: 'x' }), pod('b', { cost: '1' })],
    [
      'of two that are not ready the time does not count, restarts do',
      pod('first', { ready: false, restarts: 1 }),
      pod('b', { ready: false }),
    ],
  ])('%s', (_name, a, b) => {
    expect(inDeletionOrder([b, a])[0]!.metadata.name).toBe('first');
    expect(inDeletionOrder([a, b])[0]!.metadata.name).toBe('first');
  });

  it('the one whose node has more of its kind', () => {
    const pods = [pod('b', { node: 'n1' }), pod('first', { node: 'n2' })];
    expect(inDeletionOrder(pods, (p) => (p.spec.nodeName === 'n2' ? 2 : 1))[0]!.metadata.name).toBe('first');
  });
});

it('counts', () => {
  const rs = { ...set(5), spec: { ...set(5).spec, minReadySeconds: 30 } } as ReplicaSet;
  const pods = [
    mine('a', { labels: { app: 'web', v: '1' } }),
    mine('b', { ready: 10 }),
    mine('c', { ready: false }),
    mine('d', { deleting: true }),
    mine('e', { deleting: true, phase: 'Succeeded' }),
  ];
  expect(statusOf(rs, pods, NOW)).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 1,
    observedGeneration: 4,
  });
});

it('says why pods cannot be made until they can, in the words of the first time', () => {
  const why = (name: string) => ({ reason: 'FailedCreate', message: `pods "${name}" is forbidden` });
  const first = statusOf(set(1), [], NOW, why('web-a'));
  const told = { ...set(1), status: first } as ReplicaSet;
  expect(first.conditions).toEqual([{ type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(NOW), ...why('web-a') }]);
  // A status that differs would be written, and the write would bring the set back: no back-off would hold.
  expect(statusOf(told, [], NOW + 5000, why('web-b'))).toEqual(first);
  expect(statusOf(told, [], NOW + 5000).conditions).toBeUndefined();
});

describe('slowStart', () => {
  it('goes in growing batches', async () => {
    const batches: number[][] = [];
    let open: number[] | undefined;
    const done = await slowStart(10, async (i) => {
      if (!open) {
        batches.push((open = []));
        queueMicrotask(() => (open = undefined));
      }
      open.push(i);
    });
    expect(done).toBe(10);
    expect(batches.map((b) => b.length)).toEqual([1, 2, 4, 3]);
  });

  it('ends with the batch that failed', async () => {
    const tried: number[] = [];
    const work = slowStart(100, async (i) => {
      tried.push(i);
      if (i === 1) throw new Error('quota');
    });
    await expect(work).rejects.toMatchObject({ message: 'quota', done: 2 });
    expect(tried).toEqual([0, 1, 2]);
  });
});
