/**
 * autoscaling/v1 knows the CPU's utilization alone: what an autoscaler has besides is carried in annotations, both ways.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v1/
 */

import { parseJson } from '../../meta/json.js';
import { isZeroQuantity } from '../../meta/quantity.js';
import type { ObjectMeta } from '../../meta/types/v1.js';
import type { HorizontalPodAutoscaler as V1, HorizontalPodAutoscalerStatus as V1Status } from '../types/autoscaling/v1.js';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec, MetricStatus } from '../types/autoscaling/v2.js';

const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const CURRENT = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;
const CARRIERS = [METRICS, CURRENT, CONDITIONS, BEHAVIOR, `${PREFIX}scale-down-tolerance`, `${PREFIX}scale-up-tolerance`];
const DEFAULT_CPU_PERCENT = 80;

const cpu = (percent: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
});
const cpuPercent = (m: MetricSpec): number | undefined =>
  m.type === 'Resource' && m.resource?.name === 'cpu' ? m.resource.target.averageUtilization : undefined;

export function toV2(object: V1): HorizontalPodAutoscaler {
  const { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: percent } = object.spec;
  const carried = object.metadata.annotations ?? {};
  const others = readList<V1Metric>(carried[METRICS])?.map(metricFromV1) ?? [];
  const metrics = percent === undefined ? others : [...others, cpu(percent)];
  const behavior = read<GoBehavior>(carried[BEHAVIOR]);
  const { currentCPUUtilizationPercentage, ...status } = object.status as V1Status;
  const current = readList<V1Metric>(carried[CURRENT])?.map(statusFromV1);
  const ofCpu: MetricStatus[] | undefined =
    currentCPUUtilizationPercentage === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: currentCPUUtilizationPercentage } } }];
  const conditions = readList<object>(carried[CONDITIONS]);
  return clean({
    kind: object.kind,
    apiVersion: 'autoscaling/v2',
    metadata: withCarried(object.metadata, {}),
    spec: {
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      metrics: metrics.length ? metrics : [cpu(DEFAULT_CPU_PERCENT)],
      behavior: behavior && (behavior.ScaleUp || behavior.ScaleDown) ? behaviorFromGo(behavior) : undefined,
    },
    status: { ...status, currentMetrics: current ?? ofCpu ?? null, conditions },
  });
}

export function toV1(object: HorizontalPodAutoscaler): V1 {
  const { scaleTargetRef, minReplicas, maxReplicas, metrics = [], behavior } = object.spec;
  const { currentMetrics, conditions, ...status } = object.status;
  const others = metrics.filter((m) => cpuPercent(m) === undefined).map(metricToV1);
  const currentCpu = (currentMetrics ?? []).map((m) => (m.resource?.name === 'cpu' ? m.resource.current.averageUtilization : undefined));
  const carried: Record<string, unknown> = {
    ...(others.length ? { [METRICS]: others } : {}),
    ...(currentMetrics?.length ? { [CURRENT]: currentMetrics.map(statusToV1) } : {}),
    ...(behavior ? { [BEHAVIOR]: { ScaleUp: rulesToGo(behavior.scaleUp), ScaleDown: rulesToGo(behavior.scaleDown) } } : {}),
    ...(conditions?.length ? { [CONDITIONS]: conditions } : {}),
  };
  return clean({
    kind: object.kind,
    apiVersion: 'autoscaling/v1',
    metadata: withCarried(object.metadata, carried),
    spec: {
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      targetCPUUtilizationPercentage: metrics.map(cpuPercent).find((n) => n !== undefined),
    },
    status: {
      ...status,
      currentReplicas: status.currentReplicas ?? 0,
      currentCPUUtilizationPercentage: currentCpu.findLast((n) => n !== undefined),
    },
  });
}

/** The metadata with these annotations in place of those carried before. */
function withCarried(metadata: ObjectMeta, carried: Record<string, unknown>): ObjectMeta {
  const annotations = { ...metadata.annotations };
  for (const name of CARRIERS) delete annotations[name];
  for (const [name, value] of Object.entries(carried)) annotations[name] = JSON.stringify(clean(value));
  const { annotations: _old, ...rest } = metadata;
  return (Object.keys(annotations).length ? { ...rest, annotations } : rest) as ObjectMeta;
}

/** Without absent parts. */
const clean = <T>(value: unknown): T => JSON.parse(JSON.stringify(value)) as T;

function read<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (parseJson(text) as T);
  } catch {
    return undefined;
  }
}
const readList = <T>(text: string | undefined): T[] | undefined => {
  const list = read<T[]>(text);
  return Array.isArray(list) ? list : undefined;
};

/** A metric of v1, target or status: one source, its fields flat. */
interface V1Metric {
  readonly type: string;
  readonly [source: string]: unknown;
}
interface V1Source {
  readonly name?: string;
  readonly container?: string;
  readonly metricName?: string;
  readonly target?: object;
  readonly selector?: object;
  readonly metricSelector?: object;
  readonly targetValue?: string;
  readonly averageValue?: string;
  readonly targetAverageValue?: string;
  readonly targetAverageUtilization?: number;
  readonly currentValue?: string;
  readonly currentAverageValue?: string;
  readonly currentAverageUtilization?: number;
}

