/** PodTemplates: a pod to be, kept for others to use. */
import { column, containerImages, containerNames, labelsCell, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { PodTemplate } from '../types/core/v1.js';
import { defaultPodSpec } from './pod-spec/defaults.js';
import { validatePodTemplate } from './pod-spec/validate/pod-spec.js';
import { templateWarnings } from './pod-spec/warnings.js';

export const podTemplate = defineResource<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  storageVersionHash: 'LIXB2x4IFpk=',
  hasGeneration: true,
  defaults: ({ template }) => defaultPodSpec(template.spec),
  validate: ({ template }, context) => validatePodTemplate(template, context, 'template'),
  warnings: ({ template }) => templateWarnings(template, 'template'),
  columns: [
    nameColumn,
    column('Containers', ({ template }) => containerNames(template)),
    column('Images', ({ template }) => containerImages(template)),
    column('Pod Labels', ({ template }) => labelsCell(template.metadata?.labels)),
  ],
});
