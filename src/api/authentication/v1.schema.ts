/**
 * The shape of authentication.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const authenticationV1 = `
package io.k8s.api.authentication.v1
version authentication.k8s.io/v1

BoundObjectReference
  1 kind       string
  2 apiVersion string
  3 name       string
  4 uid        string

ExtraValue: alias [string]
SelfSubjectReview: kind
  1 metadata meta.ObjectMeta
  2 status   SelfSubjectReviewStatus

SelfSubjectReviewStatus
  1 userInfo UserInfo

TokenRequest: kind
  1 metadata meta.ObjectMeta
  2 spec+    TokenRequestSpec
  3 status   TokenRequestStatus

TokenRequestSpec
  1 audiences+          [string]             atomic
  3 boundObjectRef?+    BoundObjectReference
  4 expirationSeconds?+ int64 fill(3600)

TokenRequestStatus
  1 token+               string
  2 expirationTimestamp+ Time

TokenReview: kind
  1 metadata meta.ObjectMeta
  2 spec!    TokenReviewSpec
  3 status   TokenReviewStatus

TokenReviewSpec
  1 token*    string
  2 audiences [string] atomic

TokenReviewStatus
  1 authenticated bool
  2 user          UserInfo
  3 error         string
  4 audiences     [string] atomic

UserInfo
  1 username string
  2 uid      string
  3 groups   [string]     atomic
  4 extra    {ExtraValue}
`;
