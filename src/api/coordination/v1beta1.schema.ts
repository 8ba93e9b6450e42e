/**
 * The shape of coordination.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const coordinationV1beta1 = `
package io.k8s.api.coordination.v1beta1
version coordination.k8s.io/v1beta1

LeaseCandidate: kind
  1 metadata meta.ObjectMeta
  2 spec*    LeaseCandidateSpec

LeaseCandidateList: list
  1 metadata meta.ListMeta
  2 items!   [LeaseCandidate]

LeaseCandidateSpec
  1 leaseName!       string
  2 pingTime?        MicroTime
  3 renewTime?       MicroTime
  4 binaryVersion!   string
  5 emulationVersion string
  6 strategy*        coordination.CoordinatedLeaseStrategy
`;
