/** ValidatingAdmissionPolicyBindings: where a policy holds, and what happens to those who break it. Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
import { duplicate, invalid, required } from '../../meta/field-error.js';
import { type Errors, oneOf, repeats } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration/v1.js';
import { paramRefCell, validateBinding } from './policies.js';

export const validatingAdmissionPolicyBinding = defineResource<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: 'v9715VZqakg=',
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: ({ spec }) => [...validateBinding(spec), ...actions(spec.validationActions ?? [])],
  columns: [
    nameColumn,
    column('PolicyName', ({ spec }) => spec.policyName ?? ''),
    column('ParamRef', ({ spec }) => paramRefCell(spec.paramRef)),
    ageColumn,
  ],
});

function actions(list: readonly string[]): Errors {
  const path = 'spec.validationActions';
  const again = repeats(list);
  const errors = list.flatMap((action, i) => [
    ...oneOf(action, ['Audit', 'Deny', 'Warn'], `${path}[${i}]`),
    ...(again[i] ? [duplicate(`${path}[${i}]`, action)] : []),
  ]);
  if (list.includes('Deny') && list.includes('Warn'))
    errors.push(
      invalid(
        path,
        list,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (!list.length) errors.push(required(path, 'at least one validation action is required'));
  return errors;
}
