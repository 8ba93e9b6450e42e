import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { annotationsFor, DESIRED, limits, MAX, maxRevision, REVISION, REVISION_HISTORY, resolveCount, split } from './replica-sets.js';
import { newSize, proportional, roll, type Scale, shrinkAll } from './rolling-update.js';

interface SetShape {
  name: string;
  size: number;
  available?: number;
  born?: number;
  max?: number;
  desired?: number;
  image?: string;
  revision?: number;
}

const template = (image: string, hash?: string) => ({
  metadata: { labels: { app: 'web', ...(hash ? { 'pod-template-hash': hash } : {}) } },
  spec: { containers: [{ name: 'c', image }] },
});

const set = ({ name, size, available = size, born = 0, max, desired, image = name, revision }: SetShape): ReplicaSet =>
  ({
    metadata: {
      name,
      creationTimestamp: `2026-01-01T00:00:${String(born).padStart(2, '0')}Z`,
      annotations: {
        ...(max === undefined ? {} : { [MAX]: String(max) }),
        ...(desired === undefined ? {} : { [DESIRED]: String(desired) }),
        ...(revision === undefined ? {} : { [REVISION]: String(revision) }),
      },
    },
    spec: { replicas: size, template: template(image, name) },
    status: { replicas: size, availableReplicas: available },
  }) as unknown as ReplicaSet;

const deployment = (replicas: number, maxSurge: number | string = '25%', maxUnavailable: number | string = '25%', type = 'RollingUpdate') =>
  ({
    metadata: { name: 'web', annotations: {} },
    spec: {
      replicas,
      template: template('new'),
      strategy: { type, ...(type === 'RollingUpdate' ? { rollingUpdate: { maxSurge, maxUnavailable } } : {}) },
    },
    status: {},
  }) as unknown as Deployment;

const sizes = (steps: readonly Scale[]) => Object.fromEntries(steps.map((s) => [s.set.metadata.name, s.to]));

describe('limits', () => {
  it.each([
    ['25%', '25%', 10, 3, 2],
    ['25%', '25%', 1, 1, 0],
    ['25%', '25%', 0, 0, 0],
    [0, 0, 3, 0, 1],
    ['0%', '0%', 3, 0, 1],
    [0, '10%', 3, 0, 1],
    ['100%', '100%', 4, 4, 4],
    [5, 7, 3, 5, 3],
    [1, 0, 3, 1, 0],
  ])('maxSurge %s, maxUnavailable %s of %d: %d more, %d fewer', (surge, unavailable, replicas, more, fewer) => {
    expect(limits(deployment(replicas, surge, unavailable))).toEqual({ surge: more, unavailable: fewer });
  });

  it('Recreate has neither', () => expect(limits(deployment(4, 1, 1, 'Recreate'))).toEqual({ surge: 0, unavailable: 0 }));

  it.each([
    ['33%', 10, true, 4],
    ['33%', 10, false, 3],
    [2, 10, true, 2],
    [undefined, 10, true, 0],
  ])('%s of %d, up %s: %d', (v, total, up, want) => expect(resolveCount(v, total, up)).toBe(want));
});

describe('newSize', () => {
  it.each([
    // wanted, surge, old, new -> size
    [10, 3, 10, 0, 3],
    [10, 3, 8, 3, 5],
    [10, 0, 10, 0, 0],
    [10, 0, 8, 0, 2],
    [10, 3, 0, 0, 10],
    [10, 3, 5, 8, 8],
    [2, 5, 2, 0, 2],
  ])('wanted %d, surge %d, old %d, new %d: %d', (wanted, surge, old, now, size) => {
    const current = set({ name: 'new', size: now });
    expect(newSize(deployment(wanted, surge, 1), [set({ name: 'old', size: old }), current], current)).toBe(size);
  });

  it('Recreate: all at once', () => expect(newSize(deployment(4, 0, 0, 'Recreate'), [], undefined)).toBe(4));
});

