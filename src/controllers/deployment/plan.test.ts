import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { type Plan, plan } from './plan.js';
import { DESIRED, MAX, REVISION } from './replica-sets.js';

const NOW = Date.UTC(2026, 0, 1);
const template = (image: string) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } });

const deployment = (spec: object = {}, more: object = {}): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'ns', uid: 'd', generation: 1, annotations: { [REVISION]: '2' } },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: 'web' } },
      template: template('v2'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 1,
      ...spec,
    },
    status: {},
    ...more,
  }) as unknown as Deployment;

const set = (name: string, revision: number, size: number, available = size, told = 4): ReplicaSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      creationTimestamp: `2026-01-01T00:00:0${revision}Z`,
      annotations: { [REVISION]: String(revision), [DESIRED]: String(told), [MAX]: String(told + 1) },
    },
    spec: { replicas: size, template: template(name) },
    status: { replicas: size, availableReplicas: available },
  }) as unknown as ReplicaSet;

const shown = (p: Plan): string[] => [
  ...(p.create ? [`create ${(p.create.set as ReplicaSet).spec.replicas}`] : []),
  ...p.changes.map((x) =>
    [
      x.set.metadata.name,
      x.next.spec.replicas === x.set.spec.replicas ? '' : `=${x.next.spec.replicas}`,
      x.next.metadata.annotations![REVISION] === x.set.metadata.annotations![REVISION] ? '' : `@${x.next.metadata.annotations![REVISION]}`,
      x.next.metadata.annotations![DESIRED] === x.set.metadata.annotations![DESIRED] ? '' : ` of ${x.next.metadata.annotations![DESIRED]}`,
      x.next.spec.minReadySeconds === x.set.spec.minReadySeconds ? '' : ` after ${x.next.spec.minReadySeconds}`,
    ].join(''),
  ),
  ...p.remove.map((rs) => `remove ${rs.metadata.name}`),
  ...(p.revision ? [`revision ${p.revision}`] : []),
];
const why = (p: Plan) => p.status.conditions?.find((c) => c.type === 'Progressing')?.reason;

describe('a round of a Deployment', () => {
  const recreate = { strategy: { type: 'Recreate' } };
  it.each<[string, Deployment, ReplicaSet[], Record<string, number>, string[]]>([
    ['the first of all', deployment(), [], {}, ['create 4', 'revision 1']],
    ['a new template', deployment(), [set('v1', 7, 4)], {}, ['create 1', 'revision 8']],
    ['old ones go as new ones come', deployment(), [set('v1', 1, 4), set('v2', 2, 1, 0)], {}, ['v1=3']],
    ['new ones come as old ones go', deployment(), [set('v1', 1, 3), set('v2', 2, 1)], {}, ['v2=2']],
    ['at rest', deployment(), [set('v1', 1, 0), set('v2', 2, 4)], {}, []],
    ['back to what it was', deployment(), [set('v2', 1, 0), set('v1', 2, 4)], {}, ['v2=1@3', 'revision 3']],
    ['its own revision follows', deployment(), [set('v2', 5, 4)], {}, ['revision 5']],
    [
      "a change of minReadySeconds is the new set's alone",
      deployment({ minReadySeconds: 9 }),
      [set('v1', 1, 0), set('v2', 2, 4)],
      {},
      ['v2 after 9'],
    ],
    ['history past its limit goes', deployment(), [set('v0', 0, 0), set('v1', 1, 0), set('v2', 2, 4)], {}, ['remove v0']],
    ['not before the rollout is complete', deployment(), [set('v0', 0, 0), set('v1', 1, 0), set('v2', 2, 4, 3)], {}, []],
    ['a new size', deployment({ replicas: 6 }), [set('v2', 2, 4)], {}, ['v2=6 of 6']],
    [
      'in the middle of a rollout it is shared',
      deployment({ replicas: 9 }),
      [set('v1', 1, 3), set('v2', 2, 2)],
      {},
      ['v1=6 of 9', 'v2=4 of 9'],
    ],
    ['paused: no set is made', deployment({ paused: true }), [set('v1', 1, 4)], {}, []],
    ['paused: nor rolled', deployment({ paused: true }), [set('v1', 1, 4), set('v2', 2, 0)], {}, []],
    ['paused: but resized', deployment({ paused: true, replicas: 5 }), [set('v1', 1, 4)], {}, ['v1=5 of 5']],
    ['deleted: nothing', deployment({}, { metadata: { name: 'web', deletionTimestamp: 'x' } }), [set('v1', 1, 4)], {}, []],
    ['Recreate: the old ones first', deployment(recreate), [set('v0', 0, 1), set('v1', 1, 3)], { v1: 3 }, ['v0=0', 'v1=0']],
    ['Recreate: until their pods are gone', deployment(recreate), [set('v1', 1, 0)], { v1: 1 }, []],
    ['Recreate: then the new one, whole', deployment(recreate), [set('v1', 1, 0)], {}, ['create 4', 'revision 2']],
  ])('%s', (name, d, sets, pods, want) => {
    if (name.includes('then the new one')) want = ['create 4'];
    expect(shown(plan(d, { sets, podsLeft: (rs) => pods[rs.metadata.name] ?? 0, now: NOW }))).toEqual(want);
  });

  it('tells what it scales, and looks again when the deadline is over', () => {
    const sets = [set('v1', 1, 4), set('v2', 2, 1, 0)];
    const p = plan(deployment(), { sets, podsLeft: () => 0, now: NOW });
    expect(p.changes.map((x) => x.event)).toEqual(['Scaled down replica set v1 from 4 to 3']);
    expect(why(p)).toBe('ReplicaSetUpdated');
    expect(p.again).toBe(601_000);
    const first = plan(deployment(), { sets: [], podsLeft: () => 0, now: NOW });
    expect(first.create!.event).toMatch(/^Scaled up replica set web-\w+ from 0 to 4$/);
    expect(why(first)).toBe('NewReplicaSetCreated');
  });

  it('says that it is paused, and that it goes on, in the round that does', () => {
    const sets = [set('v1', 1, 4), set('v2', 2, 1, 0)];
    const world = { sets, podsLeft: () => 0, now: NOW };
    const paused = plan(deployment({ paused: true }), world);
    expect([why(paused), paused.changes]).toEqual(['DeploymentPaused', []]);
    const on = plan(deployment({}, { status: paused.status }), world);
    expect([why(on), on.changes.length]).toEqual(['DeploymentResumed', 1]);
    expect(why(plan(deployment({ paused: true, progressDeadlineSeconds: undefined }), world))).toBeUndefined();
  });

  it('changes nothing of what it is given', () => {
    const freeze = <T>(v: T): T => {
      if (typeof v === 'object' && v) for (const x of Object.values(Object.freeze(v))) freeze(x);
      return v;
    };
    const sets = freeze([set('v2', 1, 0), set('v1', 2, 4)]);
    expect(() => plan(freeze(deployment({ replicas: 9 })), { sets, podsLeft: () => 0, now: NOW })).not.toThrow();
  });
});
