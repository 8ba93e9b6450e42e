/** ClusterRoles: rights in the whole cluster, perhaps gathered from others. */
import { invalid, required } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { pathSegmentName } from '../../meta/names.js';
import type { Errors } from '../check.js';
import { defineResource } from '../define.js';
import type { ClusterRole } from '../types/rbac/v1.js';
import { validateRules } from './rules.js';

export const clusterRole = defineResource<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  storageVersionHash: 'bYE5ZWDrJ44=',
  createOnUpdate: true,
  metadataLooks: 2,
  validateName: pathSegmentName,
  validate: (role) => [...validateRules(role.rules, false), ...aggregation(role)],
});

function aggregation({ aggregationRule: rule }: ClusterRole): Errors {
  if (!rule) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  if (!rule.clusterRoleSelectors?.length)
    return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return rule.clusterRoleSelectors.flatMap((s, i) => {
    const wrong = validateLabelSelector(s, `${path}[${i}]`);
    return wrong.length ? [...wrong, invalid(`${path}[${i}]`, s, 'invalid label selector.')] : [];
  });
}
