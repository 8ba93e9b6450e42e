/** CronJobs: Jobs that are made at set times. Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
import { CronError, parseCron } from '../../meta/cron.js';
import { invalid, notSupported, required } from '../../meta/field-error.js';
import { age } from '../../meta/human-duration.js';
import { atLeastZero, type Errors, requiredOneOf } from '../check.js';
import { ageColumn, column, containerImages, containerNames, integer, nameColumn, selectorCell, wide } from '../columns.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { defineResource } from '../define.js';
import { nameWarnings } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import type { CronJob, CronJobSpec } from '../types/batch/v1.js';
import { jobWarnings, validateJobSpec } from './job-spec.js';

/** A Job's name is the CronJob's and eleven characters. */
const MAX_NAME = 52;
const JOB = 'spec.jobTemplate.spec';

export const cronJob = defineResource<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  storageVersionHash: 'sd5LIXh4Fjs=',
  subresources: { status: true },
  hasGeneration: true,
  defaults: ({ spec }) => defaultPodSpec(spec.jobTemplate.spec.template.spec),
  validate({ metadata, spec }, context) {
    const errors = validateSpec(spec, undefined, context);
    if ((metadata.name?.length ?? 0) > MAX_NAME)
      errors.push(invalid('metadata.name', metadata.name, `must be no more than ${MAX_NAME} characters`));
    return errors;
  },
  validateUpdate: ({ spec }, old, context) => validateSpec(spec, old.spec, context),
  warnings({ metadata, spec }, old) {
    const changed = !old || metadata.generation !== old.metadata.generation;
    return [
      ...(old ? [] : nameWarnings(metadata.name)),
      ...(changed ? jobWarnings(spec.jobTemplate.spec, JOB) : []),
      ...(old && spec.schedule.includes('TZ')
        ? [
            'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
          ]
        : []),
    ];
  },
  columns: [
    nameColumn,
    column('Schedule', ({ spec }) => spec.schedule),
    column('Timezone', ({ spec }) => spec.timeZone ?? '<none>'),
    column('Suspend', ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False')),
    integer('Active', ({ status }) => (status.active ?? []).length),
    column('Last Schedule', ({ status }, now) => (status.lastScheduleTime ? age(status.lastScheduleTime, now) : '<none>')),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.jobTemplate.spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.jobTemplate.spec.template)),
    wide('Selector', ({ spec }) => selectorCell(spec.jobTemplate.spec.selector)),
  ],
});

function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined, context: ValidationContext): Errors {
  const job = spec.jobTemplate.spec;
  return [
    ...(spec.schedule ? schedule(spec, old) : [required('spec.schedule')]),
    ...atLeastZero(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(old && old.timeZone === spec.timeZone ? [] : timeZone(spec.timeZone)),
    ...requiredOneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'),
    ...validateJobSpec(job, context, JOB),
    ...(job.selector ? [invalid(`${JOB}.selector`, job.selector, '`selector` will be auto-generated')] : []),
    ...(job.manualSelector ? [notSupported(`${JOB}.manualSelector`, true, ['nil', 'false'])] : []),
    ...atLeastZero(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...atLeastZero(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  ];
}

/** A time zone in the schedule is tolerated where it stands from old times. */
function schedule({ schedule: text, timeZone: zone }: CronJobSpec, old: CronJobSpec | undefined): Errors {
  const path = 'spec.schedule';
  const errors: Errors = [];
  try {
    parseCron(text);
  } catch (e) {
    if (!(e instanceof CronError)) throw e;
    errors.push(invalid(path, text, e.message));
  }
  if (!text.includes('TZ')) return errors;
  if (!old?.schedule.includes('TZ')) errors.push(invalid(path, text, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (zone !== undefined) errors.push(invalid(path, text, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  return errors;
}

const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

function timeZone(zone: string | undefined): Errors {
  const path = 'spec.timeZone';
  if (zone === undefined) return [];
  if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(path, zone, `unknown time zone ${zone}`);
  if (zone.split('/').some((part) => part === '.' || part === '..' || part.startsWith('-') || !ZONE_PART.test(part))) return [unknown];
  if (zone.toLowerCase() === 'local')
    return [invalid(path, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')];
  return isZone(zone) ? [] : [unknown];
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}
