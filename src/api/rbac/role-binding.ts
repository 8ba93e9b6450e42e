/** RoleBindings: who has the rights of a role in a namespace. */
import { pathSegmentName } from '../../meta/names.js';
import { ageColumn, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { RoleBinding } from '../types/rbac/v1.js';
import { defaultBinding, roleColumn, subjectColumns, validateBinding, validateBindingUpdate } from './rules.js';

export const roleBinding = defineResource<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  storageVersionHash: 'eGsCzGH6b1g=',
  createOnUpdate: true,
  metadataLooks: 2,
  validateName: pathSegmentName,
  defaults: defaultBinding,
  validate: (b) => validateBinding(b, true),
  validateUpdate: (b, old) => validateBindingUpdate(b, old, true),
  columns: [nameColumn, roleColumn, ageColumn, ...subjectColumns],
});
