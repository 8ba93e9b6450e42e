/**
 * The one catalogue of API errors. A `StatusError` carries the Status object that goes over the wire; its factories are named by reason.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
import { ENOUGH_ERRORS, type FieldError } from './field-error.js';
import { groupResource } from './gvk.js';

export type Reason =
  | ''
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'StoreReadError'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: Reason;
  details?: StatusDetails;
  code?: number;
}

/** An answer of the API that is not a success. `status` is what the client sees. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(code: number, reason: Reason, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason ? { reason } : {}),
      ...(details ? { details } : {}),
      code,
    };
  }
  /** HTTP status code. */
  get code(): number {
    return this.status.code ?? 500;
  }
  get reason(): Reason {
    return this.status.reason ?? '';
  }
  /** From a Status received over the wire. */
  static from(status: Status): StatusError {
    const e = new StatusError(status.code ?? 500, status.reason ?? '', status.message ?? 'unknown', status.details);
    return e;
  }
}

/** Which resource an error is about. */
export interface About {
  readonly group: string;
  /** Plural resource name (not the kind). */
  readonly resource: string;
}

const about = (a: About, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(a.group ? { group: a.group } : {}),
  kind: a.resource,
});

export const notFoundError = (a: About, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${groupResource(a.group, a.resource)} ${JSON.stringify(name)} not found`, about(a, name));

export const alreadyExistsError = (a: About, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${groupResource(a.group, a.resource)} ${JSON.stringify(name)} already exists`, about(a, name));

export const conflictError = (a: About, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(a.group, a.resource)} ${JSON.stringify(name)}: ${why}`,
    about(a, name),
  );

/** Optimistic locking lost: the object is newer than the one that was changed. */
export const modifiedError = (a: About, name: string): StatusError =>
  conflictError(a, name, 'the object has been modified; please apply your changes to the latest version and try again');

/** So many are told one by one, of so many characters: an answer is not a hundred times as long as what it answers. */
const TOLD_ERRORS = 1000;
const TOLD_LENGTH = 1_000_000;

function told(all: readonly FieldError[]): readonly FieldError[] {
  let length = 0;
  const past = all.findIndex((e, i) => i >= TOLD_ERRORS || (length += e.field.length + e.message.length) > TOLD_LENGTH);
  return past < 0 ? all : all.slice(0, Math.max(past, 1));
}

/** 422: `errors` in the order they were found. `group` and `kind` are of the object, not the resource. */
export function invalidError(group: string, kind: string, name: string, all: readonly FieldError[]): StatusError {
  const errors = told(all);
  const lines = errors.map((e) => `${e.field}: ${e.message}`);
  const unique = [...new Set(lines)];
  const more = all.length - errors.length;
  if (more) unique.push(all.length > ENOUGH_ERRORS ? `and more than ${more - 1} more` : `and ${more} more`);
  const text = unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`;
  return new StatusError(
    422,
    'Invalid',
    `${groupResource(group, kind)} ${JSON.stringify(name)} is invalid${errors.length ? `: ${text}` : ''}`,
    {
      ...(name ? { name } : {}),
      ...(group ? { group } : {}),
      kind,
      ...(errors.length ? { causes: errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field })) } : {}),
    },
  );
}

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);
export const unauthorized = (message = 'Unauthorized'): StatusError => new StatusError(401, 'Unauthorized', message);
export const forbiddenError = (a: About, name: string, why: string): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    `${groupResource(a.group, a.resource)}${name ? ` ${JSON.stringify(name)}` : ''} is forbidden: ${why}`,
    about(a, name),
  );
export const methodNotSupported = (a: About, verb: string): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(groupResource(a.group, a.resource))}`,
    about(a, ''),
  );
export const notAcceptable = (message: string): StatusError => new StatusError(406, 'NotAcceptable', message);
export const unsupportedMediaType = (message: string): StatusError => new StatusError(415, 'UnsupportedMediaType', message);
export const tooLarge = (message: string): StatusError => new StatusError(413, 'RequestEntityTooLarge', message);
export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);
export const gone = (message: string): StatusError => new StatusError(410, 'Gone', message);
export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
export const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message);
export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
export const timeoutError = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: ${message}`, { retryAfterSeconds });

const reasonIs = (e: unknown, reason: Reason): boolean => e instanceof StatusError && e.reason === reason;
export const isNotFound = (e: unknown): boolean => reasonIs(e, 'NotFound');
export const isAlreadyExists = (e: unknown): boolean => reasonIs(e, 'AlreadyExists');
export const isConflict = (e: unknown): boolean => reasonIs(e, 'Conflict');
export const isInvalid = (e: unknown): boolean => reasonIs(e, 'Invalid');
export const isForbidden = (e: unknown): boolean => reasonIs(e, 'Forbidden');
/** A create was refused because its namespace is going: there is nothing to try again. */
export const isNamespaceTerminating = (e: unknown): boolean =>
  isForbidden(e) && ((e as StatusError).status.details?.causes?.some((c) => c.reason === 'NamespaceTerminating') ?? false);
/** The resource version is too old to list or watch from. */
export const isExpired = (e: unknown): boolean => e instanceof StatusError && e.code === 410;
