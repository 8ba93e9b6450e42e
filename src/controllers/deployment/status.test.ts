import { describe, expect, it } from 'vitest';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps/v1.js';
import { timestamp } from '../../util/clock.js';
import { complete, statusOf, timedOut, withCondition } from './status.js';

const T0 = Date.UTC(2026, 0, 1);
const at = (seconds: number) => T0 + seconds * 1000;

const deployment = (status: Partial<DeploymentStatus> = {}, spec: object = {}): Deployment =>
  ({
    metadata: { name: 'web', generation: 2 },
    spec: {
      replicas: 3,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      ...spec,
    },
    status,
  }) as unknown as Deployment;

const set = (name: string, size: number, available = size, conditions?: object[]): ReplicaSet =>
  ({
    metadata: { name },
    spec: { replicas: size },
    status: { replicas: size, readyReplicas: available, availableReplicas: available, terminatingReplicas: 0, conditions },
  }) as unknown as ReplicaSet;

const progressing = (reason: string, seconds = 0, status = 'True'): DeploymentCondition => ({
  type: 'Progressing',
  status: status as 'True',
  reason,
  message: 'm',
  lastUpdateTime: timestamp(at(seconds)),
  lastTransitionTime: timestamp(at(seconds)),
});
const of = (s: DeploymentStatus, type: string) => s.conditions?.find((c) => c.type === type);

describe('the numbers', () => {
  it('adds up the sets', () => {
    expect(statusOf(deployment(), { current: set('new', 2, 1), old: [set('old', 2)], now: at(0) })).toMatchObject({
      observedGeneration: 2,
      replicas: 4,
      updatedReplicas: 2,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 1,
      terminatingReplicas: 0,
    });
  });

  it.each([
    [3, 'True', 'MinimumReplicasAvailable'],
    [2, 'True', 'MinimumReplicasAvailable'],
    [1, 'False', 'MinimumReplicasUnavailable'],
  ])('%d of 3 with one that may be missing: Available %s', (n, status, reason) => {
    const s = statusOf(deployment(), { current: set('new', 3, n), old: [], now: at(0) });
    expect(of(s, 'Available')).toMatchObject({ status, reason });
  });
});

describe('progress', () => {
  const stalled = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 1, availableReplicas: 1 };
  const cases: [string, Deployment, ReplicaSet | undefined, ReplicaSet[], number, object | undefined][] = [
    [
      'complete',
      deployment({ conditions: [progressing('ReplicaSetUpdated')] }),
      set('new', 3),
      [],
      9,
      {
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'ReplicaSet "new" has successfully progressed.',
        lastTransitionTime: timestamp(at(0)),
        lastUpdateTime: timestamp(at(9)),
      },
    ],
    [
      'one more is ready',
      deployment({ ...stalled, conditions: [progressing('NewReplicaSetCreated')] }),
      set('new', 3, 2),
      [],
      9,
      { status: 'True', reason: 'ReplicaSetUpdated', message: 'ReplicaSet "new" is progressing.', lastUpdateTime: timestamp(at(9)) },
    ],
    [
      'nothing within the deadline: as it was',
      deployment({ ...stalled, conditions: [progressing('ReplicaSetUpdated')] }),
      set('new', 3, 1),
      [],
      600,
      { status: 'True', reason: 'ReplicaSetUpdated', message: 'm', lastUpdateTime: timestamp(at(0)) },
    ],
    [
      'nothing for longer',
      deployment({ ...stalled, conditions: [progressing('ReplicaSetUpdated')] }),
      set('new', 3, 1),
      [],
      601,
      {
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "new" has timed out progressing.',
        lastTransitionTime: timestamp(at(601)),
      },
    ],
    [
      'once complete, a pod that fails is no rollout',
      deployment({ ...stalled, availableReplicas: 3, conditions: [progressing('NewReplicaSetAvailable')] }),
      set('new', 3, 1),
      [],
      9999,
      { reason: 'NewReplicaSetAvailable', status: 'True', message: 'm' },
    ],
    [
      'progress after the deadline counts again',
      deployment({ ...stalled, conditions: [progressing('ProgressDeadlineExceeded', 0, 'False')] }),
      set('new', 3, 2),
      [],
      700,
      { status: 'True', reason: 'ReplicaSetUpdated', lastTransitionTime: timestamp(at(700)) },
    ],
    [
      'paused: left alone',
      deployment({ ...stalled, conditions: [progressing('DeploymentPaused', 0, 'Unknown')] }, { paused: true }),
      set('new', 3),
      [],
      700,
      { reason: 'DeploymentPaused' },
    ],
    [
      'no deadline: no condition',
      deployment({ conditions: [progressing('ReplicaSetUpdated')] }, { progressDeadlineSeconds: undefined }),
      set('new', 3),
      [],
      9,
      undefined,
    ],
    ['the largest number is none, too', deployment({}, { progressDeadlineSeconds: 2147483647 }), set('new', 3), [], 9, undefined],
  ];
  it.each(cases)('%s', (_name, d, current, old, now, want) => {
    const found = of(statusOf(d, { current, old, now: at(now) }), 'Progressing');
    if (want) expect(found).toMatchObject(want);
    else expect(found).toBeUndefined();
  });

  it('says that a set could not be made', () => {
    const s = statusOf(deployment(), {
      current: undefined,
      old: [],
      now: at(0),
      progress: { reason: 'ReplicaSetCreateError', message: 'no', failed: true },
    });
    expect(of(s, 'Progressing')).toMatchObject({ status: 'False', reason: 'ReplicaSetCreateError', message: 'no' });
  });

  it.each([
    [progressing('ReplicaSetUpdated'), 599, false],
    [progressing('ReplicaSetUpdated'), 601, true],
    [progressing('NewReplicaSetAvailable'), 9999, false],
    [progressing('ProgressDeadlineExceeded'), 1, true],
  ])('%o after %d s: timed out %s', (c, seconds, want) => expect(timedOut(deployment(), [c], at(seconds))).toBe(want));
});

it('a set that cannot make pods shows in the Deployment, and is forgotten with it', () => {
  const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' };
  const s = statusOf(deployment(), { current: set('new', 3, 0, [failure]), old: [], now: at(0) });
  expect(of(s, 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate', message: 'quota' });
  expect(of(statusOf(deployment(s), { current: set('new', 3), old: [], now: at(1) }), 'ReplicaFailure')).toBeUndefined();
});

it('a condition of the same status and reason stays as it is', () => {
  const c = progressing('ReplicaSetUpdated');
  expect(withCondition([c], 'Progressing', 'True', 'ReplicaSetUpdated', 'other', at(9))).toEqual([c]);
  expect(withCondition([c], 'Progressing', 'True', 'Other', 'other', at(9))[0]).toMatchObject({
    lastTransitionTime: timestamp(at(0)),
    lastUpdateTime: timestamp(at(9)),
  });
});

it.each([
  [{ replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 2 }, true],
  [{ replicas: 4, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 2 }, false],
  [{ replicas: 3, updatedReplicas: 3, availableReplicas: 2, observedGeneration: 2 }, false],
  [{ replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 1 }, false],
])('%o is complete: %s', (s, want) => expect(complete(deployment(), s)).toBe(want));
