/**
 * The shape of scheduling.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const schedulingV1 = `
package io.k8s.api.scheduling.v1
version scheduling.k8s.io/v1

PriorityClass: kind
  1 metadata          meta.ObjectMeta
  2 value+            int32
  3 globalDefault     bool
  4 description       string
  5 preemptionPolicy? core.PreemptionPolicy fill("PreemptLowerPriority")

PriorityClassList: list
  1 metadata meta.ListMeta
  2 items!   [PriorityClass]
`;
