/**
 * The shape of coordination.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const coordinationV1 = `
package io.k8s.api.coordination.v1
version coordination.k8s.io/v1

open CoordinatedLeaseStrategy OldestEmulationVersion

Lease: kind
  1 metadata meta.ObjectMeta
  2 spec     LeaseSpec

LeaseList: list
  1 metadata meta.ListMeta
  2 items!   [Lease]

LeaseSpec
  1 holderIdentity?       string
  2 leaseDurationSeconds? int32
  3 acquireTime?          MicroTime
  4 renewTime?            MicroTime
  5 leaseTransitions?     int32
  6 strategy?             CoordinatedLeaseStrategy gate(CoordinatedLeaderElection)
  7 preferredHolder?      string                   gate(CoordinatedLeaderElection)
`;
