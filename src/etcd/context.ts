/** What every service of the etcd server is given. */

import type { Draft } from '../store/proto/message.js';
import type { Store } from '../store/store.js';
import type { Env } from '../util/component.js';
import type { AlarmBook } from './alarms.js';
import type { Auth } from './auth/auth.js';

/** The etcd that we answer as: clients choose features by it. */
export const ETCD_VERSION = '3.6.14';
export const ETCD_CLUSTER_VERSION = '3.6.0';

export interface EtcdContext {
  readonly store: Store;
  readonly env: Env;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The term of a single member's raft; it grows with each start of a data directory. */
  readonly raftTerm: bigint;
  readonly name: string;
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
  readonly alarms: AlarmBook;
  readonly auth: Auth;
  readonly limits: EtcdLimits;
  /** A new SHA-256. */
  readonly sha256: () => Digest;
}

/** A digest over bytes that come in pieces. */
export interface Digest {
  update(bytes: Uint8Array): unknown;
  /** The digest of all so far; nothing may follow. */
  digest(): Uint8Array;
}

export interface EtcdLimits {
  readonly maxRequestBytes: number;
  readonly maxTxnOps: number;
  /** Bytes; 0 or less: none. */
  readonly quotaBackendBytes: number;
  /** How often a watch with `progress_notify` hears that it is up to date. */
  readonly watchProgressIntervalMs: number;
}

export const DEFAULT_LIMITS: EtcdLimits = {
  maxRequestBytes: 1.5 * 1024 * 1024,
  maxTxnOps: 128,
  quotaBackendBytes: 2 * 1024 * 1024 * 1024,
  watchProgressIntervalMs: 10 * 60 * 1000,
};

export const header = (c: EtcdContext, revision: number): Draft<'Header'> => ({
  clusterId: c.clusterId,
  memberId: c.memberId,
  revision,
  raftTerm: c.raftTerm,
});
