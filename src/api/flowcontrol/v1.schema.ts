/**
 * The shape of flowcontrol.apiserver.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const flowcontrolV1 = `
package io.k8s.api.flowcontrol.v1
version flowcontrol.apiserver.k8s.io/v1

open ConditionStatus True | False | Unknown
open FlowDistinguisherMethodType ByUser | ByNamespace
open LimitResponseType Queue | Reject
open PriorityLevelEnablement Exempt | Limited
open SubjectKind User | Group | ServiceAccount

ExemptPriorityLevelConfiguration
  1 nominalConcurrencyShares? int32 fill(0)
  2 lendablePercent?          int32 fill(0)

FlowDistinguisherMethod
  1 type! FlowDistinguisherMethodType

FlowSchema: kind
  1 metadata meta.ObjectMeta
  2 spec     FlowSchemaSpec
  3 status   FlowSchemaStatus

FlowSchemaCondition
  1 type               string
  2 status             ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

FlowSchemaList: list
  1 metadata meta.ListMeta
  2 items!   [FlowSchema]

FlowSchemaSpec
  1 priorityLevelConfiguration! PriorityLevelConfigurationReference
  2 matchingPrecedence+         int32 fill(1000)
  3 distinguisherMethod?        FlowDistinguisherMethod
  4 rules                       [PolicyRulesWithSubjects]      atomic

FlowSchemaStatus
  1 conditions [FlowSchemaCondition] map(type) merge(type)

GroupSubject
  1 name! string

LimitResponse: union
  1 type!    LimitResponseType    discriminator
  2 queuing? QueuingConfiguration

LimitedPriorityLevelConfiguration
  1 nominalConcurrencyShares?+ int32 fill(30)
  2 limitResponse              LimitResponse
  3 lendablePercent?           int32 fill(0)
  4 borrowingLimitPercent?     int32

NonResourcePolicyRule
  1 verbs!           [string] set
  6 nonResourceURLs! [string] set

PolicyRulesWithSubjects
  1 subjects!        [Subject]               atomic
  2 resourceRules    [ResourcePolicyRule]    atomic
  3 nonResourceRules [NonResourcePolicyRule] atomic

PriorityLevelConfiguration: kind
  1 metadata meta.ObjectMeta
  2 spec     PriorityLevelConfigurationSpec
  3 status   PriorityLevelConfigurationStatus

PriorityLevelConfigurationCondition
  1 type               string
  2 status             ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

PriorityLevelConfigurationList: list
  1 metadata meta.ListMeta
  2 items!   [PriorityLevelConfiguration]

PriorityLevelConfigurationReference
  1 name! string

PriorityLevelConfigurationSpec: union
  1 type!    PriorityLevelEnablement        discriminator
  2 limited? LimitedPriorityLevelConfiguration
  3 exempt?  ExemptPriorityLevelConfiguration

PriorityLevelConfigurationStatus
  1 conditions [PriorityLevelConfigurationCondition] map(type) merge(type)

QueuingConfiguration
  1 queues+           int32 fill(64)
  2 handSize+         int32 fill(8)
  3 queueLengthLimit+ int32 fill(50)

ResourcePolicyRule
  1 verbs!       [string] set
  2 apiGroups!   [string] set
  3 resources!   [string] set
  4 clusterScope bool
  5 namespaces+  [string] set

ServiceAccountSubject
  1 namespace! string
  2 name!      string

Subject: union
  1 kind!           SubjectKind           discriminator
  2 user?           UserSubject
  3 group?          GroupSubject
  4 serviceAccount? ServiceAccountSubject

UserSubject
  1 name! string
`;
