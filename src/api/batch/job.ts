/** Jobs: pods that run until enough of them have succeeded. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

import { invalid, required } from '../../meta/field-error.js';
import { humanDuration } from '../../meta/human-duration.js';
import { selectorFromObject } from '../../meta/labels.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { dns1123Label } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, immutable } from '../check.js';
import { ageColumn, column, containerImages, containerNames, nameColumn, selectorCell, wide } from '../columns.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { defineResource } from '../define.js';
import { nameWarnings, readSelector } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import type { Job, JobSpec } from '../types/batch/v1.js';
import type { PodTemplateSpec } from '../types/core/v1.js';
import { jobWarnings, validateJobSpec } from './job-spec.js';
import { isTrue, validateJobStatus } from './job-status.js';

const INT32_MAX = 2 ** 31 - 1;
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'];
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'];

export const job = defineResource<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  storageVersionHash: 'mudhfqk/qZY=',
  subresources: { status: true },
  hasGeneration: true,
  orphansByDefault: true,
  metadataLooks: 2,
  defaults({ metadata, spec }) {
    if (spec.parallelism === undefined && spec.completions === undefined) spec.completions = 1;
    spec.parallelism ??= 1;
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX;
    const { labels } = spec.template.metadata ?? {};
    // The very same labels: those that the template gets on create are the Job's as well.
    if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = labels;
    spec.completionMode ??= 'NonIndexed';
    spec.suspend ??= false;
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
    spec.manualSelector ??= false;
    defaultPodSpec(spec.template.spec);
  },
  prepareCreate(object) {
    object.status = {};
    if (!object.spec.manualSelector) selectOwnPods(object);
  },
  validate: (object, context) => validateJob(object, true, context),
  validateUpdate(object, old, context) {
    const labels = old.spec.template.metadata?.labels ?? {};
    const newLabels = 'batch.kubernetes.io/job-name' in labels && 'batch.kubernetes.io/controller-uid' in labels;
    return [...validateJob(object, newLabels, context), ...validateWithSelector(object.spec, context), ...specUpdate(object, old)];
  },
  validateStatusUpdate: (object, old) => validateJobStatus(object, old),
  warnings: (object, old) => [
    ...(old ? [] : nameWarnings(object.metadata.name)),
    ...(old && object.metadata.generation === old.metadata.generation ? [] : jobWarnings(object.spec, 'spec')),
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
  columns: [
    nameColumn,
    column('Status', statusCell),
    column('Completions', ({ spec, status }) => {
      const done = status.succeeded ?? 0;
      if (spec.completions !== undefined) return `${done}/${spec.completions}`;
      return (spec.parallelism ?? 0) > 1 ? `${done}/1 of ${spec.parallelism}` : `${done}/1`;
    }),
    column('Duration', ({ status }, now) => {
      if (!status.startTime) return '';
      return humanDuration((status.completionTime ? Date.parse(status.completionTime) : now) - Date.parse(status.startTime));
    }),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.template)),
    wide('Selector', ({ spec }) => selectorCell(spec.selector)),
  ],
});

function statusCell({ metadata, status }: Job): string {
  if (isTrue(status, 'Complete')) return 'Complete';
  if (isTrue(status, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => isTrue(status, type)) ?? 'Running';
}

/** A Job finds its pods by its own uid, unless it brings a selector of its own. What stands there already is checked later. */
function selectOwnPods({ metadata, spec }: Job): void {
  const labels = (spec.template.metadata!.labels ??= {});
  for (const name of NAME_LABELS) labels[name] ??= metadata.name ?? '';
  for (const name of UID_LABELS) labels[name] ??= metadata.uid ?? '';
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels['batch.kubernetes.io/controller-uid'] ??= metadata.uid ?? '';
  if (metadata.labels === labels) metadata.labels = { ...labels };
}

function validateJob(object: Job, newLabels: boolean, context: ValidationContext): Errors {
  const { metadata, spec } = object;
  const errors = [...ownSelector(object, newLabels), ...validateWithSelector(spec, context)];
  if (spec.completionMode !== 'Indexed' || (spec.completions ?? 0) <= 0) return errors;
  const last = `${metadata.name ?? ''}-${spec.completions! - 1}`;
  if (dns1123Label(last).length)
    errors.push(invalid('metadata.name', metadata.name ?? '', `will not able to create pod with invalid DNS label: ${last}`));
  return errors;
}

