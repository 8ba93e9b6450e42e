/** ReplicationControllers: the forerunner of ReplicaSets. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/ */

import { invalid, required } from '../../meta/field-error.js';
import { selectorFromMap } from '../../meta/labels.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors } from '../check.js';
import { ageColumn, containerImages, containerNames, integer, labelsCell, nameColumn, wide } from '../columns.js';
import { defineResource } from '../define.js';
import { ownerWarnings } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import { atMost, notNegative } from '../status-counts.js';
import type { ReplicationController, ReplicationControllerSpec } from '../types/core/v1.js';
import { defaultPodSpec } from './pod-spec/defaults.js';
import { alwaysRestarts, validatePodTemplate } from './pod-spec/validate/pod-spec.js';

export const replicationController = defineResource<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  keyPrefix: '/registry/controllers',
  storageVersionHash: 'Jond2If31h0=',
  subresources: { status: true, scale: { replicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' } },
  hasGeneration: true,
  orphansByDefault: true,
  defaults({ metadata, spec }) {
    if (spec.template) defaultPodSpec(spec.template.spec);
    const labels = spec.template?.metadata?.labels;
    if (!labels || !Object.keys(labels).length) return;
    if (!Object.keys(spec.selector ?? {}).length) spec.selector = { ...labels };
    if (!Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels };
  },
  validate: ({ spec }, context) => validateSpec(spec, context),
  validateStatusUpdate: ({ status }) => [
    ...notNegative(status, ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration']),
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
    wide('Selector', ({ spec }) => labelsCell(spec.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
});

function validateSpec(spec: ReplicationControllerSpec, context: ValidationContext): Errors {
  const errors = [...atLeastZero(spec.minReadySeconds, 'spec.minReadySeconds')];
  const selector = selectorFromMap(spec.selector);
  if (selector.empty) errors.push(required('spec.selector'));
  addAll(errors, spec.replicas === undefined ? [required('spec.replicas')] : atLeastZero(spec.replicas, 'spec.replicas'));
  const { template } = spec;
  if (!template) return [...errors, required('spec.template')];
  if (!selector.empty && !selector.matches(template.metadata?.labels))
    errors.push(invalid('spec.template.metadata.labels', template.metadata?.labels ?? null, '`selector` does not match template `labels`'));
  return [
    ...errors,
    ...validatePodTemplate(template, context, 'spec.template'),
    ...alwaysRestarts(template, 'ReplicationController', 'spec.template'),
  ];
}
