/** What a HorizontalPodAutoscaler may ask for. Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { pathSegment } from '../../meta/names.js';
import { compareQuantities } from '../../meta/quantity.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, label, oneOf, quantityAtLeastZero } from '../check.js';
import { containerResourceName } from '../core/pod-spec/validate/resources.js';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../types/autoscaling/v2.js';

const MAX_WINDOW_SECONDS = 3600;
const MAX_PERIOD_SECONDS = 1800;
const METRIC_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

/** How a reference names its API. Empty: the group may be left out. */
type ApiVersionRule = 'any' | 'group' | 'optional group';

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): Errors {
  const { minReplicas, maxReplicas, scaleTargetRef: target } = spec;
  const lowest = old?.spec.minReplicas === 0 ? 0 : 1;
  const errors: Errors = [];
  if (minReplicas !== undefined && minReplicas < lowest)
    errors.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${lowest}`));
  if (!maxReplicas) errors.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  else if (maxReplicas < 0) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && (maxReplicas ?? 0) < minReplicas)
    errors.push(invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'));
  return [
    ...errors,
    ...reference(target, targetRule(target, old?.spec.scaleTargetRef), 'spec.scaleTargetRef'),
    ...metrics(spec.metrics ?? [], old?.spec.metrics ?? [], minReplicas === 0),
    ...scalingRules(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scalingRules(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

function targetRule(target: CrossVersionObjectReference, old: CrossVersionObjectReference | undefined): ApiVersionRule {
  if (old && old.apiVersion === target.apiVersion && old.kind === target.kind) return 'any';
  return target.kind === 'ReplicationController' ? 'optional group' : 'group';
}

/** A name that becomes part of a path. */
const segment = (value: string | undefined, path: string, missing = ''): Errors =>
  value ? invalidAll(path, value, pathSegment(value)) : [required(path, missing)];

function reference(ref: CrossVersionObjectReference, rule: ApiVersionRule, path: string): Errors {
  const wrong = apiVersionProblem(ref.apiVersion ?? '', rule);
  return [
    ...segment(ref.kind, `${path}.kind`),
    ...segment(ref.name, `${path}.name`),
    ...(wrong ? [invalid(`${path}.apiVersion`, ref.apiVersion ?? '', wrong)] : []),
  ];
}

function apiVersionProblem(apiVersion: string, rule: ApiVersionRule): string | undefined {
  if (rule === 'any') return undefined;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = slashes ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return rule === 'group' && !group ? 'apiVersion must specify API group' : undefined;
}

function metrics(list: readonly MetricSpec[], old: readonly MetricSpec[], toZero: boolean): Errors {
  // References that were wrong before may stay.
  const wereWrong = old.some(
    (m) => m.type === 'Object' && m.object && apiVersionProblem(m.object.describedObject.apiVersion ?? '', 'optional group'),
  );
  const rule = wereWrong ? 'any' : 'optional group';
  const errors = list.flatMap((m, i) => metric(m, rule, `spec.metrics[${i}]`));
  if (toZero && !list.some((m) => m.type === 'Object' || m.type === 'External'))
    errors.push(forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'));
  return errors;
}

const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
type Source = (typeof SOURCES)[number];

function metric(m: MetricSpec, rule: ApiVersionRule, path: string): Errors {
  const errors: Errors = m.type ? [] : [required(`${path}.type`, 'must specify a metric source type')];
  const known = METRIC_TYPES.includes(m.type ?? '');
  if (!known) errors.push(notSupported(`${path}.type`, m.type ?? '', METRIC_TYPES));
  const present = SOURCES.filter((name) => m[name]);
  // Of several sources the first alone is looked at.
  if (present.length) addAll(errors, source(m, present[0]!, rule, `${path}.${present[0]}`));
  const expected = known ? ((m.type![0]!.toLowerCase() + m.type!.slice(1)) as Source) : undefined;
  if (!expected) errors.push(notSupported(`${path}.type`, m.type ?? '', METRIC_TYPES));
  else if (!m[expected]) errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  if (present.length > 1)
    for (const name of present)
      if (name !== expected) errors.push(forbidden(`${path}.${name}`, 'must populate the given metric source only'));
  return errors;
}

function source(m: MetricSpec, name: Source, rule: ApiVersionRule, path: string): Errors {
  const at = `${path}.target`;
  switch (name) {
    case 'object': {
      const { describedObject, metric: id, target } = m.object!;
      return [
        ...reference(describedObject, rule, `${path}.describedObject`),
        ...identified(id, target, path),
        ...oneNeeded(target, 'value', `${at}.averageValue`, 'must set either a target value or averageValue'),
      ];
    }
    case 'external': {
      const { metric: id, target } = m.external!;
      return [
        ...identified(id, target, path),
        ...oneNeeded(target, 'value', `${at}.averageValue`, 'must set either a target value for metric or a per-pod target'),
        ...notBoth(target, 'value', `${at}.value`, 'may not set both a target value for metric and a per-pod target'),
      ];
    }
    case 'pods': {
      const { metric: id, target } = m.pods!;
      const missing = target.averageValue === undefined;
      return [
        ...identified(id, target, path),
        ...(missing ? [required(`${at}.averageValue`, 'must specify a positive target averageValue')] : []),
      ];
    }
    case 'resource':
      return [
        ...(m.resource!.name ? [] : [required(`${path}.name`, 'must specify a resource name')]),
        ...utilization(m.resource!.target, at),
      ];
    case 'containerResource': {
      const { name: resource, container, target } = m.containerResource!;
      return [
        ...(resource ? containerResourceName(resource, `${path}.name`) : [required(`${path}.name`, 'must specify a resource name')]),
        ...(container ? label(container, `${path}.container`) : [required(`${path}.container`, 'must specify a container')]),
        ...utilization(target, at),
      ];
    }
  }
}

type Alternative = 'value' | 'averageUtilization';
const oneNeeded = (t: MetricTarget, other: Alternative, path: string, text: string): Errors =>
  t[other] === undefined && t.averageValue === undefined ? [required(path, text)] : [];
const notBoth = (t: MetricTarget, other: Alternative, path: string, text: string): Errors =>
  t[other] !== undefined && t.averageValue !== undefined ? [forbidden(path, text)] : [];

const utilization = (target: MetricTarget, path: string): Errors => [
  ...metricTarget(target, path),
  ...oneNeeded(target, 'averageUtilization', `${path}.averageUtilization`, 'must set either a target raw value or a target utilization'),
  ...notBoth(target, 'averageUtilization', `${path}.averageValue`, 'may not set both a target raw value and a target utilization'),
];

const identified = (id: MetricIdentifier, target: MetricTarget, path: string): Errors => [
  ...segment(id.name, `${path}.metric.name`, 'must specify a metric name'),
  ...metricTarget(target, `${path}.target`),
];

function metricTarget(t: MetricTarget, path: string): Errors {
  const errors: Errors = t.type ? [] : [required(`${path}.type`, 'must specify a metric target type')];
  if (!['Utilization', 'Value', 'AverageValue'].includes(t.type ?? ''))
    errors.push(invalid(`${path}.type`, t.type ?? '', 'must be either Utilization, Value, or AverageValue'));
  for (const name of ['value', 'averageValue'] as const)
    if (t[name] !== undefined && compareQuantities(t[name], '0') <= 0) errors.push(invalid(`${path}.${name}`, t[name], 'must be positive'));
  if (t.averageUtilization !== undefined && t.averageUtilization < 1)
    errors.push(invalid(`${path}.averageUtilization`, t.averageUtilization, 'must be greater than 0'));
  return errors;
}

function scalingRules(rules: HPAScalingRules | undefined, path: string): Errors {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, tolerance } = rules;
  const at = `${path}.stabilizationWindowSeconds`;
  const policies = rules.policies ?? [];
  return [
    ...(window !== undefined && window < 0 ? [invalid(at, window, 'must be greater than or equal to zero')] : []),
    ...(window !== undefined && window > MAX_WINDOW_SECONDS
      ? [invalid(at, window, `must be less than or equal to ${MAX_WINDOW_SECONDS}`)]
      : []),
    ...(selectPolicy === undefined ? [] : oneOf(selectPolicy, ['Disabled', 'Max', 'Min'], `${path}.selectPolicy`)),
    ...(policies.length ? [] : [required(`${path}.policies`, 'must specify at least one Policy')]),
    ...policies.flatMap((p, i) => scalingPolicy(p, `${path}.policies[${i}]`)),
    ...(tolerance === undefined ? [] : quantityAtLeastZero(tolerance, `${path}.tolerance`)),
  ];
}

function scalingPolicy({ type, value, periodSeconds: period }: HPAScalingPolicy, path: string): Errors {
  const positive = (n: number, at: string): Errors => (n <= 0 ? [invalid(at, n, 'must be greater than zero')] : []);
  return [
    ...oneOf(type, ['Percent', 'Pods'], `${path}.type`),
    ...positive(value, `${path}.value`),
    ...positive(period, `${path}.periodSeconds`),
    ...(period > MAX_PERIOD_SECONDS
      ? [invalid(`${path}.periodSeconds`, period, `must be less than or equal to ${MAX_PERIOD_SECONDS}`)]
      : []),
  ];
}
