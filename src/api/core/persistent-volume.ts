/** PersistentVolumes: storage that exists. Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { compareQuantities } from '../../meta/quantity.js';
import { addAll } from '../../util/add-all.js';
import { differences, type Errors, immutable, label, oneOf, requiredText, same, subdomain } from '../check.js';
import { ageColumn, column, nameColumn, wide } from '../columns.js';
import { defineResource } from '../define.js';
import type {
  CSIPersistentVolumeSource,
  LocalVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
  SecretReference,
} from '../types/core/v1.js';
import { accessModesText } from './access-modes.js';
import { VOLUME_MODES, validateAccessModes } from './claim-spec.js';
import { clusterVolumeChecks, exactlyOne } from './pod-spec/validate/cluster-volumes.js';
import { noBacksteps } from './pod-spec/validate/paths.js';
import { validateNodeSelector } from './pod-spec/validate/scheduling.js';
import { csiDriverName, validateHostPath, validateNfs } from './pod-spec/validate/volumes.js';

export const persistentVolume = defineResource<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  storageVersionHash: 'HN/zwEC+JgM=',
  subresources: { status: true },
  metadataLooks: 2,
  prepareCreate(pv) {
    pv.status = { phase: 'Pending', lastPhaseTransitionTime: pv.metadata.creationTimestamp };
  },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate(pv, old) {
    // The server looks at the whole twice, and says so twice.
    const errors = [...validateSpec(pv.spec), ...validateSpec(pv.spec)];
    const source = (spec: PersistentVolumeSpec) =>
      Object.fromEntries(SOURCES.map(([kind]) => [kind, spec[kind as keyof PersistentVolumeSpec]]));
    const now = source(pv.spec);
    const csi = pv.spec.csi;
    if (csi?.controllerExpandSecretRef && old.spec.csi && !old.spec.csi.controllerExpandSecretRef)
      now.csi = { ...csi, controllerExpandSecretRef: undefined };
    if (!same(now, source(old.spec)))
      errors.push(
        forbidden(
          'spec.persistentvolumesource',
          `spec.persistentvolumesource is immutable after creation\n${differences(source(old.spec), now)}`,
        ),
      );
    addAll(errors, immutable(pv.spec.volumeMode, old.spec.volumeMode, 'volumeMode'));
    if (old.spec.nodeAffinity) addAll(errors, immutable(pv.spec.nodeAffinity, old.spec.nodeAffinity, 'nodeAffinity'));
    if (old.spec.volumeAttributesClassName !== undefined && pv.spec.volumeAttributesClassName === undefined)
      errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
    return errors;
  },
  columns: [
    nameColumn,
    column('Capacity', ({ spec }) => spec.capacity?.storage ?? '0'),
    column('Access Modes', ({ spec }) => accessModesText(spec.accessModes)),
    column('Reclaim Policy', ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ''),
    column('Status', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? ''))),
    column('Claim', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '')),
    column(
      'StorageClass',
      ({ metadata, spec }) => metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    ),
    column('VolumeAttributesClass', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
    column('Reason', ({ status }) => status.reason ?? ''),
    ageColumn,
    wide('VolumeMode', ({ spec }) => spec.volumeMode ?? '<unset>'),
  ],
});

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

const SOURCES: readonly (readonly [string, (source: never, path: string) => Errors])[] = [
  ['hostPath', validateHostPath],
  ['nfs', validateNfs],
  ...clusterVolumeChecks,
  ['local', (l: LocalVolumeSource, path) => (l.path ? noBacksteps(l.path, `${path}.path`) : [required(`${path}.path`)])],
  ['csi', csiSource],
];

function csiSource(c: CSIPersistentVolumeSource, path: string): Errors {
  const errors = [...csiDriverName(c.driver, `${path}.driver`), ...requiredText(c.volumeHandle, `${path}.volumeHandle`)];
  for (const f of ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const)
    if (c[f]) addAll(errors, secret(c[f], `${path}.${f}`));
  return errors;
}

const secret = (s: SecretReference, path: string): Errors => [
  ...(s.name ? subdomain(s.name, `${path}.name`) : [required(`${path}.name`)]),
  ...(s.namespace ? label(s.namespace, `${path}.namespace`) : [required(`${path}.namespace`)]),
];

function validateSpec(spec: PersistentVolumeSpec): Errors {
  const errors = [...validateAccessModes(spec.accessModes, 'spec.accessModes'), ...capacity(spec.capacity ?? {})];
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy) addAll(errors, oneOf(policy, RECLAIM_POLICIES, 'spec.persistentVolumeReclaimPolicy'));
  const affinity = spec.nodeAffinity;
  if (affinity)
    addAll(
      errors,
      affinity.required
        ? validateNodeSelector(affinity.required, 'spec.nodeAffinity.required')
        : [required('spec.nodeAffinity.required', 'must specify required node constraints')],
    );
  addAll(errors, exactlyOne(spec, SOURCES, 'spec'));
  if (spec.local && !affinity) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  if (spec.hostPath && /^\/+(?:\.\/*)?$/.test(spec.hostPath.path) && policy === 'Recycle')
    errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  if (spec.storageClassName) addAll(errors, subdomain(spec.storageClassName, 'spec.storageClassName'));
  if (spec.volumeMode !== undefined) addAll(errors, oneOf(spec.volumeMode, VOLUME_MODES, 'spec.volumeMode'));
  const attributes = spec.volumeAttributesClassName;
  if (attributes === undefined) return errors;
  addAll(
    errors,
    attributes
      ? subdomain(attributes, 'spec.volumeAttributesClassName')
      : [required('spec.volumeAttributesClassName', 'an empty string is disallowed')],
  );
  return spec.csi ? errors : [...errors, required('spec.csi', 'has to be specified when using volumeAttributesClassName')];
}

function capacity(list: Record<string, string>): Errors {
  const names = Object.keys(list);
  const errors: Errors = names.length ? [] : [required('spec.capacity')];
  if (list.storage === undefined || names.length > 1) errors.push(notSupported('spec.capacity', names.length ? list : null, ['storage']));
  for (const [name, q] of Object.entries(list)) {
    const at = `spec.capacity[${name}]`;
    if (compareQuantities(q, '0') < 0) errors.push(invalid(at, Number(q) || q, 'must be a valid resource quantity'));
    if (compareQuantities(q, '0') <= 0) errors.push(invalid(at, q, 'must be greater than zero'));
  }
  return errors;
}
