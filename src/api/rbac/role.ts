/** Roles: rights within a namespace. */
import { pathSegmentName } from '../../meta/names.js';
import { defineResource } from '../define.js';
import type { Role } from '../types/rbac/v1.js';
import { validateRules } from './rules.js';

export const role = defineResource<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  storageVersionHash: '7FuwZcIIItM=',
  createOnUpdate: true,
  metadataLooks: 2,
  validateName: pathSegmentName,
  validate: ({ rules }) => validateRules(rules, true),
});
