/** Which event brings back a Pod that a plugin refused. */
import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../../api/types/core/v1.js';
import { type ClusterEvent, concerns, nodeEvents, podEvents } from '../cluster-event.js';
import type { PluginFactory } from '../framework.js';
import { container, cpu, handle, makeNode as node, makePod as pod } from '../testing/fixtures.js';
import { nodeAffinity } from './node-affinity.js';
import { nodeName } from './node-name.js';
import { nodePorts } from './node-ports.js';
import { nodeResourcesFit } from './node-resources-fit.js';
import { nodeUnschedulable } from './node-unschedulable.js';
import { schedulingGates } from './scheduling-gates.js';
import { taintToleration } from './taint-toleration.js';

const added = (now: Node): ClusterEvent[] => [{ resource: 'Node', action: 'Add', now }];
const gone = (old: Pod): ClusterEvent[] => [{ resource: 'Pod', action: 'Delete', old }];
const bound = (p: Pod): Pod => ({ ...p, spec: { ...p.spec, nodeName: 'n' } });
const wakes = (plugin: PluginFactory, p: Pod, events: readonly ClusterEvent[]): boolean =>
  (plugin.create({}, handle()).events ?? []).some((h) => events.some((e) => concerns(h, e) && h.hint(p, e) === 'queue'));

const taints = [{ key: 'k', effect: 'NoSchedule' }];
const bears = { tolerations: [{ key: 'k', operator: 'Exists' }] };
const cordonBorne = { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] };
const wants = { nodeSelector: { disk: 'ssd' } };
const ssd = { labels: { disk: 'ssd' } };
const port = (hostPort: number) => ({ containers: [container(undefined, { ports: [{ hostPort }] })] });
const gated = { schedulingGates: [{ name: 'g' }] };

it.each<[PluginFactory, string, Pod, ClusterEvent[], boolean]>([
  [nodeAffinity, 'a node that matches', pod('a', wants), added(node('n', ssd)), true],
  [nodeAffinity, 'a node that does not', pod('a', wants), added(node('n')), false],
  [nodeAffinity, 'a node that matches now', pod('a', wants), nodeEvents(node('n'), node('n', ssd)), true],
  [
    nodeAffinity,
    'a node that did before',
    pod('a', wants),
    nodeEvents(node('n', ssd), node('n', { labels: { disk: 'ssd', x: 'y' } })),
    false,
  ],
  [nodeAffinity, 'a node that does not any more', pod('a', wants), nodeEvents(node('n', ssd), node('n')), false],
  [nodeAffinity, 'a taint that is gone', pod('a', wants), nodeEvents(node('n', { ...ssd, taints }), node('n', ssd)), false],
  [nodeAffinity, 'labels of its own', pod('a', wants), podEvents(pod('a', wants), pod('a', wants, { labels: { a: 'b' } })), false],
  [taintToleration, 'a node without taints', pod('a'), added(node('n')), true],
  [taintToleration, 'a node with a taint', pod('a'), added(node('n', { taints })), false],
  [taintToleration, 'a node with a taint that it bears', pod('a', bears), added(node('n', { taints })), true],
  [taintToleration, 'a taint that is gone', pod('a'), nodeEvents(node('n', { taints }), node('n')), true],
  [taintToleration, 'a taint that is new', pod('a'), nodeEvents(node('n'), node('n', { taints })), false],
  [
    taintToleration,
    'a taint more for a Pod that bears neither',
    pod('a'),
    nodeEvents(node('n', { taints }), node('n', { taints: [...taints, ...taints] })),
    false,
  ],
  [taintToleration, 'a toleration of its own', pod('a'), podEvents(pod('a'), pod('a', bears)), true],
  [taintToleration, "another Pod's toleration", pod('a'), podEvents(pod('b'), pod('b', bears)), false],
  [nodeUnschedulable, 'a node that is not cordoned', pod('a'), added(node('n')), true],
  [nodeUnschedulable, 'a node that is', pod('a'), added(node('n', { unschedulable: true })), false],
  [nodeUnschedulable, 'a node uncordoned', pod('a'), nodeEvents(node('n', { unschedulable: true }), node('n')), true],
  [nodeUnschedulable, 'a taint of a node that never was cordoned', pod('a'), nodeEvents(node('n', { taints }), node('n')), false],
  [nodeUnschedulable, 'a toleration of its own for cordons', pod('a'), podEvents(pod('a'), pod('a', cordonBorne)), true],
  [nodeUnschedulable, 'a toleration of its own for something else', pod('a'), podEvents(pod('a'), pod('a', bears)), false],
  [nodeName, 'a node', pod('a'), added(node('n')), true],
  [nodeName, 'a label', pod('a'), nodeEvents(node('n'), node('n', ssd)), false],
  [nodePorts, 'a Pod that held the port goes', pod('a', port(80)), gone(bound(pod('b', port(80)))), true],
  [nodePorts, 'a Pod that held another port goes', pod('a', port(80)), gone(bound(pod('b', port(81)))), false],
  [nodePorts, 'a Pod that was on no node goes', pod('a', port(80)), gone(pod('b', port(80))), false],
  [nodePorts, 'a node', pod('a', port(80)), added(node('n')), true],
  [nodeResourcesFit, 'a node that is large enough', pod('a', cpu('2')), added(node('n')), true],
  [nodeResourcesFit, 'a node that is too small', pod('a', cpu('3')), added(node('n')), false],
  [nodeResourcesFit, 'a node that grew', pod('a', cpu('3')), nodeEvents(node('n'), node('n', { cpu: '4' })), true],
  [nodeResourcesFit, 'a node that grew too little', pod('a', cpu('5')), nodeEvents(node('n'), node('n', { cpu: '4' })), false],
  [nodeResourcesFit, 'a node that shrank', pod('a', cpu('1')), nodeEvents(node('n'), node('n', { cpu: '1' })), false],
  [nodeResourcesFit, 'a node that takes more Pods', pod('a'), nodeEvents(node('n', { pods: '1' }), node('n', { pods: '2' })), true],
  [nodeResourcesFit, 'a node with more of what it does not want', pod('a'), nodeEvents(node('n'), node('n', { cpu: '4' })), false],
  [nodeResourcesFit, 'a label', pod('a'), nodeEvents(node('n'), node('n', ssd)), false],
  [nodeResourcesFit, 'a bound Pod that goes', pod('a', cpu('1')), gone(bound(pod('b'))), true],
  [nodeResourcesFit, 'a Pod without a node that goes', pod('a', cpu('1')), gone(pod('b', cpu('1'))), false],
  [
    nodeResourcesFit,
    'a bound Pod that asks for less',
    pod('a', cpu('1')),
    podEvents(bound(pod('b', cpu('2'))), bound(pod('b', cpu('1')))),
    true,
  ],
  [
    nodeResourcesFit,
    'a bound Pod that asks for more',
    pod('a', cpu('1')),
    podEvents(bound(pod('b', cpu('1'))), bound(pod('b', cpu('2')))),
    false,
  ],
  [
    nodeResourcesFit,
    'a bound Pod that asks for less of something else',
    pod('a'),
    podEvents(bound(pod('b', cpu('2'))), bound(pod('b', cpu('1')))),
    false,
  ],
  [nodeResourcesFit, 'it asks for less itself', pod('a', cpu('1')), podEvents(pod('a', cpu('2')), pod('a', cpu('1'))), true],
  [schedulingGates, 'its gates are gone', pod('a'), podEvents(pod('a', gated), pod('a')), true],
  [schedulingGates, "another Pod's are", pod('a', gated), podEvents(pod('b', gated), pod('b')), false],
])('$0.name: %s', (plugin, _what, p, events, right) => expect(wakes(plugin, p, events)).toBe(right));

