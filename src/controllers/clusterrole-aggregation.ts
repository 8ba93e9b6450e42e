/** ClusterRole aggregation: admin, edit and view are made of the roles labelled for them. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
import type { PolicyRule } from '../api/types/rbac/v1.js';
import { CLUSTER_ROLES } from '../client/kinds.js';
import { selectorFromObject } from '../meta/labels.js';
import { defineController, splitKey, watch } from './framework.js';
import { canonical } from './hash.js';

export const clusterRoleAggregation = defineController({
  name: 'clusterrole-aggregation',
  account: 'clusterrole-aggregation-controller',
  watches: [
    // Any role may be a part of any that aggregates.
    watch(CLUSTER_ROLES, (_role, c) =>
      c.informers
        .for(CLUSTER_ROLES)
        .list()
        .filter((r) => r.aggregationRule)
        .map((r) => `/${r.metadata.name}`),
    ),
  ],
  async reconcile(key, c) {
    const { name } = splitKey(key);
    const role = c.informers.for(CLUSTER_ROLES).get('', name);
    if (!role?.aggregationRule) return;
    const rules: PolicyRule[] = [];
    const seen = new Set<string>();
    for (const s of role.aggregationRule.clusterRoleSelectors ?? []) {
      const selector = selectorFromObject(s);
      const parts = c.informers
        .for(CLUSTER_ROLES)
        .list()
        .filter((r) => r.metadata.name !== name && selector.matches(r.metadata.labels));
      for (const part of parts.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
        for (const rule of part.rules ?? []) {
          const text = canonical(rule);
          if (!seen.has(text)) rules.push(rule);
          seen.add(text);
        }
      }
    }
    if (canonical(role.rules ?? []) === canonical(rules)) return;
    await c.client.update({ ...role, rules });
  },
});
