import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../api/types/apps/v1.js';
import type { Pod } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
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
