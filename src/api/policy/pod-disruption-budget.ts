/** PodDisruptionBudgets: how many pods an eviction must leave. Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */
import { invalid } from '../../meta/field-error.js';
import { validateConditions, validateLabelSelector } from '../../meta/metadata.js';
import { pathSegmentName } from '../../meta/names.js';
import { type Errors, oneOf } from '../check.js';
import { ageColumn, column, integer, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { atMostWhole, type IntOrPercent, validateIntOrPercent } from '../int-or-percent.js';
import { notNegative } from '../status-counts.js';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../types/policy/v1.js';

const amount = (value: IntOrPercent | undefined): string => (value === undefined ? 'N/A' : String(value));

export const podDisruptionBudget = defineResource<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  storageVersionHash: 'EVWiDmWqyJw=',
  subresources: { status: true },
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validateName: pathSegmentName,
  validate: ({ spec }) => [
    ...(spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
      ? [invalid('spec', shown(spec), 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...limit(spec.minAvailable, 'spec.minAvailable'),
    ...limit(spec.maxUnavailable, 'spec.maxUnavailable'),
    ...validateLabelSelector(spec.selector, 'spec.selector'),
    ...(spec.unhealthyPodEvictionPolicy === undefined
      ? []
      : oneOf(spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'], 'spec.unhealthyPodEvictionPolicy')),
  ],
  validateStatusUpdate: ({ status }) => [
    ...validateConditions(status.conditions, 'status.conditions'),
    ...notNegative(status, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']),
  ],
  columns: [
    nameColumn,
    column('Min Available', ({ spec }) => amount(spec.minAvailable)),
    column('Max Unavailable', ({ spec }) => amount(spec.maxUnavailable)),
    integer('Allowed Disruptions', ({ status }) => status.disruptionsAllowed ?? 0),
    ageColumn,
  ],
});

const limit = (value: IntOrPercent | undefined, path: string): Errors =>
  value === undefined ? [] : [...validateIntOrPercent(value, path), ...atMostWhole(value, path)];

/** As the server's own structure is shown. */
const shown = (spec: PodDisruptionBudgetSpec): object => ({
  MinAvailable: spec.minAvailable ?? null,
  Selector: spec.selector ?? null,
  MaxUnavailable: spec.maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
});
