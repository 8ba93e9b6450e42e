/** Deployments: pods of one template, replaced step by step when the template changes. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors, immutable } from '../check.js';
import { ageColumn, column, containerImages, containerNames, nameColumn, selectorCell, wide } from '../columns.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { alwaysRestarts, validatePodTemplate } from '../core/pod-spec/validate/pod-spec.js';
import { defineResource } from '../define.js';
import { amountOf, atMostWhole, validateIntOrPercent } from '../int-or-percent.js';
import { matchesTemplate, ownerWarnings, readSelector, validateOwnSelector } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import { atMost, notDecremented, notNegative } from '../status-counts.js';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../types/apps/v1.js';

export const deployment = defineResource<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  storageVersionHash: '8aSe+NMegvE=',
  subresources: { status: true, scale: { replicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' } },
  statusKeeps: ['labels'],
  hasGeneration: true,
  generationOf: ({ metadata, spec }) => [spec, metadata.annotations],
  defaults({ spec }) {
    defaultPodSpec(spec.template.spec);
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type !== 'RollingUpdate') return;
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  },
  validate: ({ spec }, context) => validateSpec(spec, context),
  validateUpdate: ({ spec }, old, context) => [
    ...validateSpec(spec, context),
    ...immutable(spec.selector, old.spec.selector, 'spec.selector'),
  ],
  validateStatusUpdate: ({ status }, old) => [
    ...notNegative(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ]),
    ...atMost(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'replicas'),
    ...atMost(status, ['availableReplicas'], 'readyReplicas', 'readyReplicas'),
    ...notDecremented(status, old.status, 'collisionCount'),
  ],
  warnings: ownerWarnings,
  columns: [
    nameColumn,
    column('Ready', ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    column('Up-to-date', ({ status }) => status.updatedReplicas ?? 0),
    column('Available', ({ status }) => status.availableReplicas ?? 0),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.template)),
    wide('Selector', ({ spec }) => selectorCell(spec.selector)),
  ],
});

function validateSpec(spec: DeploymentSpec, context: ValidationContext): Errors {
  const errors = [...atLeastZero(spec.replicas, 'spec.replicas'), ...validateOwnSelector(spec.selector, 'deployment', 'spec.selector')];
  const selector = readSelector(spec.selector);
  if (selector) {
    addAll(errors, matchesTemplate(selector, spec.template, 'spec.template'), validatePodTemplate(spec.template, context, 'spec.template'));
    addAll(errors, alwaysRestarts(spec.template, 'ReplicaSet', 'spec.template'));
  } else errors.push(invalid('spec.selector', spec.selector, 'invalid label selector'));
  addAll(
    errors,
    strategy(spec.strategy),
    atLeastZero(spec.minReadySeconds, 'spec.minReadySeconds'),
    atLeastZero(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  );
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return errors;
  addAll(errors, atLeastZero(deadline, 'spec.progressDeadlineSeconds'));
  if (deadline <= (spec.minReadySeconds ?? 0))
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  return errors;
}

function strategy(s: DeploymentStrategy): Errors {
  const path = 'spec.strategy';
  const rolling = s.rollingUpdate;
  if (s.type === 'Recreate')
    return rolling ? [forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")] : [];
  if (s.type !== 'RollingUpdate') return [notSupported(path, s, ['Recreate', 'RollingUpdate'])];
  if (!rolling) return [required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')];
  const unavailable = rolling.maxUnavailable ?? 0;
  const surge = rolling.maxSurge ?? 0;
  const at = `${path}.rollingUpdate.maxUnavailable`;
  return [
    ...validateIntOrPercent(unavailable, at),
    ...validateIntOrPercent(surge, `${path}.rollingUpdate.maxSurge`),
    ...(amountOf(unavailable) === 0 && amountOf(surge) === 0 ? [invalid(at, unavailable, 'may not be 0 when `maxSurge` is 0')] : []),
    ...atMostWhole(unavailable, at),
  ];
}
