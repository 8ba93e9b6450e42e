/** ResourceClaims: devices for pods. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */

import { duplicate, forbidden, required } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, immutable, repeats } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import { ALL_METADATA, type ResourceDefinition } from '../resource.js';
import type { ResourceClaim } from '../types/resource/v1.js';
import type { ResourceClaim as ResourceClaimV1beta1 } from '../types/resource/v1beta1.js';
import type { ResourceClaim as ResourceClaimV1beta2 } from '../types/resource/v1beta2.js';
import { defaultDevices, validateDevices } from './device-claim.js';
import { withRequests } from './v1beta1-conversion.js';

const V1 = 'resource.k8s.io/v1';
const V1BETA1 = 'resource.k8s.io/v1beta1';

const shared = {
  group: 'resource.k8s.io',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  storageVersionHash: 'wgAZaHcZxUg=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  metadataLooks: 2,
} as const;
const columns = [nameColumn, column<ResourceClaim>('State', stateCell), ageColumn];

export const resourceClaim = defineResource<ResourceClaim>({
  ...shared,
  version: 'v1',
  defaults: ({ spec }) => defaultDevices(spec.devices),
  validate: ({ spec }) => validateDevices(spec.devices ?? { requests: [] }, 'spec.devices'),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
  validateStatusUpdate: statusUpdate,
  columns,
});

export const resourceClaimV1beta2 = defineResource<ResourceClaimV1beta2>({
  ...shared,
  version: 'v1beta2',
  enabledByDefault: false,
  storedAs: { apiVersion: V1, kind: 'ResourceClaim' },
  convert: renamed('resource.k8s.io', 'v1beta2', 'v1'),
  defaults: ({ spec }) => defaultDevices(spec.devices as ResourceClaim['spec']['devices']),
  validate: (object, context) => resourceClaim.validate(object as unknown as ResourceClaim, context),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
  columns: columns as unknown as ResourceDefinition<ResourceClaimV1beta2>['columns'],
});

const toV1 = (object: ResourceClaimV1beta1): ResourceClaim => {
  const claim = withRequests(object as never, V1, 'claim', 'nested') as unknown as ResourceClaim;
  defaultDevices(claim.spec.devices);
  return claim;
};

export const resourceClaimV1beta1 = defineResource<ResourceClaimV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: V1, kind: 'ResourceClaim' },
  convert: {
    toStored: (object) => toV1(object) as never,
    fromStored: (object) => withRequests(object, V1BETA1, 'claim', 'flat') as unknown as ResourceClaimV1beta1,
  },
  validate: (object, context) => resourceClaim.validate(toV1(object), context),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
  columns: columns as unknown as ResourceDefinition<ResourceClaimV1beta1>['columns'],
});

function stateCell({ metadata, status }: ResourceClaim): string {
  const allocated = status.allocation !== undefined;
  return [
    ...(metadata.deletionTimestamp ? ['deleted'] : []),
    ...(!allocated && !metadata.deletionTimestamp ? ['pending'] : []),
    ...(allocated ? ['allocated'] : []),
    ...(allocated && status.reservedFor?.length ? ['reserved'] : []),
  ].join(',');
}

/** What is allocated stays; who uses it may be added while the claim is not going away. */
function statusUpdate({ metadata, status }: ResourceClaim, old: ResourceClaim): Errors {
  const users = status.reservedFor ?? [];
  const path = 'status.reservedFor';
  const again = repeats(users, (u) => u.uid);
  const errors = users.flatMap((user, i) => [
    ...(user.resource ? [] : [required(`${path}[${i}].resource`)]),
    ...(user.name ? [] : [required(`${path}[${i}].name`)]),
    ...(user.uid ? [] : [required(`${path}[${i}].uid`)]),
    ...(again[i] ? [duplicate(`${path}[${i}]`, user.uid)] : []),
  ]);
  if (users.length && !status.allocation) errors.push(forbidden(path, 'may not be specified when `allocated` is not set'));
  const before = new Set((old.status.reservedFor ?? []).map((u) => u.uid));
  if (status.allocation && metadata.deletionTimestamp && users.some((u) => !before.has(u.uid)))
    errors.push(forbidden(path, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'));
  if (status.allocation && old.status.allocation) addAll(errors, immutable(status.allocation, old.status.allocation, 'status.allocation'));
  return errors;
}
