/**
 * What an etcd answers, as the store's errors, and the one question that matters after a failure: may the request be sent again?
 * etcd tells its errors apart by their text. Source: https://github.com/etcd-io/etcd/blob/main/api/v3rpc/rpctypes/error.go
 */
import { type ServiceError, status } from '@grpc/grpc-js';
import { CompactedError, FutureRevisionError, KeyNotFoundError, LeaseExistsError, LeaseNotFoundError } from '../store.js';

/** An etcd refused a request or could not be reached. `message` is etcd's own text where etcd spoke. */
export class RemoteStoreError extends Error {
  constructor(
    /** The gRPC code. */
    readonly code: number,
    message: string,
    /** Whether a write may have been carried out although it failed. */
    readonly unknownOutcome = false,
  ) {
    super(message);
    this.name = 'RemoteStoreError';
  }
}

/** Said before anything was proposed to the cluster, or of a proposal that was thrown away: a write may be sent again. */
const NOT_DONE = new Set([
  'etcdserver: no leader',
  'etcdserver: too many requests',
  'etcdserver: not capable',
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  'raft proposal dropped',
]);
/** The second: a signed token of before a change of users or roles. */
const STALE_TOKEN = new Set(['etcdserver: invalid auth token', 'etcdserver: revision of auth store is old']);

/** Codes after which a read is sent to another member. */
const TRANSIENT = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.INTERNAL, status.CANCELLED, status.ABORTED]);

export const neverSent = (e: ServiceError): boolean =>
  NOT_DONE.has(e.details) || (e.code === status.UNAVAILABLE && e.details.startsWith('No connection established'));

/** How a watch is refused: until 3.5 in the same words whether the token is stale or the user may not. */
export const watchRefused = (reason: string): boolean => /invalid auth token|permission denied/.test(reason);

export const tokenIsStale = (e: ServiceError): boolean => STALE_TOKEN.has(e.details);

export const mayRepeat = (e: ServiceError, write: boolean): boolean => neverSent(e) || (!write && TRANSIENT.has(e.code));

/** `compactRevision` of a CompactedError is 0 here: the text does not say it. */
export function toStoreError(e: ServiceError, write: boolean): Error {
  switch (e.details) {
    case 'etcdserver: mvcc: required revision has been compacted':
      return new CompactedError(0);
    case 'etcdserver: mvcc: required revision is a future revision':
      return new FutureRevisionError();
    case 'etcdserver: key not found':
      return new KeyNotFoundError();
    case 'etcdserver: requested lease not found':
      return new LeaseNotFoundError();
    case 'etcdserver: lease already exists':
      return new LeaseExistsError();
  }
  const unknown = write && TRANSIENT.has(e.code) && !neverSent(e);
  return new RemoteStoreError(e.code, unknown ? `${e.details} (it is not known whether the write was carried out)` : e.details, unknown);
}
