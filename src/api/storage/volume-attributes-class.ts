/** VolumeAttributesClasses: what may be changed about volumes in use. Source: https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/ */
import { forbidden, required } from '../../meta/field-error.js';
import { type Errors, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { VolumeAttributesClass } from '../types/storage/v1.js';
import type { VolumeAttributesClass as VolumeAttributesClassV1beta1 } from '../types/storage/v1beta1.js';
import { parameters, provisioner } from './class-checks.js';

const shared = {
  group: 'storage.k8s.io',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  storageVersionHash: 'tIjydgKBC5w=',
  metadataLooks: 2,
  validate: validateClass,
  validateUpdate: (object: VolumeAttributesClass, old: VolumeAttributesClass): Errors => [
    ...(object.driverName === old.driverName ? [] : [forbidden('driverName', 'updates to driverName are forbidden.')]),
    ...(same(object.parameters, old.parameters) ? [] : [forbidden('parameters', 'updates to parameters are forbidden.')]),
    ...validateClass(object),
  ],
  columns: [nameColumn, column<VolumeAttributesClass>('DriverName', (o) => o.driverName), ageColumn],
};

export const volumeAttributesClass = defineResource<VolumeAttributesClass>({ ...shared, version: 'v1' });

export const volumeAttributesClassV1beta1 = defineResource<VolumeAttributesClassV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass' },
  convert: renamed('storage.k8s.io', 'v1beta1', 'v1'),
});

function validateClass(object: VolumeAttributesClass): Errors {
  const empty = !Object.keys(object.parameters ?? {}).length;
  return [
    ...provisioner(object.driverName, 'driverName'),
    ...parameters(object.parameters, 'parameters'),
    ...(empty ? [required('parameters', 'must contain at least one key/value pair')] : []),
  ];
}
