/**
 * The shape of policy/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const policyV1 = `
package io.k8s.api.policy.v1
version policy/v1

enum UnhealthyPodEvictionPolicyType IfHealthyBudget | AlwaysAllow

Eviction: kind
  1 metadata       meta.ObjectMeta
  2 deleteOptions? meta.DeleteOptions

PodDisruptionBudget: kind
  1 metadata meta.ObjectMeta
  2 spec     PodDisruptionBudgetSpec
  3 status   PodDisruptionBudgetStatus

PodDisruptionBudgetList: list
  1 metadata meta.ListMeta
  2 items!   [PodDisruptionBudget]

PodDisruptionBudgetSpec
  1 minAvailable?               IntOrString
  2 selector?                   meta.LabelSelector             replace
  3 maxUnavailable?             IntOrString
  4 unhealthyPodEvictionPolicy? UnhealthyPodEvictionPolicyType

PodDisruptionBudgetStatus
  1 observedGeneration  int64
  2 disruptedPods       {Time}
  3 disruptionsAllowed+ int32
  4 currentHealthy+     int32
  5 desiredHealthy+     int32
  6 expectedPods+       int32
  7 conditions          [meta.Condition] map(type) merge(type)
`;
