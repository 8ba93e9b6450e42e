/** CSIStorageCapacities: how much room a driver has where. Source: https://kubernetes.io/docs/concepts/storage/storage-capacity/ */
import { invalid } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { type Errors, quantityAtLeastZero, same, subdomain } from '../check.js';
import { defineResource } from '../define.js';
import type { CSIStorageCapacity } from '../types/storage/v1.js';

export const csiStorageCapacity = defineResource<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  storageVersionHash: 'xeVl+2Ly1kE=',
  unconditionalUpdate: false,
  metadataLooks: 2,
  validate: (object) => validateCapacity(object),
  validateUpdate: (object, old) => [
    ...validateCapacity(object),
    ...(['nodeTopology', 'storageClassName'] as const).flatMap((name) =>
      same(object[name], old[name]) ? [] : [invalid(name, object[name], 'field is immutable')],
    ),
  ],
});

const validateCapacity = ({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): Errors => [
  ...validateLabelSelector(nodeTopology, 'nodeTopology'),
  ...subdomain(storageClassName, 'storageClassName'),
  ...(capacity === undefined ? [] : quantityAtLeastZero(capacity, 'capacity')),
];
