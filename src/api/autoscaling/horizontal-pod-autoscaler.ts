/** HorizontalPodAutoscalers: how many pods a workload has, by what they measure. Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ */
import type { AnyObject } from '../../meta/object.js';
import { atLeastZero, type Errors } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { Column } from '../resource.js';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '../types/autoscaling/v1.js';
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../types/autoscaling/v2.js';
import { targetsCell } from './cells.js';
import { toV1, toV2 } from './v1-conversion.js';
import { validateAutoscaler } from './validate.js';

const DEFAULT_CPU_PERCENT = 80;
const PERIOD_SECONDS = 15;
const double = { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS };
const fourMore = { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS };

const names = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  storageVersionHash: 'qwQve8ut294=',
  subresources: { status: true },
} as const;

export const horizontalPodAutoscaler = defineResource<HorizontalPodAutoscaler>({
  ...names,
  version: 'v2',
  defaults: fillSpec,
  validate: (object) => validateAutoscaler(object),
  validateUpdate: (object, old) => validateAutoscaler(object, old),
  validateStatusUpdate: ({ status }) => statusCounts(status),
  columns: columns((object) => object),
});

export const horizontalPodAutoscalerV1 = defineResource<HorizontalPodAutoscalerV1>({
  ...names,
  version: 'v1',
  validate: (object) => validateAutoscaler(toV2(object)),
  validateUpdate: (object, old) => validateAutoscaler(toV2(object), toV2(old)),
  validateStatusUpdate: ({ status }) => statusCounts(status),
  columns: columns(toV2),
  storedAs: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  convert: {
    toStored: (object) => {
      const stored = toV2(object);
      fillSpec(stored);
      return stored as unknown as AnyObject;
    },
    fromStored: (object) => toV1(object as unknown as HorizontalPodAutoscaler),
  },
});

function fillSpec({ spec }: HorizontalPodAutoscaler): void {
  if (!spec.metrics?.length)
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: DEFAULT_CPU_PERCENT } } },
    ];
  if (!spec.behavior) return;
  spec.behavior.scaleUp = filled(spec.behavior.scaleUp, { window: 0, policies: [fourMore, double] });
  spec.behavior.scaleDown = filled(spec.behavior.scaleDown, { policies: [double] });
}

interface RuleDefaults {
  readonly window?: number;
  readonly policies: HPAScalingRules['policies'];
}
function filled(rules: HPAScalingRules = {}, { window, policies }: RuleDefaults): HPAScalingRules {
  rules.stabilizationWindowSeconds ??= window;
  if (rules.stabilizationWindowSeconds === undefined) delete rules.stabilizationWindowSeconds;
  rules.selectPolicy ??= 'Max';
  rules.policies ??= structuredClone(policies);
  return rules;
}

const statusCounts = (status: { currentReplicas?: number; desiredReplicas?: number }): Errors => [
  ...atLeastZero(status.currentReplicas, 'status.currentReplicas'),
  ...atLeastZero(status.desiredReplicas, 'status.desiredReplicas'),
];

/** Both versions show the same. */
function columns<T extends HorizontalPodAutoscaler | HorizontalPodAutoscalerV1>(as: (object: T) => HorizontalPodAutoscaler) {
  return [
    nameColumn,
    column<T>('Reference', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
    column<T>('Targets', (object) => targetsCell(as(object))),
    column<T>('MinPods', ({ spec }) => (spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas))),
    column<T>('MaxPods', ({ spec }) => spec.maxReplicas ?? 0),
    column<T>('Replicas', ({ status }) => status.currentReplicas ?? 0),
    ageColumn,
  ] as readonly Column<T>[];
}
