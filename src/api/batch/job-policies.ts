/** When a Job's failed pods count, and when some finished indexes are enough. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */

import { duplicate, invalid, notSupported, required, tooLong, tooMany } from '../../meta/field-error.js';
import { validateLabelName } from '../../meta/metadata.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors, oneOf, repeats } from '../check.js';
import type { JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule, SuccessPolicyRule } from '../types/batch/v1.js';
import { readIndexes } from './indexes.js';

const MAX_RULES = 20;
const MAX_PATTERNS = 20;
const MAX_EXIT_CODES = 255;
const MAX_INDEXES_TEXT = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];

const words = (values: readonly string[]): string => `valid values: [${values.map((v) => JSON.stringify(v)).join(' ')}]`;
const chosen = (value: string | undefined, supported: readonly string[], path: string): Errors =>
  value ? oneOf(value, supported, path) : [required(path, words(supported))];

export function validateFailurePolicy(spec: JobSpec, path: string): Errors {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers, initContainers } = spec.template.spec;
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map((c) => c.name));
  return [
    ...(rules.length > MAX_RULES ? [tooMany(`${path}.rules`, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, i) => failureRule(rule, spec, names, `${path}.rules[${i}]`)),
  ];
}

function failureRule(rule: PodFailurePolicyRule, spec: JobSpec, names: ReadonlySet<string>, path: string): Errors {
  const patterns = rule.onPodConditions ?? [];
  const errors: Errors =
    rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined
      ? [invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set')]
      : chosen(rule.action, ACTIONS, `${path}.action`);
  if (rule.onExitCodes) addAll(errors, exitCodes(rule.onExitCodes, names, `${path}.onExitCodes`));
  if (patterns.length > MAX_PATTERNS) errors.push(tooMany(`${path}.onPodConditions`, patterns.length, MAX_PATTERNS));
  for (const [i, p] of patterns.entries()) {
    const at = `${path}.onPodConditions[${i}]`;
    addAll(errors, validateLabelName(p.type ?? '', `${at}.type`), chosen(p.status, STATUSES, `${at}.status`));
  }
  if (rule.onExitCodes && patterns.length)
    errors.push(withoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!rule.onExitCodes && !patterns.length)
    errors.push(withoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

/** Refused for what it is among others: its value says nothing. */
export const withoutValue = (field: string, text: string): Errors[number] => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${text}`,
});

function exitCodes(on: PodFailurePolicyOnExitCodesRequirement, names: ReadonlySet<string>, path: string): Errors {
  const errors = chosen(on.operator, OPERATORS, `${path}.operator`);
  if (on.containerName !== undefined && !names.has(on.containerName))
    errors.push(
      invalid(`${path}.containerName`, on.containerName, 'must be one of the container or initContainer names in the pod template'),
    );
  const values = on.values ?? [];
  if (!values.length) errors.push(invalid(`${path}.values`, on.values ?? null, 'at least one value is required'));
  else if (values.length > MAX_EXIT_CODES) errors.push(tooMany(`${path}.values`, values.length, MAX_EXIT_CODES));
  const again = repeats(values);
  for (const [i, value] of values.entries()) {
    const at = `${path}.values[${i}]`;
    if (on.operator === 'In' && value === 0) errors.push(invalid(at, value, 'must not be 0 for the In operator'));
    if (again[i]) errors.push(duplicate(at, value));
  }
  if (values.some((v, i) => i > 0 && values[i - 1]! > v)) errors.push(invalid(`${path}.values`, values, 'must be ordered'));
  return errors;
}

export function validateSuccessPolicy(spec: JobSpec, path: string): Errors {
  const { successPolicy, completionMode, completions } = spec;
  if (completionMode !== 'Indexed') {
    const Rules = successPolicy!.rules?.map((r) => ({
      SucceededIndexes: r.succeededIndexes ?? null,
      SucceededCount: r.succeededCount ?? null,
    }));
    return [invalid(path, { Rules: Rules ?? null }, 'requires indexed completion mode')];
  }
  const rules = successPolicy!.rules ?? [];
  return [
    ...(rules.length ? [] : [required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified')]),
    ...(rules.length > MAX_RULES ? [tooMany(`${path}.rules`, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, i) => successRule(rule, completions ?? 0, `${path}.rules[${i}]`)),
  ];
}

function successRule({ succeededIndexes: indexes, succeededCount: count }: SuccessPolicyRule, completions: number, path: string): Errors {
  const errors: Errors = [];
  if (indexes === undefined && count === undefined)
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  const at = `${path}.succeededIndexes`;
  if ((indexes?.length ?? 0) > MAX_INDEXES_TEXT) errors.push(tooLong(at, MAX_INDEXES_TEXT));
  const { total, wrong } = readIndexes(indexes ?? '', completions);
  if (wrong) errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${wrong}`));
  if (count === undefined) return errors;
  const most = (n: number, what: string): Errors =>
    count > n ? [invalid(`${path}.succeededCount`, count, `must be less than or equal to ${n} (the number of ${what})`)] : [];
  return [
    ...errors,
    ...atLeastZero(count, `${path}.succeededCount`),
    ...most(completions, 'specified completions'),
    ...(indexes === undefined ? [] : most(total, 'indexes in the specified succeededIndexes field')),
  ];
}

/** Which finished or failed pods are replaced. */
export function validateReplacementPolicy({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, path: string): Errors {
  if (policy === undefined) return [];
  const supported = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return supported.includes(policy) ? [] : [notSupported(path, policy, supported)];
}
