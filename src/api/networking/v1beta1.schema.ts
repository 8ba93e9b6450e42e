/**
 * The shape of networking.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const networkingV1beta1 = `
package io.k8s.api.networking.v1beta1
version networking.k8s.io/v1beta1

IPAddress: kind
  1 metadata meta.ObjectMeta
  2 spec*    IPAddressSpec

IPAddressList: list
  1 metadata meta.ListMeta
  2 items!   [IPAddress]

IPAddressSpec
  1 parentRef?* ParentReference

ParentReference
  1 group     string
  2 resource* string
  3 namespace string
  4 name*     string

ServiceCIDR: kind
  1 metadata meta.ObjectMeta
  2 spec     ServiceCIDRSpec
  3 status   ServiceCIDRStatus

ServiceCIDRList: list
  1 metadata meta.ListMeta
  2 items!   [ServiceCIDR]

ServiceCIDRSpec
  1 cidrs [string] atomic

ServiceCIDRStatus
  1 conditions [meta.Condition] map(type) merge(type)
`;
