/**
 * The shape of apiregistration.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const apiregistrationV1 = `
package io.k8s.kube-aggregator.pkg.apis.apiregistration.v1
version apiregistration.k8s.io/v1

open APIServiceConditionType Available
open ConditionStatus True | False | Unknown

APIService: kind
  1 metadata meta.ObjectMeta
  2 spec     APIServiceSpec
  3 status   APIServiceStatus

APIServiceCondition
  1 type!              APIServiceConditionType
  2 status!            ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

APIServiceList: list
  1 metadata meta.ListMeta
  2 items!   [APIService]

APIServiceSpec
  1 service?              ServiceReference
  2 group                 string
  3 version               string
  4 insecureSkipTLSVerify bool
  5 caBundle              bytes            atomic
  7 groupPriorityMinimum! int32
  8 versionPriority!      int32

APIServiceStatus
  1 conditions [APIServiceCondition] map(type) merge(type)

ServiceReference
  1 namespace string
  2 name      string
  3 port?     int32 fill(443)
`;
