/** PersistentVolumeClaims: a request for storage. Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */

import { forbidden, invalid, required } from '../../meta/field-error.js';
import { compareQuantities } from '../../meta/quantity.js';
import { addAll } from '../../util/add-all.js';
import { differences, type Errors, immutable, same } from '../check.js';
import { ageColumn, column, nameColumn, wide } from '../columns.js';
import { defineResource } from '../define.js';
import type { PersistentVolumeClaim } from '../types/core/v1.js';
import { accessModesText } from './access-modes.js';
import { validateClaimSpec } from './claim-spec.js';

export const persistentVolumeClaim = defineResource<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  storageVersionHash: 'QWTyNDq0dC4=',
  subresources: { status: true },
  metadataLooks: 2,
  defaults: defaultClaim,
  prepareCreate(claim) {
    claim.status = { phase: 'Pending' };
    dropUnknownSource(claim);
    keepDataSources(claim);
  },
  prepareUpdate(claim, old) {
    if (!old.spec.dataSource) dropUnknownSource(claim);
    keepDataSources(claim);
  },
  validate: ({ spec }) => validateClaimSpec(spec, 'spec'),
  validateUpdate: (claim, old) => [...validateClaimSpec(claim.spec, 'spec'), ...validateChange(claim, old)],
  validateStatusUpdate: ({ spec, status }) => [
    ...(spec.accessModes?.length ? [] : [required('Spec.accessModes')]),
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, q]) =>
      compareQuantities(q, '0') < 0 ? [invalid(`status.capacity[${name}]`, q, 'must be a valid resource quantity')] : [],
    ),
  ],
  columns: [
    nameColumn,
    column('Status', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''))),
    column('Volume', ({ spec }) => spec.volumeName ?? ''),
    column('Capacity', ({ spec, status }) => (spec.volumeName ? (status?.capacity?.storage ?? '0') : '')),
    column('Access Modes', ({ spec, status }) => (spec.volumeName ? accessModesText(status?.accessModes) : '')),
    column(
      'StorageClass',
      ({ metadata, spec }) => metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    ),
    column('VolumeAttributesClass', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    wide('VolumeMode', ({ spec }) => spec.volumeMode ?? '<unset>'),
  ],
});

export function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
  claim.spec.volumeMode ??= 'Filesystem';
}

/** The old way to name a source of data knows claims and snapshots only. */
function dropUnknownSource({ spec }: PersistentVolumeClaim): void {
  const { dataSource } = spec;
  const group = dataSource?.apiGroup ?? '';
  const known =
    (dataSource?.kind === 'PersistentVolumeClaim' && group === '') ||
    (dataSource?.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io');
  if (!known) delete spec.dataSource;
}

/** The old and the newer way are kept in step. */
function keepDataSources({ spec }: PersistentVolumeClaim): void {
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { apiGroup, kind, name } = spec.dataSourceRef;
    spec.dataSource = { ...(apiGroup === undefined ? {} : { apiGroup }), kind, name };
  }
}

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

function validateChange(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): Errors {
  const errors: Errors = [];
  const bound = claim.status?.phase === 'Bound';
  const fixed = structuredClone(claim.spec);
  const before = old.metadata.annotations?.[BETA_CLASS];
  const now = claim.metadata.annotations?.[BETA_CLASS];
  if (now !== before) errors.push(invalid(`metadata.annotations.${BETA_CLASS}`, now ?? '', 'field is immutable'));
  if (old.spec.storageClassName === undefined && (before === undefined || before === fixed.storageClassName)) delete fixed.storageClassName;
  if (!old.spec.volumeName) delete fixed.volumeName;
  const size = claim.spec.resources?.requests?.storage;
  const oldSize = old.spec.resources?.requests?.storage;
  if (bound) {
    if (fixed.resources?.requests && oldSize !== undefined) fixed.resources.requests.storage = oldSize;
    fixed.volumeAttributesClassName = old.spec.volumeAttributesClassName;
  }
  if (!same(fixed, old.spec))
    errors.push(
      forbidden(
        'spec',
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${differences(old.spec, fixed)}`,
      ),
    );
  if (compareQuantities(size, oldSize) < 0 && compareQuantities(size, old.status?.capacity?.storage) <= 0)
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  addAll(errors, immutable(claim.spec.volumeMode, old.spec.volumeMode, 'volumeMode'));
  if (old.status?.currentVolumeAttributesClassName !== undefined && !claim.spec.volumeAttributesClassName) {
    const to = claim.spec.volumeAttributesClassName === undefined ? 'nil' : 'empty string';
    errors.push(
      forbidden('spec.volumeAttributesClassName', `update to ${to} is forbidden when status.currentVolumeAttributesClassName is not nil`),
    );
  }
  return errors;
}
