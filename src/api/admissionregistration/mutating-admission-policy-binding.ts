/** MutatingAdmissionPolicyBindings: where a policy that changes objects holds. Source: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */
import type { Errors } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { MutatingAdmissionPolicyBinding } from '../types/admissionregistration/v1.js';
import type { MutatingAdmissionPolicyBinding as MutatingAdmissionPolicyBindingV1beta1 } from '../types/admissionregistration/v1beta1.js';
import { paramRefCell, validateBinding } from './policies.js';
import { validateMutatedOperations } from './rules.js';

const shared = {
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: '90V5FRZZ3Zg=',
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: ({ spec }: MutatingAdmissionPolicyBinding): Errors => [
    ...validateBinding(spec),
    ...(spec.matchResources ? validateMutatedOperations(spec.matchResources, 'spec.matchResources') : []),
  ],
  columns: [
    nameColumn,
    column<MutatingAdmissionPolicyBinding>('PolicyName', ({ spec }) => spec.policyName ?? ''),
    column<MutatingAdmissionPolicyBinding>('ParamRef', ({ spec }) => paramRefCell(spec.paramRef)),
    ageColumn,
  ],
};

export const mutatingAdmissionPolicyBinding = defineResource<MutatingAdmissionPolicyBinding>({ ...shared, version: 'v1' });

export const mutatingAdmissionPolicyBindingV1beta1 = defineResource<MutatingAdmissionPolicyBindingV1beta1>({
  ...(shared as object as Pick<typeof shared, 'group' | 'kind' | 'plural'>),
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicyBinding' },
  convert: renamed('admissionregistration.k8s.io', 'v1beta1', 'v1'),
});
