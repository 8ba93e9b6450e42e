/** StorageClasses: how volumes are made. Source: https://kubernetes.io/docs/concepts/storage/storage-classes/ */
import { duplicate, required } from '../../meta/field-error.js';
import { type Errors, immutable, oneOf } from '../check.js';
import { ageColumn, column } from '../columns.js';
import { validateTopologyTerm } from '../core/pod-spec/validate/scheduling.js';
import { defineResource } from '../define.js';
import type { TopologySelectorTerm } from '../types/core/v1.js';
import type { StorageClass } from '../types/storage/v1.js';
import { parameters, provisioner } from './class-checks.js';

const DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

export const storageClass = defineResource<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  storageVersionHash: 'K+m6uJwbjGY=',
  metadataLooks: 2,
  validate: (object) => validateClass(object),
  validateUpdate: (object, old) => [
    ...validateClass(object),
    ...(['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((name) =>
      immutable(object[name], old[name], name),
    ),
  ],
  columns: [
    column(
      'Name',
      ({ metadata }) => (metadata.name ?? '') + (DEFAULT.some((name) => metadata.annotations?.[name] === 'true') ? ' (default)' : ''),
      { format: 'name' },
    ),
    column('Provisioner', (o) => o.provisioner),
    column('ReclaimPolicy', (o) => o.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', (o) => o.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', (o) => o.allowVolumeExpansion ?? false),
    ageColumn,
  ],
});

const validateClass = (object: StorageClass): Errors => [
  ...provisioner(object.provisioner, 'provisioner'),
  ...parameters(object.parameters, 'parameters'),
  ...(object.reclaimPolicy ? oneOf(object.reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy') : []),
  ...(object.volumeBindingMode === undefined
    ? [required('volumeBindingMode')]
    : oneOf(object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode')),
  ...topologies(object.allowedTopologies ?? []),
];

/** Of one term: a thousand that are alike would be a million. */
const DUPLICATES_TOLD = 16;

/** Terms must differ. One that asks for nothing counts as a duplicate of each of them. */
function topologies(terms: readonly TopologySelectorTerm[]): Errors {
  const asked = (t: TopologySelectorTerm) =>
    JSON.stringify((t.matchLabelExpressions ?? []).map((r) => [r.key, [...new Set(r.values)].sort()]).sort());
  const seen = new Map<string, number>();
  return terms.flatMap((term, i) => {
    const path = `allowedTopologies[${i}]`;
    const mine = asked(term);
    const before = seen.get(mine) ?? 0;
    seen.set(mine, before + 1);
    const times = Math.min(before + (mine === '[]' ? terms.length : 0), DUPLICATES_TOLD);
    return [...validateTopologyTerm(term, path), ...Array.from({ length: times }, () => duplicate(`${path}.matchLabelExpressions`, ''))];
  });
}
