/** ClusterRoleBindings: who has the rights of a ClusterRole everywhere. */
import { pathSegmentName } from '../../meta/names.js';
import { ageColumn, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ClusterRoleBinding } from '../types/rbac/v1.js';
import { defaultBinding, roleColumn, subjectColumns, validateBinding, validateBindingUpdate } from './rules.js';

export const clusterRoleBinding = defineResource<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  storageVersionHash: '48tpQ8gZHFc=',
  createOnUpdate: true,
  metadataLooks: 2,
  validateName: pathSegmentName,
  defaults: defaultBinding,
  validate: (b) => validateBinding(b, false),
  validateUpdate: (b, old) => validateBindingUpdate(b, old, false),
  columns: [nameColumn, roleColumn, ageColumn, ...subjectColumns],
});
