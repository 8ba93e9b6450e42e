/**
 * The shape of admissionregistration.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const admissionregistrationV1beta1 = `
package io.k8s.api.admissionregistration.v1beta1
version admissionregistration.k8s.io/v1beta1

open FailurePolicyType Ignore | Fail
open MatchPolicyType Exact | Equivalent
open ParameterNotFoundActionType Allow | Deny
enum PatchType ApplyConfiguration | JSONPatch

ApplyConfiguration
  1 expression string

JSONPatch
  1 expression string

MatchCondition
  1 name!       string
  2 expression! string

MatchResources: atomic
  1 namespaceSelector?   meta.LabelSelector fill({})
  2 objectSelector?      meta.LabelSelector fill({})
  3 resourceRules        [NamedRuleWithOperations] atomic
  4 excludeResourceRules [NamedRuleWithOperations] atomic
  7 matchPolicy?         MatchPolicyType fill("Equivalent")

MutatingAdmissionPolicy: kind
  1 metadata meta.ObjectMeta
  2 spec     MutatingAdmissionPolicySpec

MutatingAdmissionPolicyBinding: kind
  1 metadata meta.ObjectMeta
  2 spec     MutatingAdmissionPolicyBindingSpec

MutatingAdmissionPolicyBindingList: list
  1 metadata meta.ListMeta
  2 items!   [MutatingAdmissionPolicyBinding]

MutatingAdmissionPolicyBindingSpec
  1 policyName      string
  2 paramRef?       ParamRef
  3 matchResources? MatchResources

MutatingAdmissionPolicyList: list
  1 metadata meta.ListMeta
  2 items!   [MutatingAdmissionPolicy]

MutatingAdmissionPolicySpec
  1 paramKind?         ParamKind
  2 matchConstraints?  MatchResources
  3 variables          [Variable]                     atomic
  4 mutations          [Mutation]                     atomic
  5 failurePolicy?     FailurePolicyType fill("Fail")
  6 matchConditions    [MatchCondition]               map(name) merge(name)
  7 reinvocationPolicy admissionregistration.ReinvocationPolicyType

Mutation
  2 patchType!          PatchType          discriminator
  3 applyConfiguration? ApplyConfiguration
  4 jsonPatch?          JSONPatch

NamedRuleWithOperations: atomic
  1 resourceNames                      [string] atomic
  2 ...admissionregistration.RuleWithOperations

ParamKind: atomic
  1 apiVersion string
  2 kind       string

ParamRef: atomic
  1 name                     string
  2 namespace                string
  3 selector?                meta.LabelSelector
  4 parameterNotFoundAction? ParameterNotFoundActionType

Variable: atomic
  1 name!       string
  2 expression! string
`;
