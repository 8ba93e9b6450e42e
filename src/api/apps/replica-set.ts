/** ReplicaSets: a number of pods kept alive. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
import { invalid } from '../../meta/field-error.js';
import { atLeastZero, type Errors, immutable } from '../check.js';
import { ageColumn, containerImages, containerNames, integer, nameColumn, selectorCell, wide } from '../columns.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { alwaysRestarts, validatePodTemplate } from '../core/pod-spec/validate/pod-spec.js';
import { defineResource } from '../define.js';
import { matchesTemplate, ownerWarnings, readSelector, validateOwnSelector } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import { atMost, notNegative } from '../status-counts.js';
import type { ReplicaSet, ReplicaSetSpec } from '../types/apps/v1.js';

export const replicaSet = defineResource<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  storageVersionHash: 'P1RzHs8/mWQ=',
  subresources: { status: true, scale: { replicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' } },
  hasGeneration: true,
  defaults: ({ spec }) => defaultPodSpec(spec.template.spec),
  validate: ({ spec }, context) => validateSpec(spec, context),
  validateUpdate: ({ spec }, old, context) => [
    ...validateSpec(spec, context),
    ...immutable(spec.selector, old.spec.selector, 'spec.selector'),
  ],
  validateStatusUpdate: ({ status }) => [
    ...notNegative(status, [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ]),
    ...atMost(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas'),
    ...atMost(status, ['availableReplicas'], 'readyReplicas', 'readyReplicas'),
  ],
  warnings: ownerWarnings,
  columns: [
    nameColumn,
    integer('Desired', ({ spec }) => spec.replicas ?? 0),
    integer('Current', ({ status }) => status.replicas),
    integer('Ready', ({ status }) => status.readyReplicas ?? 0),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.template)),
    wide('Selector', ({ spec }) => selectorCell(spec.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
});

function validateSpec(spec: ReplicaSetSpec, context: ValidationContext): Errors {
  const path = 'spec.template';
  const errors = [
    ...atLeastZero(spec.replicas, 'spec.replicas'),
    ...atLeastZero(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateOwnSelector(spec.selector, 'deployment', 'spec.selector'),
  ];
  const selector = readSelector(spec.selector);
  if (!selector) return [...errors, invalid('spec.selector', spec.selector, 'invalid label selector')];
  return [
    ...errors,
    ...matchesTemplate(selector, spec.template, path),
    ...validatePodTemplate(spec.template, context, path),
    ...alwaysRestarts(spec.template, 'ReplicaSet', path),
  ];
}
