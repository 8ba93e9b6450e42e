/**
 * The shape of discovery.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const discoveryV1 = `
package io.k8s.api.discovery.v1
version discovery.k8s.io/v1

enum AddressType IPv4 | IPv6 | FQDN

Endpoint
  1 addresses!         [string]             set
  2 conditions         EndpointConditions
  3 hostname?          string
  4 targetRef?         core.ObjectReference
  5 deprecatedTopology {string}
  6 nodeName?          string
  7 zone?              string
  8 hints?             EndpointHints

EndpointConditions
  1 ready?       bool
  2 serving?     bool
  3 terminating? bool

EndpointHints
  1 forZones [ForZone] atomic
  2 forNodes [ForNode] atomic

EndpointPort: atomic
  1 name?        string fill("")
  2 protocol?    core.Protocol fill("TCP")
  3 port?        int32
  4 appProtocol? string

EndpointSlice: kind
  1 metadata     meta.ObjectMeta
  2 endpoints+   [Endpoint]      atomic
  3 ports+       [EndpointPort]  atomic
  4 addressType! AddressType

EndpointSliceList: list
  1 metadata meta.ListMeta
  2 items!   [EndpointSlice]

ForNode
  1 name! string

ForZone
  1 name! string
`;
