import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../api/types/apps/v1.js';
import type { Pod } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { ago, NOW, pod, type Shape } from './kit/testing.js';
import { decide, type Step, statusOf } from './replicaset.js';

const set = (replicas: number, more: object = {}): ReplicaSet =>
  ({
    metadata: { name: 'web', uid: 'rs', generation: 4, ...more },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web', v: '1' } } } },
    status: {},
  }) as unknown as ReplicaSet;

const shown = (step: Step | undefined) =>
  !step ? '' : 'create' in step ? `create ${step.create}` : `remove ${step.remove.map((p) => p.metadata.name)}`;
const mine = (name: string, o: Shape = {}) => pod(name, { owner: 'rs', ...o });

describe('decide', () => {
  it.each<[string, ReplicaSet, Pod[], string]>([
    ['makes what is missing', set(3), [mine('a')], 'create 2'],
    ['no more than a burst', set(900), [], 'create 500'],
    ['takes what is too much', set(1), [mine('a', { ready: 50 }), mine('b', { ready: 200 })], 'remove a'],
    [
      'no more than a burst of those',
      set(0),
      Array.from({ length: 501 }, () => mine('a')),
      `remove ${Array.from({ length: 500 }, () => 'a')}`,
    ],
    ['nothing when it fits', set(2), [mine('a'), mine('b')], ''],
    [
      'finished pods and those that go do not count',
      set(2),
      [mine('a', { phase: 'Failed' }), mine('b', { deleting: true }), mine('c')],
      'create 1',
    ],
    ['does nothing while it is deleted itself', set(3, { deletionTimestamp: ago(0) }), [mine('b')], ''],
  ])('%s', (_name, rs, pods, want) => expect(shown(decide(rs, pods))).toEqual(want));
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
