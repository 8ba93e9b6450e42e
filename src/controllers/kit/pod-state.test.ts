import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/types/core/v1.js';
import { availableIn, inDeletionOrder, isAvailable, nextAvailable } from './pod-state.js';
import { NOW, pod } from './testing.js';

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
