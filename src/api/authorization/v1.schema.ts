/**
 * The shape of authorization.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const authorizationV1 = `
package io.k8s.api.authorization.v1
version authorization.k8s.io/v1

ExtraValue: alias [string]
FieldSelectorAttributes
  1 rawSelector  string
  2 requirements [meta.FieldSelectorRequirement] atomic

LabelSelectorAttributes
  1 rawSelector  string
  2 requirements [meta.LabelSelectorRequirement] atomic

LocalSubjectAccessReview: kind
  1 metadata meta.ObjectMeta
  2 spec!    SubjectAccessReviewSpec
  3 status   SubjectAccessReviewStatus

NonResourceAttributes
  1 path string
  2 verb string

NonResourceRule
  1 verbs!          [string] atomic
  2 nonResourceURLs [string] atomic

ResourceAttributes
  1 namespace      string
  2 verb           string
  3 group          string
  4 version        string
  5 resource       string
  6 subresource    string
  7 name           string
  8 fieldSelector? FieldSelectorAttributes
  9 labelSelector? LabelSelectorAttributes

ResourceRule
  1 verbs!        [string] atomic
  2 apiGroups     [string] atomic
  3 resources     [string] atomic
  4 resourceNames [string] atomic

SelfSubjectAccessReview: kind
  1 metadata meta.ObjectMeta
  2 spec!    SelfSubjectAccessReviewSpec
  3 status   SubjectAccessReviewStatus

SelfSubjectAccessReviewSpec
  1 resourceAttributes?    ResourceAttributes
  2 nonResourceAttributes? NonResourceAttributes

SelfSubjectRulesReview: kind
  1 metadata meta.ObjectMeta
  2 spec!    SelfSubjectRulesReviewSpec
  3 status   SubjectRulesReviewStatus

SelfSubjectRulesReviewSpec
  1 namespace string

SubjectAccessReview: kind
  1 metadata meta.ObjectMeta
  2 spec!    SubjectAccessReviewSpec
  3 status   SubjectAccessReviewStatus

SubjectAccessReviewSpec
  1 resourceAttributes?    ResourceAttributes
  2 nonResourceAttributes? NonResourceAttributes
  3 user                   string
  4 groups                 [string]              atomic
  5 extra                  {ExtraValue}
  6 uid                    string

SubjectAccessReviewStatus
  1 allowed!        bool
  2 reason          string
  3 evaluationError string
  4 denied          bool

SubjectRulesReviewStatus
  1 resourceRules!    [ResourceRule]    atomic
  2 nonResourceRules! [NonResourceRule] atomic
  3 incomplete!       bool
  4 evaluationError   string
`;
