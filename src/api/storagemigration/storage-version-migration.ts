/** StorageVersionMigrations: all objects of a resource are written again. Source: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/storage-version-migration/ */
import { immutable, requiredText } from '../check.js';
import { column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { StorageVersionMigration } from '../types/storagemigration/v1beta1.js';

const STATES = ['Running', 'Failed', 'Succeeded'];

export const storageVersionMigration = defineResource<StorageVersionMigration>({
  group: 'storagemigration.k8s.io',
  version: 'v1beta1',
  kind: 'StorageVersionMigration',
  plural: 'storageversionmigrations',
  namespaced: false,
  enabledByDefault: false,
  storageVersionHash: 'pCjmmKOkLy4=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  hasGeneration: true,
  unconditionalUpdate: false,
  validate: ({ spec }) => requiredText(spec.resource.resource, 'spec.resource.resource'),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
  columns: [
    { ...nameColumn, format: '' },
    column('Resource', ({ spec: { resource: r } }) => (r.group ? `${r.resource}.${r.group}` : r.resource)),
    column(
      'Status',
      ({ status }) => (status.conditions ?? []).findLast((c) => c.status === 'True' && STATES.includes(c.type))?.type ?? 'Unknown',
    ),
  ],
});