const KINDS = ['object', 'pods', 'resource', 'external', 'containerResource'] as const;
const convertSources = <To>(m: object, convert: (kind: (typeof KINDS)[number], source: never) => object): To => {
  const metric = m as Record<string, unknown>;
  const sources = KINDS.filter((kind) => metric[kind]).map((kind) => [kind, convert(kind, metric[kind] as never)]);
  return clean({ type: metric.type, ...Object.fromEntries(sources) });
};

const metricFromV1 = (m: V1Metric): MetricSpec =>
  convertSources(m, (kind, s: V1Source) => {
    const { targetValue: value, averageValue, targetAverageValue: average, targetAverageUtilization: percent } = s;
    const metric = { name: s.metricName ?? '', selector: s.selector ?? s.metricSelector };
    if (kind === 'object') {
      const target =
        averageValue === undefined
          ? { type: 'Value', value: value ?? '0' }
          : { type: 'AverageValue', value: value && !isZeroQuantity(value) ? value : undefined, averageValue };
      return { describedObject: s.target, target, metric };
    }
    if (kind === 'pods') return { metric, target: { type: 'AverageValue', averageValue: average ?? '0' } };
    if (kind === 'external')
      return { metric, target: { type: value === undefined ? 'AverageValue' : 'Value', value, averageValue: average } };
    const target = { type: percent === undefined ? 'AverageValue' : 'Utilization', averageValue: average, averageUtilization: percent };
    return { name: s.name, container: s.container, target };
  });

const metricToV1 = (m: MetricSpec): V1Metric =>
  convertSources(m, (kind, source: NonNullable<MetricSpec['object'] & MetricSpec['containerResource']>) => {
    const { target, metric } = source;
    if (kind === 'object')
      return {
        target: source.describedObject,
        metricName: metric.name,
        targetValue: target.value ?? '0',
        selector: metric.selector,
        averageValue: target.averageValue,
      };
    if (kind === 'pods') return { metricName: metric.name, targetAverageValue: target.averageValue ?? '0', selector: metric.selector };
    if (kind === 'external')
      return {
        metricName: metric.name,
        metricSelector: metric.selector,
        targetValue: target.value,
        targetAverageValue: target.averageValue,
      };
    return {
      name: source.name,
      targetAverageUtilization: target.averageUtilization,
      targetAverageValue: target.averageValue,
      container: source.container,
    };
  });

const statusFromV1 = (m: V1Metric): MetricStatus =>
  convertSources(m, (kind, s: V1Source) => {
    const metric = { name: s.metricName ?? '', selector: s.selector ?? s.metricSelector };
    const average = s.currentAverageValue;
    if (kind === 'object')
      return { metric, current: { value: s.currentValue ?? '0', averageValue: s.averageValue }, describedObject: s.target };
    if (kind === 'pods') return { metric, current: { averageValue: average ?? '0' } };
    if (kind === 'external') return { metric, current: { value: s.currentValue ?? '0', averageValue: average } };
    const current = { averageValue: average ?? '0', averageUtilization: s.currentAverageUtilization };
    return { name: s.name, current, container: s.container };
  });

const statusToV1 = (m: MetricStatus): V1Metric =>
  convertSources(m, (kind, source: NonNullable<MetricStatus['object'] & MetricStatus['containerResource']>) => {
    const { current, metric } = source;
    const average = current.averageValue;
    if (kind === 'object')
      return {
        target: source.describedObject,
        metricName: metric.name,
        currentValue: current.value ?? '0',
        selector: metric.selector,
        averageValue: average,
      };
    if (kind === 'pods') return { metricName: metric.name, currentAverageValue: average ?? '0', selector: metric.selector };
    if (kind === 'external')
      return { metricName: metric.name, metricSelector: metric.selector, currentValue: current.value ?? '0', currentAverageValue: average };
    return {
      name: source.name,
      currentAverageUtilization: current.averageUtilization,
      currentAverageValue: average ?? '0',
      container: source.container,
    };
  });

/** The annotation holds the behavior with the names of the server's own structure. */
interface GoBehavior {
  readonly ScaleUp?: GoRules | null;
  readonly ScaleDown?: GoRules | null;
}
interface GoRules {
  readonly StabilizationWindowSeconds: number | null;
  readonly SelectPolicy: string | null;
  readonly Policies: readonly { readonly Type: string; readonly Value: number; readonly PeriodSeconds: number }[] | null;
  readonly Tolerance: string | null;
}
const rulesToGo = (rules: HPAScalingRules | undefined): GoRules | null =>
  rules
    ? {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies: rules.policies?.map((p) => ({ Type: p.type, Value: p.value, PeriodSeconds: p.periodSeconds })) ?? null,
        Tolerance: rules.tolerance ?? null,
      }
    : null;
const rulesFromGo = (rules: GoRules | null | undefined): object | undefined =>
  rules
    ? {
        stabilizationWindowSeconds: rules.StabilizationWindowSeconds ?? undefined,
        selectPolicy: rules.SelectPolicy ?? undefined,
        policies: rules.Policies?.map((p) => ({ type: p.Type, value: p.Value, periodSeconds: p.PeriodSeconds })),
        tolerance: rules.Tolerance ?? undefined,
      }
    : undefined;
const behaviorFromGo = (b: GoBehavior): object => ({ scaleUp: rulesFromGo(b.ScaleUp), scaleDown: rulesFromGo(b.ScaleDown) });