function ownSelector({ metadata, spec }: Job, newLabels: boolean): Errors {
  if (spec.manualSelector || !spec.selector) return [];
  const { uid = '', name = '' } = metadata;
  const expected: [string, string][] = [
    [UID_LABELS[0]!, uid],
    [NAME_LABELS[0]!, name],
  ];
  if (newLabels) expected.push([UID_LABELS[1]!, uid], [NAME_LABELS[1]!, name]);
  const errors: Errors = uid ? [] : [required('metadata.uid')];
  for (const [key, value] of expected) addAll(errors, hasLabel(spec.template, key, value));
  const selector = readSelector(spec.selector);
  if (selector && !selector.matches(Object.fromEntries(expected)))
    errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  return errors;
}

function hasLabel({ metadata }: PodTemplateSpec, key: string, value: string): Errors {
  const path = `spec.template.metadata.labels[${key}]`;
  const found = metadata?.labels?.[key];
  if (found === undefined) return [required(path, `must be '${value}'`)];
  return found === value ? [] : [invalid(path, metadata?.labels, `must be '${value}'`)];
}

/** The spec of a Job, which has a selector, unlike a CronJob's. */
function validateWithSelector(spec: JobSpec, context: ValidationContext): Errors {
  const errors = validateJobSpec(spec, context, 'spec');
  addAll(errors, spec.selector ? validateLabelSelector(spec.selector, 'spec.selector') : [required('spec.selector')]);
  const labels = spec.template.metadata?.labels;
  if (!selects(spec, labels))
    errors.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'));
  return errors;
}

function selects({ selector }: JobSpec, labels: Record<string, string> | undefined): boolean {
  try {
    return selectorFromObject(selector).matches(labels);
  } catch {
    return true;
  }
}

function specUpdate({ spec }: Job, old: Job): Errors {
  const fixed = (name: keyof JobSpec): Errors => immutable(spec[name], old.spec[name], `spec.${name}`);
  return [
    ...completionsUpdate(spec, old.spec),
    ...fixed('selector'),
    ...templateUpdate(spec, old),
    ...(['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const).flatMap(fixed),
  ];
}

function completionsUpdate(spec: JobSpec, old: JobSpec): Errors {
  const { completions } = spec;
  if (spec.completionMode !== 'Indexed') return immutable(completions, old.completions, 'spec.completions');
  if (completions === old.completions || completions === undefined || completions === spec.parallelism) return [];
  return [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While a Job is suspended and has no pods, where and with what its pods will run may change. */
function templateUpdate(spec: JobSpec, old: Job): Errors {
  const suspended = old.spec.suspend === true;
  const idle = suspended && (!old.status.startTime || isTrue(old.status, 'Suspended')) && (old.status.active ?? 0) === 0;
  const before = idle ? withNewPlacement(old.spec.template, spec.template) : old.spec.template;
  if (!idle) return immutable(spec.template, before, 'spec.template');
  return immutable(spec.template.spec, withNewResources(before, spec.template).spec, 'spec.template.spec');
}

function withNewPlacement(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates } = now.spec;
  const { nodeAffinity: _old, ...others } = old.spec.affinity ?? {};
  const affinity = { ...others, ...(now.spec.affinity?.nodeAffinity ? { nodeAffinity: now.spec.affinity.nodeAffinity } : {}) };
  const kept = now.spec.affinity || Object.keys(others).length ? affinity : undefined;
  const spec = { ...old.spec, nodeSelector, tolerations, schedulingGates, affinity: kept } as PodTemplateSpec['spec'];
  const metadata = { ...old.metadata, labels: now.metadata?.labels, annotations: now.metadata?.annotations } as PodTemplateSpec['metadata'];
  return { ...old, metadata, spec } as PodTemplateSpec;
}

function withNewResources(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const list = (name: 'containers' | 'initContainers') => {
    const before = old.spec[name] ?? [];
    const after = now.spec[name] ?? [];
    if (before.length !== after.length) return before;
    return before.map((c, i) => (c.name === after[i]!.name ? { ...c, resources: after[i]!.resources } : c));
  };
  return { ...old, spec: { ...old.spec, containers: list('containers'), initContainers: list('initContainers') } } as PodTemplateSpec;
}
