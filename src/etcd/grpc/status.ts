/** gRPC status codes and the errors of the etcd API: code and text as etcd gives them, since clients tell them apart by their text. */

import { ProtoError } from '../../store/proto/codec.js';
import {
  CompactedError,
  FutureRevisionError,
  KeyNotFoundError,
  LeaseExistsError,
  LeaseNotFoundError,
  StoreFailedError,
} from '../../store/store.js';

export const Code = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export class GrpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'GrpcError';
  }
}

const error = (code: number, text: string) => () => new GrpcError(code, `etcdserver: ${text}`);

export const errors = {
  emptyKey: error(Code.invalidArgument, 'key is not provided'),
  valueProvided: error(Code.invalidArgument, 'value is provided'),
  leaseProvided: error(Code.invalidArgument, 'lease is provided'),
  tooManyOps: error(Code.invalidArgument, 'too many operations in txn request'),
  duplicateKey: error(Code.invalidArgument, 'duplicate key given in txn request'),
  invalidSortOption: error(Code.invalidArgument, 'invalid sort option'),
  requestTooLarge: error(Code.invalidArgument, 'request is too large'),
  keyNotFound: error(Code.invalidArgument, 'key not found'),
  leaseTtlTooLarge: error(Code.outOfRange, 'too large lease TTL'),
  noSpace: error(Code.resourceExhausted, 'mvcc: database space exceeded'),
  memberNotFound: error(Code.notFound, 'member not found'),
  badTransferee: error(Code.failedPrecondition, 'bad leader transferee'),
  authNotEnabled: error(Code.failedPrecondition, 'authentication is not enabled'),
};

/** For what the API names and this server does not do. */
export const notDone = (what: string): GrpcError => new GrpcError(Code.unimplemented, `k8ts: ${what}`);

/** A full disk is what etcd calls space that is used up; a broken one has no name there. */
function diskFailed(e: StoreFailedError): GrpcError {
  const { code } = (e.cause ?? {}) as { code?: string };
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new GrpcError(Code.resourceExhausted, `etcdserver: mvcc: database space exceeded (${e.message})`)
    : new GrpcError(Code.internal, `etcdserver: ${e.message}`);
}

export function toGrpcError(e: unknown): GrpcError {
  if (e instanceof GrpcError) return e;
  const text = e instanceof Error ? e.message : String(e);
  if (e instanceof CompactedError || e instanceof FutureRevisionError) return new GrpcError(Code.outOfRange, text);
  if (e instanceof KeyNotFoundError) return new GrpcError(Code.invalidArgument, text);
  if (e instanceof LeaseNotFoundError) return new GrpcError(Code.notFound, text);
  if (e instanceof LeaseExistsError) return new GrpcError(Code.failedPrecondition, text);
  if (e instanceof StoreFailedError) return diskFailed(e);
  if (e instanceof ProtoError) return new GrpcError(Code.internal, `grpc: error unmarshalling request: ${text}`);
  return new GrpcError(Code.unknown, text);
}
