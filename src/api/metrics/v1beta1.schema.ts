/**
 * The shape of metrics.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const metricsV1beta1 = `
package io.k8s.metrics.pkg.apis.metrics.v1beta1
version metrics.k8s.io/v1beta1

ContainerMetrics
  1 name!  string
  2 usage! {Quantity}

NodeMetrics: kind
  1 metadata   meta.ObjectMeta
  2 timestamp! Time
  3 window!    Duration
  4 usage!     {Quantity}

NodeMetricsList: list
  1 metadata meta.ListMeta
  2 items!   [NodeMetrics]

PodMetrics: kind
  1 metadata    meta.ObjectMeta
  2 timestamp!  Time
  3 window!     Duration
  4 containers! [ContainerMetrics] atomic

PodMetricsList: list
  1 metadata meta.ListMeta
  2 items!   [PodMetrics]
`;
