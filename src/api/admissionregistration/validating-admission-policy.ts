/** ValidatingAdmissionPolicies: expressions that a request must satisfy. Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
import { duplicate, invalid, required } from '../../meta/field-error.js';
import { validateConditions, validateLabelName } from '../../meta/metadata.js';
import { type Errors, oneOf, repeats } from '../check.js';
import { ageColumn, column, integer, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { ValidatingAdmissionPolicy, Validation } from '../types/admissionregistration/v1.js';
import { paramKindCell, validatePolicy, validateVariables } from './policies.js';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const MAX_ANNOTATIONS = 20;
const MAX_VALUE_EXPRESSION = 5 * 1024;

export const validatingAdmissionPolicy = defineResource<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: '6OxvlMmQ6is=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: (object) => validate(object),
  validateUpdate: (object, old) => validate(object, old),
  validateStatusUpdate: ({ status }) => [
    ...(status.typeChecking?.expressionWarnings ?? []).flatMap((w, i) => {
      const path = `status.typeChecking.expressionWarnings[${i}]`;
      return [...(w.warning ? [] : [required(`${path}.warning`)]), ...(w.fieldRef?.trim() ? [] : [required(`${path}.fieldRef`)])];
    }),
    ...validateConditions(status.conditions, 'status.conditions'),
  ],
  columns: [
    nameColumn,
    integer('Validations', ({ spec }) => spec.validations?.length ?? 0),
    column('ParamKind', ({ spec }) => paramKindCell(spec.paramKind)),
    ageColumn,
  ],
});

function validate(object: ValidatingAdmissionPolicy, old?: ValidatingAdmissionPolicy): Errors {
  const { spec } = object;
  const errors = [...validatePolicy(spec, old?.spec), ...validateVariables(spec.variables ?? [])];
  if (!spec.validations?.length && !spec.auditAnnotations?.length) {
    const why = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)];
  }
  return [...errors, ...(spec.validations ?? []).flatMap((v, i) => validation(v, `spec.validations[${i}]`)), ...annotations(object)];
}

function validation({ expression, message = '', messageExpression = '', reason }: Validation, path: string): Errors {
  const blank = (text: string) => text.length > 0 && !text.trim();
  return [
    ...(expression?.trim() ? [] : [required(`${path}.expression`, 'expression is not specified')]),
    ...(blank(messageExpression) ? [invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified')] : []),
    ...(blank(message)
      ? [invalid(`${path}.message`, message, 'must be non-empty if specified')]
      : /[\n\r]/.test(message.trim())
        ? [invalid(`${path}.message`, message, 'must not contain line breaks')]
        : []),
    ...(reason === undefined ? [] : oneOf(reason, REASONS, `${path}.reason`)),
  ];
}

function annotations({ metadata, spec }: ValidatingAdmissionPolicy): Errors {
  const list = spec.auditAnnotations ?? [];
  const path = 'spec.auditAnnotations';
  const again = repeats(list, (a) => a.key ?? '');
  return [
    ...(list.length > MAX_ANNOTATIONS ? [invalid(path, list, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`)] : []),
    ...list.flatMap(({ key = '', valueExpression = '' }, i) => {
      const at = `${path}[${i}]`;
      const value = valueExpression.trim();
      return [
        ...(metadata.name
          ? validateLabelName(`${metadata.name}/${key}`, `${at}.key`)
          : [invalid(`${at}.key`, key, 'requires metadata.name be non-empty')]),
        ...(value ? [] : [required(`${at}.valueExpression`, 'valueExpression is not specified')]),
        ...(value.length > MAX_VALUE_EXPRESSION
          ? [required(`${at}.valueExpression`, `must not exceed ${MAX_VALUE_EXPRESSION} bytes in length`)]
          : []),
        ...(again[i] ? [duplicate(`${at}.key`, key)] : []),
      ];
    }),
  ];
}
