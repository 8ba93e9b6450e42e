/** ResourceQuotas: how much a namespace may use. Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
import { invalid, required } from '../../meta/field-error.js';
import { type Errors, repeats } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ResourceQuota, ResourceQuotaSpec } from '../types/core/v1.js';
import { quotaResourceName, resourceAmount } from './pod-spec/validate/resources.js';

export const resourceQuota = defineResource<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  storageVersionHash: '8uhSgffRX6w=',
  subresources: { status: true },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate({ spec }, old) {
    const errors = validateSpec(spec);
    const same = [...(spec.scopes ?? [])].sort().join() === [...(old.spec.scopes ?? [])].sort().join();
    return same ? errors : [...errors, invalid('spec.scopes', spec.scopes ?? null, 'field is immutable')];
  },
  validateStatusUpdate: ({ status }) => [...amounts(status.hard, 'status.hard'), ...amounts(status.used, 'status.used')],
  columns: [nameColumn, column('Request', (q) => usage(q, false)), column('Limit', (q) => usage(q, true)), ageColumn],
});

const amounts = (list: Record<string, string> | undefined, path: string): Errors =>
  Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...quotaResourceName(name, `${path}[${name}]`),
    ...resourceAmount(name, value, `${path}[${name}]`),
  ]);

const EXISTS_ONLY = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity'];
const SCOPES = [...EXISTS_ONLY, 'PriorityClass', 'VolumeAttributesClass'];
const PAIRS = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const POD_COMPUTE = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const STORAGE = ['persistentvolumeclaims', 'requests.storage'];
const STANDARD = new Set([
  ...POD_COMPUTE,
  ...STORAGE,
  'pods',
  'ephemeral-storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

/** Which amounts a scope can narrow down. */
function fits(scope: string, resource: string): boolean {
  if (!STANDARD.has(resource)) return true;
  if (scope === 'BestEffort') return resource === 'pods';
  if (scope === 'VolumeAttributesClass') return STORAGE.includes(resource);
  return SCOPES.includes(scope) ? resource === 'pods' || POD_COMPUTE.includes(resource) : true;
}

function validateSpec(spec: ResourceQuotaSpec): Errors {
  const errors = amounts(spec.hard, 'spec.hard');
  const hard = Object.keys(spec.hard ?? {}).sort();
  const scopes = spec.scopes ?? [];
  const again = repeats(scopes);
  for (const [i, s] of scopes.entries()) {
    if (!SCOPES.includes(s)) errors.push(invalid('spec.scopes', scopes, 'unsupported scope'));
    if (again[i]) continue;
    for (const r of hard) if (!fits(s, r)) errors.push(invalid('spec.scopes', scopes, 'unsupported scope applied to resource'));
  }
  for (const pair of PAIRS)
    if (pair.every((s) => (scopes as string[]).includes(s))) errors.push(invalid('spec.scopes', scopes, 'conflicting scopes'));
  return spec.scopeSelector ? [...errors, ...selector(spec, hard)] : errors;
}

function selector(spec: ResourceQuotaSpec, hard: readonly string[]): Errors {
  const errors: Errors = [];
  const path = 'spec.scopeSelector.matchExpressions';
  const expressions = spec.scopeSelector!.matchExpressions ?? [];
  const again = repeats(expressions, (e) => e.scopeName);
  for (const [i, e] of expressions.entries()) {
    if (!SCOPES.includes(e.scopeName)) errors.push(invalid(`${path}.scopeName`, e.scopeName, 'unsupported scope'));
    for (const r of again[i] ? [] : hard)
      if (!fits(e.scopeName, r)) errors.push(invalid(path, spec.scopeSelector, 'unsupported scope applied to resource'));
    if (EXISTS_ONLY.includes(e.scopeName) && e.operator !== 'Exists') {
      const scopes =
        'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
      errors.push(invalid(`${path}.operator`, e.operator, `must be 'Exists' when scope is any of ${scopes}`));
    }
    const values = e.values ?? [];
    if (e.operator === 'In' || e.operator === 'NotIn') {
      if (!values.length)
        errors.push(required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      if (values.length)
        errors.push(invalid(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
    } else errors.push(invalid(`${path}.operator`, e.operator, 'not a valid selector operator'));
  }
  for (const pair of PAIRS)
    if (pair.every((s) => expressions.some((e) => e.scopeName === s)))
      errors.push(invalid('spec.scopeSelector.scopes', spec.scopes ?? null, 'conflicting scopes'));
  return errors;
}

/** `cpu: 1/2, pods: 0/10`. */
function usage({ status }: ResourceQuota, limits: boolean): string {
  return Object.keys(status.hard ?? {})
    .filter((name) => name.startsWith('limits') === limits)
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard![name]}`)
    .join(', ');
}