describe('roll', () => {
  const cases: [string, number, number | string, number | string, SetShape, SetShape[], Record<string, number>][] = [
    ['the new set goes up first', 10, '25%', '25%', { name: 'new', size: 0 }, [{ name: 'old', size: 10 }], { new: 3 }],
    ['then the old one down as far as may be', 10, 3, 2, { name: 'new', size: 3, available: 0 }, [{ name: 'old', size: 10 }], { old: 8 }],
    ['more as new ones come', 10, 3, 2, { name: 'new', size: 5, available: 3 }, [{ name: 'old', size: 8 }], { old: 5 }],
    ['nothing while none is available', 3, 1, 0, { name: 'new', size: 1, available: 0 }, [{ name: 'old', size: 3 }], {}],
    ['one for one without unavailability', 3, 1, 0, { name: 'new', size: 1 }, [{ name: 'old', size: 3 }], { old: 2 }],
    ['no surge: down before up', 3, 0, 1, { name: 'new', size: 0 }, [{ name: 'old', size: 3 }], { old: 2 }],
    ['a new set that is too large shrinks', 2, 1, 0, { name: 'new', size: 5 }, [{ name: 'old', size: 1 }], { new: 2 }],
    ['all at once', 4, 0, '100%', { name: 'new', size: 0 }, [{ name: 'old', size: 4 }], { old: 0 }],
    [
      'broken pods go first, of the oldest set first',
      4,
      1,
      1,
      { name: 'new', size: 2, available: 2 },
      [
        { name: 'older', size: 1, available: 0 },
        { name: 'old', size: 2, available: 2 },
      ],
      // 4 may not go below 3 available: of 4 available one more may go beside the broken one.
      { older: 0, old: 1 },
    ],
    ['done: nothing', 3, 1, 0, { name: 'new', size: 3 }, [{ name: 'old', size: 0 }], {}],
    [
      'an old set with everything broken',
      3,
      1,
      1,
      { name: 'new', size: 1, available: 0 },
      [{ name: 'old', size: 3, available: 0 }],
      { old: 2 },
    ],
  ];
  it.each(cases)('%s', (_name, wanted, surge, unavailable, now, old, want) => {
    expect(sizes(roll(deployment(wanted, surge, unavailable), set(now), old.map(set)))).toEqual(want);
  });

  it.each([
    [10, '25%', '25%'],
    [10, 0, 1],
    [10, 1, 0],
    [1, 1, 0],
    [7, '30%', '30%'],
    [5, 0, 0],
    [3, '100%', 0],
  ])('%d with %s and %s comes to its end within its limits', (wanted, surge, unavailable) => {
    const d = deployment(wanted, surge, unavailable);
    const lim = limits(d);
    let now = set({ name: 'new', size: 0 });
    let old = set({ name: 'old', size: wanted });
    for (let i = 0; i < 100; i++) {
      const steps = sizes(roll(d, now, [old]));
      // Pods that go stop at once; new ones are available a step later.
      const available = now.spec.replicas!;
      now = set({ name: 'new', size: steps.new ?? now.spec.replicas!, available });
      old = set({ name: 'old', size: steps.old ?? old.spec.replicas! });
      expect(now.spec.replicas! + old.spec.replicas!).toBeLessThanOrEqual(wanted + lim.surge);
      expect(available + old.spec.replicas!).toBeGreaterThanOrEqual(wanted - lim.unavailable);
    }
    expect([now.spec.replicas, old.spec.replicas]).toEqual([wanted, 0]);
  });
});

