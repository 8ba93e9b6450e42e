/**
 * The shape of admission.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const admissionV1 = `
package io.k8s.api.admission.v1
version admission.k8s.io/v1

open Operation CREATE | UPDATE | DELETE | CONNECT
open PatchType JSONPatch

AdmissionRequest
   1 uid+               string
   2 kind+              meta.GroupVersionKind
   3 resource+          meta.GroupVersionResource
   4 subResource        string
   5 name               string
   6 namespace          string
   7 operation+         Operation
   8 userInfo+          authentication.UserInfo
   9 object             RawExtension
  10 oldObject          RawExtension
  11 dryRun?            bool
  12 options            RawExtension
  13 requestKind?       meta.GroupVersionKind
  14 requestResource?   meta.GroupVersionResource
  15 requestSubResource string

AdmissionResponse
  1 uid+             string
  2 allowed+         bool
  3 status?          meta.Status
  4 patch            bytes
  5 patchType?       PatchType
  6 auditAnnotations {string}
  7 warnings         [string]    atomic

AdmissionReview: kind
  1 request?  AdmissionRequest
  2 response? AdmissionResponse
`;