describe('a heartbeat is no event', () => {
  const beat = (over: object) =>
    ({ metadata: { name: 'n', labels: { a: '1' } }, spec: {}, status: { allocatable: { cpu: '1' } }, ...over }) as never;
  const ready = (lastHeartbeatTime: string, status = 'True') => [{ type: 'Ready', status, lastHeartbeatTime }];
  it.each<[object, object, string[]]>([
    [
      { status: { allocatable: { cpu: '1' }, conditions: ready('1') } },
      { status: { allocatable: { cpu: '1' }, conditions: ready('2') } },
      [],
    ],
    [
      { status: { allocatable: { cpu: '1' }, conditions: ready('1') } },
      { status: { allocatable: { cpu: '1' }, conditions: ready('2', 'False') } },
      ['UpdateNodeCondition'],
    ],
    [{}, { status: { allocatable: { cpu: '2' } } }, ['UpdateNodeAllocatable']],
    [{}, { metadata: { name: 'n', labels: { a: '2' } } }, ['UpdateNodeLabel']],
    [{}, { metadata: { name: 'n', labels: { a: '1' }, annotations: { b: 'c' } } }, ['UpdateNodeAnnotation']],
    [{}, { spec: { unschedulable: true } }, ['UpdateNodeTaint']],
    [{}, { spec: { taints }, status: {} }, ['UpdateNodeAllocatable', 'UpdateNodeTaint']],
  ])('%o, then %o: %o', (old, now, right) => expect(nodeEvents(beat(old), beat(now)).map((e) => e.action)).toEqual(right));

  it.each<[Pod, Pod, string[]]>([
    [pod('a'), { ...pod('a'), status: { phase: 'Running' } } as Pod, []],
    [pod('a', cpu('2'), { labels: { x: 'y' } }), pod('a', cpu('1')), ['UpdatePodLabel', 'UpdatePodScaleDown']],
    [pod('a', gated), pod('a', { schedulingGates: [] }), ['UpdatePodSchedulingGatesEliminated']],
    [pod('a', { activeDeadlineSeconds: 2 }), pod('a', { activeDeadlineSeconds: 1 }), ['Update']],
    // The same generation: nobody compares the specs.
    [pod('a', cpu('2'), { generation: 1 }), pod('a', cpu('1'), { generation: 1 }), []],
    [pod('a', cpu('2'), { generation: 1 }), pod('a', cpu('1'), { generation: 2 }), ['UpdatePodScaleDown']],
  ])('of a Pod', (old, now, right) => expect(podEvents(old, now).map((e) => e.action)).toEqual(right));
});
