/**
 * PodTopologyLabels: a Pod carries the zone and the region of its node, so that what runs in it can read them through the downward API.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podtopologylabels
 */
import type { Binding, Node, Pod } from '../../api/types/core/v1.js';
import type { AdmissionPlugin } from './chain.js';
import type { Lookup } from './lookup.js';
import { isPod } from './refusal.js';

const COPIED = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export const podTopologyLabels = (lookup: Lookup): AdmissionPlugin => ({
  name: 'PodTopologyLabels',
  admit(a) {
    if (!isPod(a.definition) || a.operation !== 'CREATE') return;
    const name = nodeOf(a.subresource, a.object);
    const labels = name ? lookup.get<Node>('', 'v1', 'nodes', '', name)?.metadata.labels : undefined;
    if (!labels) return;
    const meta = a.object!.metadata;
    for (const key of COPIED) if (labels[key] !== undefined) meta.labels = { ...meta.labels, [key]: labels[key] };
  },
});

/** The node that the Pod, or the binding, names. */
function nodeOf(subresource: string, object: unknown): string | undefined {
  if (subresource === '') return (object as Pod).spec.nodeName;
  if (subresource !== 'binding') return undefined;
  const { target } = object as Binding;
  return target.kind === 'Node' ? target.name : undefined;
}
