/** PriorityClasses: which pods are placed first, and which give way. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass */

import { forbidden } from '../../meta/field-error.js';
import { table } from '../../util/own.js';
import { type Errors, immutable, requiredOneOf } from '../check.js';
import { ageColumn, boolean, column, integer, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { PriorityClass } from '../types/scheduling/v1.js';

const HIGHEST_OF_USERS = 1_000_000_000;
const SYSTEM = 'system-';
/** The classes that the cluster itself makes. */
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = table({
  'system-node-critical': 2 * HIGHEST_OF_USERS + 1000,
  'system-cluster-critical': 2 * HIGHEST_OF_USERS,
});

export const priorityClass = defineResource<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  storageVersionHash: '1QwjyaZjj3Y=',
  hasGeneration: true,
  generationOf: () => undefined,
  validate(object) {
    const { preemptionPolicy } = object;
    const policy =
      preemptionPolicy === undefined ? [] : requiredOneOf(preemptionPolicy, ['PreemptLowerPriority', 'Never'], 'preemptionPolicy');
    return [...priority(object), ...policy];
  },
  validateUpdate: (object, old) => [
    ...((object.value ?? 0) === (old.value ?? 0) ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...immutable(object.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy'),
  ],
  columns: [
    nameColumn,
    integer('Value', ({ value }) => value ?? 0),
    boolean('Global-Default', ({ globalDefault }) => globalDefault ?? false),
    ageColumn,
    column('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
});

function priority({ metadata, value = 0, globalDefault }: PriorityClass): Errors {
  const name = metadata.name ?? '';
  if (!name.startsWith(SYSTEM))
    return value > HIGHEST_OF_USERS ? [forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`)] : [];
  const why = systemProblem(name, value, globalDefault ?? false);
  return why
    ? [forbidden('metadata.name', `priority class names with '${SYSTEM}' prefix are reserved for system use only. error: ${why}`)]
    : [];
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const expected = SYSTEM_PRIORITIES[name];
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
