/** MutatingAdmissionPolicies: expressions that change what a request brings. Source: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */

import { invalid, required } from '../../meta/field-error.js';
import { table } from '../../util/own.js';
import { type Errors, oneOf, requiredOneOf } from '../check.js';
import { ageColumn, column, integer, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { MutatingAdmissionPolicy, Mutation } from '../types/admissionregistration/v1.js';
import type { MutatingAdmissionPolicy as MutatingAdmissionPolicyV1beta1 } from '../types/admissionregistration/v1beta1.js';
import { paramKindCell, validatePolicy, validateVariables } from './policies.js';
import { validateMutatedOperations } from './rules.js';

const shared = {
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: 'LYmCf+UMVdg=',
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: (object: MutatingAdmissionPolicy) => validate(object),
  validateUpdate: (object: MutatingAdmissionPolicy, old: MutatingAdmissionPolicy) => validate(object, old),
  columns: [
    nameColumn,
    integer<MutatingAdmissionPolicy>('Mutations', ({ spec }) => spec.mutations?.length ?? 0),
    column<MutatingAdmissionPolicy>('ParamKind', ({ spec }) => paramKindCell(spec.paramKind)),
    ageColumn,
  ],
};

export const mutatingAdmissionPolicy = defineResource<MutatingAdmissionPolicy>({ ...shared, version: 'v1' });

export const mutatingAdmissionPolicyV1beta1 = defineResource<MutatingAdmissionPolicyV1beta1>({
  ...(shared as object as Pick<typeof shared, 'group' | 'kind' | 'plural'>),
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicy' },
  convert: renamed('admissionregistration.k8s.io', 'v1beta1', 'v1'),
});

function validate({ spec }: MutatingAdmissionPolicy, old?: MutatingAdmissionPolicy): Errors {
  const mutations = spec.mutations ?? [];
  return [
    ...validatePolicy(spec, old?.spec),
    ...(spec.matchConstraints ? validateMutatedOperations(spec.matchConstraints, 'spec.matchConstraints') : []),
    ...validateVariables(spec.variables ?? []),
    ...(mutations.length ? [] : [required('spec.mutations', 'mutations must contain at least one item')]),
    ...mutations.flatMap((m, i) => mutation(m, `spec.mutations[${i}]`)),
    ...requiredOneOf(spec.reinvocationPolicy, ['IfNeeded', 'Never'], 'spec.reinvocationPolicy'),
  ];
}

const FIELDS = table({ JSONPatch: 'jsonPatch', ApplyConfiguration: 'applyConfiguration' } as const);

function mutation(m: Mutation, path: string): Errors {
  const type = m.patchType as string | undefined;
  if (!type) return [required(`${path}.patchType`)];
  if (type !== 'JSONPatch' && type !== 'ApplyConfiguration') return oneOf(type, Object.keys(FIELDS).sort(), `${path}.patchType`);
  const mine = FIELDS[type];
  const other = mine === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch';
  const given = m[mine];
  return [
    ...(given ? [] : [required(`${path}.${mine}`, `must be specified when patchType is ${type}`)]),
    ...(given && !given.expression?.trim() ? [required(`${path}.${mine}.expression`)] : []),
    ...(m[other] ? [invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${type}`)] : []),
  ];
}
