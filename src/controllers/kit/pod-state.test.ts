import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/types/core/v1.js';
import { availableIn, inDeletionOrder, isAvailable, nextAvailable } from './pod-state.js';

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

describe('availability', () => {
  it.each<[string, Pod, number, number | undefined]>([
    ['ready for long', pod('p', { ready: 100 }), 30, 0],
    ['to the second', pod('p', { ready: 30 }), 30, 0],
    ['not yet', pod('p', { ready: 29 }), 30, 1000],
    ['at once where nothing is asked', pod('p', { ready: 0 }), 0, 0],
    ['not ready', pod('p', { ready: false }), 0, undefined],
  ])('%s', (_name, p, min, want) => {
    expect(availableIn(p, min, NOW)).toBe(want);
    expect(isAvailable(p, min, NOW)).toBe(want === 0);
  });

  it('says when to look again: for the first of the active ones', () => {
    const pods = [pod('a', { ready: 10 }), pod('b', { ready: 25 }), pod('c', { ready: 29, deleting: true }), pod('d', { ready: 40 })];
    expect(nextAvailable(pods, 30, NOW)).toBe(5001);
    expect(nextAvailable(pods, 0, NOW)).toBeUndefined();
    expect(nextAvailable([], 30, NOW)).toBeUndefined();
  });
});
