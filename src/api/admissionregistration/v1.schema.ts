/**
 * The shape of admissionregistration.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const admissionregistrationV1 = `
package io.k8s.api.admissionregistration.v1
version admissionregistration.k8s.io/v1

enum FailurePolicyType Ignore | Fail
enum MatchPolicyType Exact | Equivalent
enum OperationType * | CREATE | UPDATE | DELETE | CONNECT
open ParameterNotFoundActionType Allow | Deny
enum PatchType ApplyConfiguration | JSONPatch
enum ReinvocationPolicyType Never | IfNeeded
enum ScopeType Cluster | Namespaced | *
enum SideEffectClass Unknown | None | Some | NoneOnDryRun
enum ValidationAction Deny | Warn | Audit

ApplyConfiguration
  1 expression string

AuditAnnotation
  1 key!             string
  2 valueExpression! string

ExpressionWarning
  2 fieldRef! string
  3 warning!  string

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
  3 variables          [Variable]             atomic
  4 mutations          [Mutation]             atomic
  5 failurePolicy?     FailurePolicyType fill("Fail")
  6 matchConditions    [MatchCondition]       map(name) merge(name)
  7 reinvocationPolicy ReinvocationPolicyType

MutatingWebhook
   1 name!                    string
   2 clientConfig!            WebhookClientConfig
   3 rules                    [RuleWithOperations]   atomic
   4 failurePolicy?           FailurePolicyType fill("Fail")
   5 namespaceSelector?       meta.LabelSelector fill({})
   6 sideEffects?!            SideEffectClass
   7 timeoutSeconds?          int32 fill(10)
   8 admissionReviewVersions! [string]               atomic
   9 matchPolicy?             MatchPolicyType fill("Equivalent")
  10 reinvocationPolicy?      ReinvocationPolicyType fill("Never")
  11 objectSelector?          meta.LabelSelector fill({})
  12 matchConditions          [MatchCondition]       map(name) merge(name)

MutatingWebhookConfiguration: kind
  1 metadata meta.ObjectMeta
  2 webhooks [MutatingWebhook] map(name) merge(name)

MutatingWebhookConfigurationList: list
  1 metadata meta.ListMeta
  2 items!   [MutatingWebhookConfiguration]

Mutation
  2 patchType!          PatchType          discriminator
  3 applyConfiguration? ApplyConfiguration
  4 jsonPatch?          JSONPatch

NamedRuleWithOperations: atomic
  1 resourceNames         [string] atomic
  2 ...RuleWithOperations

ParamKind: atomic
  1 apiVersion string
  2 kind       string

ParamRef: atomic
  1 name                     string
  2 namespace                string
  3 selector?                meta.LabelSelector
  4 parameterNotFoundAction? ParameterNotFoundActionType

Rule
  1 apiGroups   [string]  atomic
  2 apiVersions [string]  atomic
  3 resources   [string]  atomic
  4 scope?      ScopeType fill("*")

RuleWithOperations
  1 operations [OperationType] atomic
  2 ...Rule

ServiceReference
  1 namespace! string
  2 name!      string
  3 path?      string
  4 port?      int32 fill(443)

TypeChecking
  1 expressionWarnings [ExpressionWarning] atomic

ValidatingAdmissionPolicy: kind
  1 metadata meta.ObjectMeta
  2 spec     ValidatingAdmissionPolicySpec
  3 status   ValidatingAdmissionPolicyStatus

ValidatingAdmissionPolicyBinding: kind
  1 metadata meta.ObjectMeta
  2 spec*    ValidatingAdmissionPolicyBindingSpec

ValidatingAdmissionPolicyBindingList: list
  1 metadata meta.ListMeta
  2 items!   [ValidatingAdmissionPolicyBinding]

ValidatingAdmissionPolicyBindingSpec
  1 policyName*        string
  2 paramRef?          ParamRef
  3 matchResources?    MatchResources
  4 validationActions* [ValidationAction] set

ValidatingAdmissionPolicyList: list
  1 metadata meta.ListMeta
  2 items!   [ValidatingAdmissionPolicy]

ValidatingAdmissionPolicySpec
  1 paramKind?        ParamKind
  2 matchConstraints? MatchResources
  3 validations       [Validation]      atomic
  4 failurePolicy?    FailurePolicyType fill("Fail")
  5 auditAnnotations  [AuditAnnotation] atomic
  6 matchConditions   [MatchCondition]  map(name) merge(name)
  7 variables         [Variable]        map(name) merge(name)

ValidatingAdmissionPolicyStatus
  1 observedGeneration int64
  2 typeChecking?      TypeChecking
  3 conditions         [meta.Condition] map(type)

ValidatingWebhook
   1 name!                    string
   2 clientConfig!            WebhookClientConfig
   3 rules                    [RuleWithOperations] atomic
   4 failurePolicy?           FailurePolicyType fill("Fail")
   5 namespaceSelector?       meta.LabelSelector fill({})
   6 sideEffects?!            SideEffectClass
   7 timeoutSeconds?          int32 fill(10)
   8 admissionReviewVersions! [string]             atomic
   9 matchPolicy?             MatchPolicyType fill("Equivalent")
  10 objectSelector?          meta.LabelSelector fill({})
  11 matchConditions          [MatchCondition]     map(name) merge(name)

ValidatingWebhookConfiguration: kind
  1 metadata meta.ObjectMeta
  2 webhooks [ValidatingWebhook] map(name) merge(name)

ValidatingWebhookConfigurationList: list
  1 metadata meta.ListMeta
  2 items!   [ValidatingWebhookConfiguration]

Validation
  1 expression!       string
  2 message           string
  3 reason?           meta.StatusReason
  4 messageExpression string

Variable: atomic
  1 name!       string
  2 expression! string

WebhookClientConfig
  1 service? ServiceReference
  2 caBundle bytes
  3 url?     string
`;
