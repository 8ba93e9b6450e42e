import { expect, it } from 'vitest';
import type { Attributes } from './chain.js';
import type { Lookup } from './lookup.js';
import { podTopologyLabels } from './pod-topology-labels.js';

const ZONE = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r', other: 'x' };
const lookup = { get: (...at: string[]) => (at[4] === 'n1' ? { metadata: { labels: ZONE } } : undefined) } as unknown as Lookup;
const COPIED = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r' };

it.each<[string, Partial<Attributes>, object, object | undefined]>([
  ['a Pod that names its node', {}, { metadata: {}, spec: { nodeName: 'n1' } }, COPIED],
  ['its own label is overwritten', {}, { metadata: { labels: { 'topology.kubernetes.io/zone': 'b' } }, spec: { nodeName: 'n1' } }, COPIED],
  ['no node yet', {}, { metadata: {}, spec: {} }, undefined],
  ['a node that is not there', {}, { metadata: {}, spec: { nodeName: 'n2' } }, undefined],
  ['a binding', { subresource: 'binding' }, { metadata: {}, target: { kind: 'Node', name: 'n1' } }, COPIED],
  ['a binding to something else', { subresource: 'binding' }, { metadata: {}, target: { kind: 'Pod', name: 'n1' } }, undefined],
  ['its status', { subresource: 'status' }, { metadata: {}, spec: { nodeName: 'n1' } }, undefined],
  ['an update', { operation: 'UPDATE' }, { metadata: {}, spec: { nodeName: 'n1' } }, undefined],
  ['another kind', { definition: { group: 'x', plural: 'pods' } as never }, { metadata: {}, spec: { nodeName: 'n1' } }, undefined],
])('%s', (_what, more, object, labels) => {
  const a = { operation: 'CREATE', definition: { group: '', plural: 'pods' }, subresource: '', object, ...more } as unknown as Attributes;
  podTopologyLabels(lookup).admit!(a);
  expect((object as { metadata: { labels?: object } }).metadata.labels).toEqual(labels);
});