describe('proportional', () => {
  const cases: [string, Deployment, SetShape | undefined, SetShape[], Record<string, number>][] = [
    ['one set takes it all', deployment(10), { name: 'new', size: 5 }, [{ name: 'old', size: 0 }], { new: 10 }],
    ['an old one alone, too', deployment(10), { name: 'new', size: 0 }, [{ name: 'old', size: 5 }], { old: 10 }],
    [
      'all empty: the newest',
      deployment(3),
      undefined,
      [
        { name: 'a', size: 0 },
        { name: 'b', size: 0, born: 1 },
      ],
      { b: 3 },
    ],
    ['nothing to do', deployment(5), { name: 'new', size: 5 }, [], {}],
    [
      'growing is shared by size',
      // 10 -> 20 with surge 3 before and after: 13 -> 23.
      deployment(20, 3, 2),
      { name: 'new', size: 5, max: 13, born: 1 },
      [{ name: 'old', size: 8, max: 13 }],
      { old: 14, new: 9 },
    ],
    [
      'shrinking, too',
      deployment(5, 3, 2),
      { name: 'new', size: 5, max: 13, born: 1 },
      [{ name: 'old', size: 8, max: 13 }],
      { old: 5, new: 3 },
    ],
    ['to zero', deployment(0, 3, 2), { name: 'new', size: 5, max: 13 }, [{ name: 'old', size: 8, max: 13 }], { new: 0, old: 0 }],
    [
      'what is left goes to the newest of the largest',
      deployment(4, 0, 1),
      { name: 'new', size: 1, max: 3, born: 2 },
      [
        { name: 'a', size: 1, max: 3 },
        { name: 'b', size: 1, max: 3, born: 1 },
      ],
      { new: 2 },
    ],
    [
      'a new set with all that is wanted: the old ones go',
      deployment(5, 1, 1),
      { name: 'new', size: 5, desired: 5, max: 6 },
      [{ name: 'old', size: 2, desired: 4, max: 5 }],
      { old: 0 },
    ],
    ['Recreate shares nothing out', deployment(9, 0, 0, 'Recreate'), { name: 'new', size: 2 }, [{ name: 'old', size: 2 }], {}],
  ];
  it.each(cases)('%s', (_name, d, now, old, want) => {
    expect(sizes(proportional(d, now && set(now), old.map(set)))).toEqual(want);
  });

  it('without the annotation, the status tells the size before', () => {
    const d = { ...deployment(20, 0, 1), status: { replicas: 10 } } as Deployment;
    expect(sizes(proportional(d, set({ name: 'new', size: 4, born: 1 }), [set({ name: 'old', size: 6 })]))).toEqual({ old: 12, new: 8 });
  });
});

it('shrinkAll leaves out what is empty', () =>
  expect(sizes(shrinkAll([set({ name: 'a', size: 3 }), set({ name: 'b', size: 0 })]))).toEqual({ a: 0 }));

describe('which set is which', () => {
  it('finds the set of the template whatever its hash label, the oldest of several', () => {
    const sets = [
      set({ name: 'twin', size: 0, born: 5, image: 'new' }),
      set({ name: 'x', size: 1, born: 1 }),
      set({ name: 'first', size: 0, born: 2, image: 'new' }),
    ];
    const found = split(deployment(3), sets);
    expect(found.current?.metadata.name).toBe('first');
    expect(found.old.map((s) => s.metadata.name)).toEqual(['x', 'twin']);
  });

  it('a new set is told the sizes; an existing one keeps what it was told', () => {
    const d = deployment(10, 3, 2);
    expect(annotationsFor(d, undefined, 1n)).toEqual({ [REVISION]: '1', [DESIRED]: '10', [MAX]: '13' });
    expect(annotationsFor(d, set({ name: 'new', size: 4, desired: 5, max: 7, revision: 1 }), 1n)).toEqual({
      [REVISION]: '1',
      [DESIRED]: '5',
      [MAX]: '7',
    });
  });

  it('a set that comes back remembers its old revisions', () => {
    const again = annotationsFor(deployment(1), set({ name: 'new', size: 0, revision: 1 }), 3n);
    expect(again).toMatchObject({ [REVISION]: '3', [REVISION_HISTORY]: '1' });
    const twice = annotationsFor(deployment(1), { metadata: { annotations: again } } as unknown as ReplicaSet, 5n);
    expect(twice).toMatchObject({ [REVISION]: '5', [REVISION_HISTORY]: '1,3' });
  });

  it('counts on from a revision of any size', () => {
    const old = { metadata: { annotations: { [REVISION]: '3546343826724305832' } } } as unknown as ReplicaSet;
    expect(annotationsFor(deployment(1), undefined, maxRevision([old]) + 1n)[REVISION]).toBe('3546343826724305833');
  });

  it('copies the annotations of the Deployment but not the revision or what kubectl applied', () => {
    const d = deployment(1);
    d.metadata.annotations = { a: 'b', [REVISION]: '9', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    expect(annotationsFor(d, set({ name: 'new', size: 1, revision: 2 }), 2n)).toEqual({ a: 'b', [REVISION]: '2' });
  });
});
