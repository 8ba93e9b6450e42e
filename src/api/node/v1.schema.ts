/**
 * The shape of node.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const nodeV1 = `
package io.k8s.api.node.v1
version node.k8s.io/v1

Overhead
  1 podFixed {Quantity}

RuntimeClass: kind
  1 metadata    meta.ObjectMeta
  2 handler!    string
  3 overhead?   Overhead
  4 scheduling? Scheduling

RuntimeClassList: list
  1 metadata meta.ListMeta
  2 items!   [RuntimeClass]

Scheduling
  1 nodeSelector {string}          atomic
  2 tolerations  [core.Toleration] atomic
`;
