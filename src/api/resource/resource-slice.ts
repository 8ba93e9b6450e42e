/** ResourceSlices: which devices a driver offers, and where. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#resourceslice */
import { required } from '../../meta/field-error.js';
import { type Errors, immutable, label } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { csiDriverName } from '../core/pod-spec/validate/volumes.js';
import { defineResource, renamed } from '../define.js';
import type { ResourceSlice } from '../types/resource/v1.js';
import type { ResourceSlice as ResourceSliceV1beta1 } from '../types/resource/v1beta1.js';
import type { ResourceSlice as ResourceSliceV1beta2 } from '../types/resource/v1beta2.js';
import { withDevices } from './v1beta1-conversion.js';

const storedAs = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice' };
/** What all versions have alike. */
type Slice = Pick<ResourceSlice, 'apiVersion' | 'kind' | 'metadata'> & {
  spec: Pick<ResourceSlice['spec'], 'driver' | 'pool' | 'nodeName'> & { devices?: { name: string }[] };
};

const shared = {
  group: 'resource.k8s.io',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  storageVersionHash: 'KsC072WgaEY=',
  hasGeneration: true,
  validate: validateSlice,
  validateUpdate: (object: Slice, old: Slice): Errors => [
    ...validateSlice(object),
    ...immutable(object.spec.driver, old.spec.driver, 'spec.driver'),
    ...immutable(object.spec.pool.name, old.spec.pool.name, 'spec.pool.name'),
    ...immutable(object.spec.nodeName, old.spec.nodeName, 'spec.nodeName'),
  ],
  selectableFields: {
    'spec.nodeName': ({ spec }: Slice) => spec.nodeName ?? '',
    'spec.driver': ({ spec }: Slice) => spec.driver ?? '',
  },
  columns: [
    nameColumn,
    column<Slice>('Node', ({ spec }) => spec.nodeName ?? ''),
    column<Slice>('Driver', ({ spec }) => spec.driver),
    column<Slice>('Pool', ({ spec }) => spec.pool.name),
    ageColumn,
  ],
};

function validateSlice({ spec }: Slice): Errors {
  return [
    ...csiDriverName(spec.driver, 'spec.driver'),
    ...(spec.pool.name ? [] : [required('spec.pool.name')]),
    ...(spec.devices ?? []).flatMap((d, i) => label(d.name ?? '', `spec.devices[${i}].name`)),
  ];
}

export const resourceSlice = defineResource<ResourceSlice>({ ...shared, version: 'v1' });

export const resourceSliceV1beta2 = defineResource<ResourceSliceV1beta2>({
  ...shared,
  version: 'v1beta2',
  enabledByDefault: false,
  storedAs,
  convert: renamed('resource.k8s.io', 'v1beta2', 'v1'),
});

export const resourceSliceV1beta1 = defineResource<ResourceSliceV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs,
  convert: {
    toStored: (object) => withDevices(object as never, 'resource.k8s.io/v1', 'plain'),
    fromStored: (object) => withDevices(object, 'resource.k8s.io/v1beta1', 'basic') as unknown as ResourceSliceV1beta1,
  },
});
