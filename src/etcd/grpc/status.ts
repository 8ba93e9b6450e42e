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
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
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
  corrupt: error(Code.dataLoss, 'corrupt cluster'),
  noSpace: error(Code.resourceExhausted, 'mvcc: database space exceeded'),
  memberNotFound: error(Code.notFound, 'member not found'),
  memberBadUrls: error(Code.invalidArgument, 'given member URLs are invalid'),
  peerUrlExists: error(Code.failedPrecondition, 'Peer URLs already exists'),
  memberNotLearner: error(Code.failedPrecondition, 'can only promote a learner member'),
  memberNotEnoughStarted: error(Code.unknown, 're-configuration failed due to not enough started members'),
  downgradeVersionFormat: error(Code.invalidArgument, 'wrong downgrade target version format'),
  downgradeTarget: error(Code.invalidArgument, 'invalid downgrade target version'),
  badTransferee: error(Code.failedPrecondition, 'bad leader transferee'),

  authNotEnabled: error(Code.failedPrecondition, 'authentication is not enabled'),
  authFailed: error(Code.invalidArgument, 'authentication failed, invalid user ID or password'),
  invalidAuthToken: error(Code.unauthenticated, 'invalid auth token'),
  invalidAuthManagement: error(Code.invalidArgument, 'invalid auth management'),
  permissionDenied: error(Code.permissionDenied, 'permission denied'),
  permissionNotGiven: error(Code.invalidArgument, 'permission not given'),
  permissionNotGranted: error(Code.failedPrecondition, 'permission is not granted to the role'),
  rootUserMissing: error(Code.failedPrecondition, 'root user does not exist'),
  rootRoleMissing: error(Code.failedPrecondition, 'root user does not have root role'),
  userEmpty: error(Code.invalidArgument, 'user name is empty'),
  userExists: error(Code.failedPrecondition, 'user name already exists'),
  userNotFound: error(Code.failedPrecondition, 'user name not found'),
  roleEmpty: error(Code.invalidArgument, 'role name is empty'),
  roleExists: error(Code.failedPrecondition, 'role name already exists'),
  roleNotFound: error(Code.failedPrecondition, 'role name not found'),
  roleNotGranted: error(Code.failedPrecondition, 'role is not granted to the user'),
  /** etcd has no code of its own for this one: it is answered as unknown, with the text of its inside. */
  noPasswordUser: () => new GrpcError(Code.unknown, 'auth: authentication failed, password was given for no password user'),
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
