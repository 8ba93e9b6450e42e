/**
 * The shape of certificates.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const certificatesV1beta1 = `
package io.k8s.api.certificates.v1beta1
version certificates.k8s.io/v1beta1

ClusterTrustBundle: kind
  1 metadata meta.ObjectMeta
  2 spec!    ClusterTrustBundleSpec

ClusterTrustBundleList: list
  1 metadata meta.ListMeta
  2 items!   [ClusterTrustBundle]

ClusterTrustBundleSpec
  1 signerName   string
  2 trustBundle! string

PodCertificateRequest: kind
  1 metadata meta.ObjectMeta
  2 spec!    PodCertificateRequestSpec
  3 status   PodCertificateRequestStatus

PodCertificateRequestList: list
  1 metadata meta.ListMeta
  2 items!   [PodCertificateRequest]

PodCertificateRequestSpec
   1 signerName!               string
   2 podName!                  string
   3 podUID!                   string
   4 serviceAccountName!       string
   5 serviceAccountUID!        string
   6 nodeName!                 string
   7 nodeUID!                  string
   8 maxExpirationSeconds?     int32    default(86400)
   9 pkixPublicKey+            bytes
  10 proofOfPossession+        bytes
  11 unverifiedUserAnnotations {string}
  12 stubPKCS10Request!        bytes

PodCertificateRequestStatus
  1 conditions       [meta.Condition] map(type) merge(type)
  2 certificateChain string
  4 notBefore?       Time
  5 beginRefreshAt?  Time
  6 notAfter?        Time
`;
