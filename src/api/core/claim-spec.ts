/** What a claim for storage may ask for: PersistentVolumeClaims, templates of StatefulSets, ephemeral volumes. */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { dns1123Label } from '../../meta/names.js';
import { compareQuantities } from '../../meta/quantity.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, subdomain } from '../check.js';
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../types/core/v1.js';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

export function validateAccessModes(modes: readonly string[] | undefined, path: string, why = ''): Errors {
  if (!modes?.length) return [required(path, why)];
  const errors = modes.filter((m) => !ACCESS_MODES.includes(m)).map((m) => notSupported(path, m, ACCESS_MODES));
  const alone = modes.includes('ReadWriteOncePod') && modes.some((m) => m !== 'ReadWriteOncePod' && ACCESS_MODES.includes(m));
  return alone ? [...errors, forbidden(path, 'may not use ReadWriteOncePod with other access modes')] : errors;
}

function dataSource(s: TypedObjectReference, path: string): Errors {
  const errors: Errors = [];
  if (!s.name) errors.push(required(`${path}.name`));
  if (!s.kind) errors.push(required(`${path}.kind`));
  if (!s.apiGroup && s.kind !== 'PersistentVolumeClaim')
    errors.push(invalid(path, s.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (s.apiGroup) addAll(errors, subdomain(s.apiGroup, `${path}.apiGroup`));
  if (s.namespace) addAll(errors, invalidAll(`${path}.namespace`, s.namespace, dns1123Label(s.namespace)));
  return errors;
}

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string): Errors {
  const errors = validateAccessModes(spec.accessModes, `${path}.accessModes`, 'at least 1 access mode is required');
  addAll(errors, validateLabelSelector(spec.selector, `${path}.selector`));
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) errors.push(required(`${path}.resources[storage]`));
  else if (compareQuantities(storage, '0') <= 0) errors.push(invalid(`${path}.resources[storage]`, storage, 'must be greater than zero'));
  if (spec.storageClassName) addAll(errors, subdomain(spec.storageClassName, `${path}.storageClassName`));
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode))
    errors.push(notSupported(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES));
  const { dataSource: source, dataSourceRef: ref } = spec;
  if (source) addAll(errors, dataSource(source, `${path}.dataSource`));
  if (ref) addAll(errors, dataSource(ref, `${path}.dataSourceRef`));
  if (ref?.namespace) {
    if (source) errors.push(invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (source && ref && (source.apiGroup !== ref.apiGroup || source.kind !== ref.kind || source.name !== ref.name))
    errors.push(invalid(path, `${path}.dataSource`, 'must match dataSourceRef'));
  if (spec.volumeAttributesClassName) addAll(errors, subdomain(spec.volumeAttributesClassName, `${path}.volumeAttributesClassName`));
  return errors;
}
