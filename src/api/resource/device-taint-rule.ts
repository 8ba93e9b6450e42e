/** DeviceTaintRules: an administrator's mark on devices. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#device-taints-and-tolerations */
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { DeviceTaintRule } from '../types/resource/v1beta2.js';

export const deviceTaintRule = defineResource<DeviceTaintRule>({
  group: 'resource.k8s.io',
  version: 'v1beta2',
  kind: 'DeviceTaintRule',
  plural: 'devicetaintrules',
  namespaced: false,
  enabledByDefault: false,
  storageVersionHash: 'DJ3UJ0fj8MI=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Key', ({ spec }) => spec.taint.key),
    column('Value', ({ spec }) => spec.taint.value ?? ''),
    column('Effect', ({ spec }) => spec.taint.effect),
    column('TimeAdded', ({ spec }) => spec.taint.timeAdded ?? ''),
    ageColumn,
  ],
});
