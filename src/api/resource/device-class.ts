/** DeviceClasses: kinds of devices that claims ask for. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#deviceclass */
import { type Errors, subdomain } from '../check.js';
import { ageColumn, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { DeviceClass } from '../types/resource/v1.js';
import type { DeviceClass as DeviceClassV1beta1 } from '../types/resource/v1beta1.js';
import type { DeviceClass as DeviceClassV1beta2 } from '../types/resource/v1beta2.js';
import { validateDeviceConfig, validateSelectors } from './device-claim.js';

const MAX_CONFIG = 32;
const storedAs = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass' };

const shared = {
  group: 'resource.k8s.io',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  storageVersionHash: 'Yk2PTc1Ybxk=',
  hasGeneration: true,
  metadataLooks: 2,
  validate: ({ spec }: DeviceClass): Errors => [
    ...validateSelectors(spec.selectors, 'spec.selectors'),
    ...(spec.config ?? []).slice(0, MAX_CONFIG).flatMap((c, i) => validateDeviceConfig(c, `spec.config[${i}]`)),
    ...(spec.extendedResourceName ? subdomain(spec.extendedResourceName.split('/')[0]!, 'spec.extendedResourceName') : []),
  ],
  columns: [nameColumn, ageColumn],
};

export const deviceClass = defineResource<DeviceClass>({ ...shared, version: 'v1' });

export const deviceClassV1beta2 = defineResource<DeviceClassV1beta2>({
  ...shared,
  version: 'v1beta2',
  enabledByDefault: false,
  storedAs,
  convert: renamed('resource.k8s.io', 'v1beta2', 'v1'),
});

export const deviceClassV1beta1 = defineResource<DeviceClassV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs,
  convert: renamed('resource.k8s.io', 'v1beta1', 'v1'),
});
