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
  if (typeof value === 'object') return showObject(value);
  return String(value);
}

/** A list or an object is shown to this length. */
const SHOWN_LENGTH = 50_000;
let last: object | undefined;
let lastText = '';

/** Of a list that many entries are wrong in, each error shows the whole: its text is made once, and shared. What is checked stays as it is meanwhile. */
function showObject(value: object): string {
  if (value === last) return lastText;
  const text = JSON.stringify(value);
  lastText = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  if (!last) void Promise.resolve().then(forget);
  last = value;
  return lastText;
}

function forget(): void {
  last = undefined;
  lastText = '';
}

/** More are not looked for: none but the first are told. */
export const ENOUGH_ERRORS = 10_000;
class Enough extends Error {}
let found: FieldError[] | undefined;

/** What a check finds, or the first of it: whoever sends a list of which each entry is wrong in five ways is not owed a million errors. */
export function findErrors(check: () => FieldError[]): FieldError[] {
  // Within another.
  if (found) return check();
  const mine: FieldError[] = [];
  found = mine;
  try {
    return check();
  } catch (e) {
    if (!(e instanceof Enough)) throw e;
    return mine;
  } finally {
    found = undefined;
  }
}

function error(field: string, reason: FieldError['reason'], message: string): FieldError {
  const e: FieldError = { field, reason, message };
  if (found && found.push(e) > ENOUGH_ERRORS) throw new Enough();
  return e;
}
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
