/**
 * The shape of rbac.authorization.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const rbacV1 = `
package io.k8s.api.rbac.v1
version rbac.authorization.k8s.io/v1

AggregationRule
  1 clusterRoleSelectors [meta.LabelSelector] atomic

ClusterRole: kind
  1 metadata         meta.ObjectMeta
  2 rules+           [PolicyRule]    atomic
  3 aggregationRule? AggregationRule

ClusterRoleBinding: kind
  1 metadata meta.ObjectMeta
  2 subjects [Subject]       atomic
  3 roleRef! RoleRef

ClusterRoleBindingList: list
  1 metadata meta.ListMeta
  2 items!   [ClusterRoleBinding]

ClusterRoleList: list
  1 metadata meta.ListMeta
  2 items!   [ClusterRole]

PolicyRule
  1 verbs!          [string] atomic
  2 apiGroups       [string] atomic
  3 resources       [string] atomic
  4 resourceNames   [string] atomic
  5 nonResourceURLs [string] atomic

Role: kind
  1 metadata meta.ObjectMeta
  2 rules+   [PolicyRule]    atomic

RoleBinding: kind
  1 metadata meta.ObjectMeta
  2 subjects [Subject]       atomic
  3 roleRef! RoleRef

RoleBindingList: list
  1 metadata meta.ListMeta
  2 items!   [RoleBinding]

RoleList: list
  1 metadata meta.ListMeta
  2 items!   [Role]

RoleRef: atomic
  1 apiGroup+ string fill("rbac.authorization.k8s.io")
  2 kind!     string
  3 name!     string

Subject: atomic
  1 kind!     string
  2 apiGroup  string
  3 name!     string
  4 namespace string
`;
