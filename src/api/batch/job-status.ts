/** What may be written to a Job's status: a rule holds when something it looks at changes. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#delegation-of-managing-a-job-object-to-external-controller */

import { duplicate, invalid, required } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors, same } from '../check.js';
import type { Job, JobStatus } from '../types/batch/v1.js';
import { overlap, readIndexes } from './indexes.js';
import { withoutValue } from './job-policies.js';

export const isTrue = ({ conditions }: JobStatus, type: string): boolean =>
  (conditions ?? []).some((c) => c.type === type && c.status === 'True');
const isFinished = (status: JobStatus): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

export function validateJobStatus(job: Job, old: Job): Errors {
  const { status } = job;
  const errors = (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((name) =>
    atLeastZero(status[name], `status.${name}`),
  );
  addAll(errors, uncounted(status), outcome(job, old), finished(job, old), indexes(job, old), successCriteria(job));
  return [...errors, ...transition(job, old)];
}

function uncounted({ uncountedTerminatedPods: pods }: JobStatus): Errors {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, i) => {
      const at = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (!uid) return [invalid(at, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(at, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

const changed = (job: Job, old: Job, ...fields: (keyof JobStatus)[]): boolean =>
  fields.some((name) => !same(job.status[name], old.status[name]));
const flipped = (job: Job, old: Job, ...types: string[]): boolean =>
  types.some((type) => isTrue(job.status, type) !== isTrue(old.status, type));

/** Conditions and times that belong together. */
function outcome(job: Job, old: Job): Errors {
  const { status } = job;
  const complete = isTrue(status, 'Complete');
  const failed = isTrue(status, 'Failed');
  const target = isTrue(status, 'FailureTarget');
  const errors: Errors = [];
  const refuse = (text: string) => errors.push(withoutValue('status.conditions', text));
  if (flipped(job, old, 'Complete', 'Failed') && complete && failed) refuse('cannot set Complete=True and Failed=true conditions');
  if (flipped(job, old, 'Complete', 'FailureTarget') && complete && target)
    refuse('cannot set Complete=True and FailureTarget=true conditions');
  if (flipped(job, old, 'Complete') || changed(job, old, 'completionTime')) {
    if (status.completionTime && !complete)
      errors.push(
        invalid('status.completionTime', status.completionTime, 'cannot set completionTime when there is no Complete=True condition'),
      );
    if (!status.completionTime && complete) errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  const { startTime, completionTime } = status;
  if (changed(job, old, 'startTime', 'completionTime') && startTime && completionTime && completionTime < startTime)
    errors.push(invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'));
  if ((flipped(job, old, 'Failed') || changed(job, old, 'failedIndexes')) && failed && !target)
    refuse('cannot set Failed=True condition without the FailureTarget=true condition');
  if (flipped(job, old, 'Complete', 'SuccessCriteriaMet') && complete && !isTrue(status, 'SuccessCriteriaMet'))
    refuse('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  return errors;
}

/** A finished Job has no pods left, and has started. */
function finished(job: Job, old: Job): Errors {
  const { status, spec } = job;
  const errors: Errors = [];
  const ended = isFinished(status);
  const flips = ended !== isFinished(old.status);
  if ((flips || changed(job, old, 'active')) && ended && (status.active ?? 0) > 0)
    errors.push(invalid('status.active', status.active, 'active>0 is invalid for finished job'));
  const neverRan = spec.suspend === true && spec.completions === 0;
  if ((flips || changed(job, old, 'startTime')) && !neverRan && ended && !status.startTime)
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  const pods = status.uncountedTerminatedPods;
  if ((flips || changed(job, old, 'uncountedTerminatedPods')) && ended && (pods?.failed?.length ?? 0) + (pods?.succeeded?.length ?? 0) > 0)
    errors.push(invalid('status.uncountedTerminatedPods', pods, 'must be empty for finished job'));
  if ((flips || changed(job, old, 'terminating')) && ended && (status.terminating ?? 0) > 0)
    errors.push(invalid('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'));
  return errors;
}

function indexes(job: Job, old: Job): Errors {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec;
  const { completedIndexes = '', failedIndexes, ready, active } = job.status;
  const errors: Errors = [];
  const check = (name: 'completedIndexes' | 'failedIndexes', text: string) => {
    const { wrong } = readIndexes(text, completions ?? 0);
    if (wrong) errors.push(invalid(`status.${name}`, text, `error parsing ${name}: ${wrong}`));
  };
  const completedChanged = changed(job, old, 'completedIndexes');
  const failedChanged = changed(job, old, 'failedIndexes');
  if (completedChanged && completions !== undefined) check('completedIndexes', completedIndexes);
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined)
    check('failedIndexes', failedIndexes);
  if (completedChanged && completedIndexes && completionMode !== 'Indexed')
    errors.push(
      invalid('status.completedIndexes', completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'),
    );
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined)
    errors.push(invalid('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  const both = (completedChanged || failedChanged) && completions !== undefined;
  const shared = both ? overlap(completedIndexes, failedIndexes ?? '', completions) : undefined;
  if (shared !== undefined)
    errors.push(invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${shared}`));
  if (changed(job, old, 'ready', 'active') && (ready ?? 0) > (active ?? 0))
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  return errors;
}

function successCriteria({ status, spec }: Job): Errors {
  const met = isTrue(status, 'SuccessCriteriaMet');
  const errors: Errors = [];
  const refuse = (text: string) => errors.push(withoutValue('status.conditions', text));
  if (met && isTrue(status, 'Failed')) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met && isTrue(status, 'FailureTarget')) refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec.successPolicy && !met && isTrue(status, 'Complete'))
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  return errors;
}

/** What may not be taken back. */
function transition(job: Job, old: Job): Errors {
  const { status, spec } = job;
  const errors: Errors = [];
  const refuse = (text: string) => errors.push(withoutValue('status.conditions', text));
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (isTrue(old.status, type) && !isTrue(status, type)) refuse(`cannot disable the terminal ${type}=True condition`);
  const mayShrink = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const name of ['failed', 'succeeded'] as const) {
    if ((status[name] ?? 0) < (old.status[name] ?? 0) && !(name === 'succeeded' && mayShrink))
      errors.push(invalid(`status.${name}`, status[name] ?? 0, `cannot decrease the ${name} counter`));
  }
  if (status.completionTime && old.status.completionTime && changed(job, old, 'completionTime'))
    errors.push(invalid('status.completionTime', status.completionTime, 'field is immutable'));
  const isFalse = (status.conditions ?? []).some((c) => c.type === 'Suspended' && c.status === 'False');
  const resuming = isTrue(old.status, 'Suspended') && isFalse;
  if (!resuming && old.status.startTime && changed(job, old, 'startTime') && !spec.suspend)
    errors.push(invalid('status.startTime', status.startTime ?? null, 'field is immutable for unsuspended job once set'));
  if (!isTrue(old.status, 'SuccessCriteriaMet') && isTrue(status, 'SuccessCriteriaMet') && isTrue(old.status, 'Complete'))
    refuse('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  if (isTrue(old.status, 'SuccessCriteriaMet') && !isTrue(status, 'SuccessCriteriaMet'))
    refuse('cannot disable the SuccessCriteriaMet=True condition');
  return errors;
}
