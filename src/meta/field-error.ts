/**
 * What is wrong with one field of an object. Each factory gives the words and the cause reason that Kubernetes gives.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ (StatusCause)
 */
export interface FieldError {
  /** `spec.template.spec.containers[0].image`, `metadata.labels[a]`. */
  readonly field: string;
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueNotFound'
    | 'FieldValueTypeInvalid'
    | 'InternalError';
  /** Without the field: `Invalid value: 0: must be greater than zero`. */
  readonly message: string;
}

/** How Go's `%#v` or JSON shows a bad value in a message: strings are quoted, objects are JSON. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

const error = (field: string, reason: FieldError['reason'], message: string): FieldError => ({ field, reason, message });
const detail = (head: string, text: string): string => (text ? `${head}: ${text}` : head);

export const required = (field: string, text = ''): FieldError => error(field, 'FieldValueRequired', detail('Required value', text));
export const invalid = (field: string, value: unknown, text = ''): FieldError =>
  error(field, 'FieldValueInvalid', detail(`Invalid value: ${show(value)}`, text));
export const forbidden = (field: string, text = ''): FieldError => error(field, 'FieldValueForbidden', detail('Forbidden', text));
export const duplicate = (field: string, value: unknown): FieldError =>
  error(field, 'FieldValueDuplicate', `Duplicate value: ${show(value)}`);
export const notFound = (field: string, value: unknown): FieldError => error(field, 'FieldValueNotFound', `Not found: ${show(value)}`);
export const tooLong = (field: string, max: number): FieldError =>
  error(field, 'FieldValueTooLong', `Too long: may not be more than ${max} bytes`);
export const tooMany = (field: string, actual: number, max: number): FieldError =>
  error(field, 'FieldValueTooMany', `Too many: ${actual}: must have at most ${max} items`);
export const typeInvalid = (field: string, value: unknown, text = ''): FieldError =>
  error(field, 'FieldValueTypeInvalid', detail(`Invalid value: ${show(value)}`, text));
export const internal = (field: string, text: string): FieldError => error(field, 'InternalError', `Internal error: ${text}`);
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  error(
    field,
    'FieldValueNotSupported',
    `Unsupported value: ${show(value)}${supported.length ? `: supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}` : ''}`,
  );
