/**
 * The shape of apidiscovery.k8s.io/v2beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const apidiscoveryV2beta1 = `
package io.k8s.api.apidiscovery.v2beta1
version apidiscovery.k8s.io/v2beta1

open DiscoveryFreshness Current | Stale
open ResourceScope Cluster | Namespaced

APIGroupDiscovery: kind
  1 metadata meta.ObjectMeta
  2 versions [APIVersionDiscovery] map(version)

APIGroupDiscoveryList: list
  1 metadata meta.ListMeta
  2 items!   [APIGroupDiscovery]

APIResourceDiscovery
  1 resource!         string
  2 responseKind?     meta.GroupVersionKind
  3 scope!            ResourceScope
  4 singularResource! string
  5 verbs!            [string]                  set
  6 shortNames        [string]                  set
  7 categories        [string]                  set
  8 subresources      [APISubresourceDiscovery] map(subresource)

APISubresourceDiscovery
  1 subresource!  string
  2 responseKind? meta.GroupVersionKind
  3 acceptedTypes [meta.GroupVersionKind] map(group,version,kind)
  4 verbs!        [string]                set

APIVersionDiscovery
  1 version!  string
  2 resources [APIResourceDiscovery] map(resource)
  3 freshness DiscoveryFreshness
`;
