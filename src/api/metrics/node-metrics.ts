/** NodeMetrics at the API. */
import { defineResource } from '../define.js';
import type { NodeMetrics } from '../types/metrics/v1beta1.js';

export const nodeMetrics = defineResource<NodeMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  namespaced: false,
  verbs: ['get', 'list'],
  enabledByDefault: false,
  keyPrefix: undefined,
});
