/** DaemonSets: one pod on every node that fits. Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */

import { invalid, notSupported, required } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors, immutable, same } from '../check.js';
import { ageColumn, column, containerImages, containerNames, integer, labelsCell, nameColumn, selectorCell, wide } from '../columns.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { alwaysRestarts, validatePodTemplate } from '../core/pod-spec/validate/pod-spec.js';
import { defineResource } from '../define.js';
import { amountOf, atMostWhole, validateIntOrPercent } from '../int-or-percent.js';
import { ownerWarnings, readSelector } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import { notDecremented, notNegative } from '../status-counts.js';
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../types/apps/v1.js';

export const daemonSet = defineResource<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  storageVersionHash: 'dd7pWHUlMKQ=',
  subresources: { status: true },
  hasGeneration: true,
  defaults({ spec }) {
    defaultPodSpec(spec.template.spec);
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type !== 'RollingUpdate') return;
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  },
  prepareCreate(set) {
    set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: '1' };
  },
  prepareUpdate(set, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const now = same(set.spec.template, old.spec.template) ? before : before + 1;
    set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(now) };
  },
  validate: ({ spec }, context) => validateSpec(spec, context),
  validateUpdate: ({ spec }, old, context) => [
    ...immutable(spec.selector, old.spec.selector, 'spec.selector'),
    ...validateSpec(spec, context),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...notNegative(status, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...notDecremented(status, old.status, 'collisionCount'),
  ],
  warnings: (o, old) => [...ownerWarnings(o, old, false), ...historyWarning(o.spec.revisionHistoryLimit)],
  columns: [
    nameColumn,
    integer('Desired', ({ status }) => status.desiredNumberScheduled),
    integer('Current', ({ status }) => status.currentNumberScheduled),
    integer('Ready', ({ status }) => status.numberReady),
    integer('Up-to-date', ({ status }) => status.updatedNumberScheduled ?? 0),
    integer('Available', ({ status }) => status.numberAvailable ?? 0),
    column('Node Selector', ({ spec }) => labelsCell(spec.template.spec.nodeSelector)),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.template)),
    wide('Selector', ({ spec }) => selectorCell(spec.selector)),
  ],
});

/** Old clients look here for how often the template changed. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

const historyWarning = (limit: number | undefined): string[] =>
  (limit ?? 0) < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : [];

function validateSpec(spec: DaemonSetSpec, context: ValidationContext): Errors {
  const errors = validateLabelSelector(spec.selector, 'spec.selector');
  const selector = readSelector(spec.selector);
  if (selector && !selector.matches(spec.template.metadata?.labels))
    errors.push(
      invalid('spec.template.metadata.labels', spec.template.metadata?.labels ?? null, '`selector` does not match template `labels`'),
    );
  if (spec.selector && !Object.keys(spec.selector.matchLabels ?? {}).length && !spec.selector.matchExpressions?.length)
    errors.push(invalid('spec.selector', spec.selector, 'empty selector is invalid for daemonset'));
  addAll(errors, validatePodTemplate(spec.template, context, 'spec.template'), alwaysRestarts(spec.template, 'DaemonSet', 'spec.template'));
  addAll(errors, atLeastZero(spec.minReadySeconds, 'spec.minReadySeconds'), strategy(spec.updateStrategy));
  return [...errors, ...atLeastZero(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit')];
}

function strategy(s: DaemonSetUpdateStrategy): Errors {
  const path = 'spec.updateStrategy';
  const rolling = s.rollingUpdate;
  if (s.type === 'OnDelete') return [];
  if (s.type !== 'RollingUpdate') return [notSupported(path, s, ['RollingUpdate', 'OnDelete'])];
  if (!rolling) return [required(`${path}.rollingUpdate`)];
  const unavailable = rolling.maxUnavailable ?? 0;
  const surge = rolling.maxSurge ?? 0;
  const at = (field: string) => `${path}.rollingUpdate.${field}`;
  const errors = [
    ...validateIntOrPercent(unavailable, at('maxUnavailable')),
    ...validateIntOrPercent(surge, at('maxSurge')),
    ...atMostWhole(unavailable, at('maxUnavailable')),
    ...atMostWhole(surge, at('maxSurge')),
  ];
  if (amountOf(unavailable) !== 0 && amountOf(surge) !== 0)
    errors.push(invalid(at('maxSurge'), surge, 'may not be set when maxUnavailable is non-zero'));
  else if (amountOf(unavailable) === 0 && amountOf(surge) === 0)
    errors.push(required(at('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  return errors;
}
