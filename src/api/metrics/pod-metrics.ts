/** PodMetrics at the API. */
import { defineResource } from '../define.js';
import type { PodMetrics } from '../types/metrics/v1beta1.js';

export const podMetrics = defineResource<PodMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  singular: '',
  verbs: ['get', 'list'],
  enabledByDefault: false,
  keyPrefix: undefined,
});
