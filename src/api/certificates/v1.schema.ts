/**
 * The shape of certificates.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const certificatesV1 = `
package io.k8s.api.certificates.v1
version certificates.k8s.io/v1

enum KeyUsage signing | digital signature | content commitment | key encipherment | key agreement | data encipherment | cert sign | crl sign | encipher only | decipher only | any | server auth | client auth | code signing | email protection | s/mime | ipsec end system | ipsec tunnel | ipsec user | timestamping | ocsp signing | microsoft sgc | netscape sgc
open RequestConditionType Approved | Denied | Failed

CertificateSigningRequest: kind
  1 metadata meta.ObjectMeta
  2 spec!    CertificateSigningRequestSpec
  3 status   CertificateSigningRequestStatus

CertificateSigningRequestCondition
  1 type!              RequestConditionType
  2 reason             string
  3 message            string
  4 lastUpdateTime     Time
  5 lastTransitionTime Time
  6 status!            core.ConditionStatus

CertificateSigningRequestList: list
  1 metadata meta.ListMeta
  2 items!   [CertificateSigningRequest]

CertificateSigningRequestSpec
  1 request!           bytes
  2 username           string
  3 uid                string
  4 groups             [string]     atomic
  5 usages             [KeyUsage]   atomic
  6 extra              {ExtraValue}
  7 signerName!        string
  8 expirationSeconds? int32

CertificateSigningRequestStatus
  1 conditions  [CertificateSigningRequestCondition] map(type)
  2 certificate bytes

ExtraValue: alias [string]
`;
