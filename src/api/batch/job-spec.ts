/** What a Job runs, and how often: shared by Jobs and CronJobs. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

import { invalid, notSupported, required, tooLong } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, domainPrefixedPath, type Errors } from '../check.js';
import { validatePodTemplate } from '../core/pod-spec/validate/pod-spec.js';
import { templateWarnings } from '../core/pod-spec/warnings.js';
import type { ValidationContext } from '../resource.js';
import type { JobSpec } from '../types/batch/v1.js';
import { validateFailurePolicy, validateReplacementPolicy, validateSuccessPolicy } from './job-policies.js';

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;
const MAX_MANAGED_BY = 63;
/** An indexed Job runs no more pods at once, and lets no more indexes fail. */
const MAX_INDEXED = 100_000;
/** With more completions than this, pods at once and failed indexes are limited further. */
const MANY_COMPLETIONS = 100_000;
const MAX_WITH_MANY = 10_000;

export function validateJobSpec(spec: JobSpec, context: ValidationContext, path: string): Errors {
  const errors = COUNTS.flatMap((name) => atLeastZero(spec[name], `${path}.${name}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (spec.managedBy !== undefined) addAll(errors, managedBy(spec.managedBy, `${path}.managedBy`));
  addAll(errors, completionMode(spec, path));
  if (spec.podFailurePolicy) addAll(errors, validateFailurePolicy(spec, `${path}.podFailurePolicy`));
  if (spec.successPolicy) addAll(errors, validateSuccessPolicy(spec, `${path}.successPolicy`));
  return [
    ...errors,
    ...validateReplacementPolicy(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template, context, `${path}.template`),
    ...restartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function managedBy(name: string, path: string): Errors {
  const long = name.length > MAX_MANAGED_BY ? [tooLong(path, MAX_MANAGED_BY)] : [];
  return [...domainPrefixedPath(name, path), ...long];
}

function completionMode(spec: JobSpec, path: string): Errors {
  const { completionMode: mode } = spec;
  if (mode === undefined || mode === 'NonIndexed') {
    return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
      spec[name] === undefined ? [] : [invalid(`${path}.${name}`, spec[name], 'requires indexed completion mode')],
    );
  }
  if (mode !== 'Indexed') return [notSupported(`${path}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  const errors: Errors = [];
  const most = (name: 'parallelism' | 'maxFailedIndexes', limit: number, why = '') => {
    if ((spec[name] ?? 0) > limit) errors.push(invalid(`${path}.${name}`, spec[name], `must be less than or equal to ${limit}${why}`));
  };
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  most('parallelism', MAX_INDEXED, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions)
    errors.push(invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'));
  most('maxFailedIndexes', MAX_INDEXED);
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return errors;
  if (maxFailedIndexes === undefined)
    errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MANY_COMPLETIONS}`));
  const why = ` when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (parallelism > MAX_WITH_MANY) most('parallelism', MAX_WITH_MANY, why);
  most('maxFailedIndexes', MAX_WITH_MANY, why);
  return errors;
}

function restartPolicy({ template, podFailurePolicy }: JobSpec, path: string): Errors {
  const policy = template.spec.restartPolicy;
  if (!policy || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  return podFailurePolicy && policy !== 'Never'
    ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

const MANY_AT_ONCE = 10_000;
export function jobWarnings(spec: JobSpec, path: string): string[] {
  const many = spec.completionMode === 'Indexed' && (spec.completions ?? 0) > MANY_COMPLETIONS && (spec.parallelism ?? 0) > MANY_AT_ONCE;
  return [
    ...(many
      ? [
          `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...templateWarnings(spec.template, `${path}.template`),
  ];
}
