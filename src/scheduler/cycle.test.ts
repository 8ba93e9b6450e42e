import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../api/types/core/v1.js';
import { nodesToFind } from './cycle.js';
import { cacheOf, container, cpu, find, makeNode as node, makePod as pod } from './testing/fixtures.js';

const run = async (p: Pod, nodes: Node[], placed: [Pod, string][] = []) => {
  const found = await find(cacheOf(nodes, placed), p);
  return found.node ?? found.message;
};
const HOPELESS = (n: number) => `preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;

describe('schedule', () => {
  it.each<[string, Pod, Node[], [Pod, string][], string]>([
    ['the emptier node', pod('a', cpu('500m')), [node('n1'), node('n2')], [[pod('x', cpu('1')), 'n1']], 'n2'],
    ['no nodes', pod('a'), [], [], 'no nodes available to schedule pods'],
    [
      'more than any node has',
      pod('a', cpu('3')),
      [node('n1'), node('n2')],
      [],
      `0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, ${HOPELESS(2)}`,
    ],
    [
      'one that takes no other away',
      pod('a', { ...cpu('3'), preemptionPolicy: 'Never' }),
      [node('n1')],
      [],
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
    [
      'more than is left on one, more than another has',
      pod('a', cpu('1500m')),
      [node('n1'), node('n2', { cpu: '1' })],
      [[pod('x', cpu('1')), 'n1']],
      '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    ],
    [
      'a node that is full',
      pod('a'),
      [node('n1', { pods: '1' })],
      [[pod('x'), 'n1']],
      '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'taints, cordons and selectors',
      pod('a', { nodeSelector: { disk: 'ssd' } }),
      [node('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] }), node('n2', { unschedulable: true }), node('n3')],
      [],
      `0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. no new claims to deallocate, ${HOPELESS(3)}`,
    ],
    [
      'a taint that is borne',
      pod('a', { tolerations: [{ key: 'k', operator: 'Exists' }] }),
      [node('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] })],
      [],
      'n1',
    ],
    ['rather without a taint', pod('a'), [node('n1', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), node('n2')], [], 'n2'],
    [
      'rather with the label',
      pod('a', {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'z', operator: 'In', values: ['a'] }] } },
            ],
          },
        },
      }),
      [node('n1'), node('n2', { labels: { z: 'a' } })],
      [],
      'n2',
    ],
    [
      'a host port',
      pod('a', { containers: [container(undefined, { ports: [{ containerPort: 80, hostPort: 80 }] })] }),
      [node('n1'), node('n2')],
      [[pod('x', { containers: [container(undefined, { ports: [{ hostPort: 80, hostIP: '127.0.0.1', protocol: 'TCP' }] })] }), 'n1']],
      'n2',
    ],
    [
      'the same number of another protocol',
      pod('a', { containers: [container(undefined, { ports: [{ hostPort: 53, protocol: 'UDP' }] })] }),
      [node('n1')],
      [[pod('x', { containers: [container(undefined, { ports: [{ hostPort: 53 }] })] }), 'n1']],
      'n1',
    ],
  ])('%s', async (_name, p, nodes, placed, want) => expect(await run(p, nodes, placed)).toBe(want));

  it.each([
    [5, 5],
    [100, 100],
    [150, 100],
    [1000, 420],
    [5000, 500],
    [20000, 1000],
  ])('of %d nodes %d', (n, want) => expect(nodesToFind(n)).toBe(want));
});
