/**
 * The flags of etcd 3.6, one line each: this table drives parsing, environment names and help.
 * Source: https://etcd.io/docs/v3.6/op-guide/configuration/
 */

type Kind = 'text' | 'list' | 'bool' | 'int' | 'duration';

export interface Flag {
  readonly name: string;
  readonly kind: Kind;
  readonly default?: string;
  readonly help: string;
  /**
   * `used`: does its work. `alone`: taken, and said to have no meaning with a single member. Else: only the default is taken, and
   * another value is refused with this text.
   */
  readonly use: 'used' | 'alone' | { readonly refused: string };
}

const flag = (kind: Kind, use: Flag['use'], name: string, help: string, value?: string): Flag => ({
  name,
  kind,
  use,
  help,
  ...(value !== undefined ? { default: value } : {}),
});
const used = (kind: Kind, name: string, help: string, value?: string): Flag => flag(kind, 'used', name, help, value);
const alone = (kind: Kind, name: string, help: string): Flag => flag(kind, 'alone', name, help);
const refused = (kind: Kind, name: string, help: string, why: string, value?: string): Flag =>
  flag(kind, { refused: why }, name, help, value);

const MEMBER: readonly Flag[] = [
  used('text', 'config-file', 'YAML file with these settings; other flags and the environment do not count then'),
  used('text', 'name', 'name of this member', 'default'),
  used('text', 'data-dir', 'where the data is (default: NAME.etcd)'),
  refused('text', 'wal-dir', 'a directory of its own for the log', 'the log is the store: put --data-dir on the fast disk'),
  used('list', 'listen-client-urls', 'where clients reach it', 'http://localhost:2379'),
  used('list', 'advertise-client-urls', 'where clients are told to reach it'),
  used('list', 'listen-metrics-urls', 'further URLs of /metrics and /health'),
  refused('list', 'listen-client-http-urls', 'HTTP apart from gRPC', 'both are served on --listen-client-urls'),
  used('int', 'quota-backend-bytes', 'raise the alarm NOSPACE at this size; 0: 2 GiB, negative: never', '0'),
  used('int', 'max-txn-ops', 'operations in a transaction', '128'),
  used('int', 'max-request-bytes', 'bytes of a request', '1572864'),
  used('text', 'auto-compaction-mode', 'periodic or revision', 'periodic'),
  used('text', 'auto-compaction-retention', 'hours, a duration, or revisions to keep; 0: off', '0'),
  used('duration', 'watch-progress-notify-interval', 'how often an idle watch hears that it is up to date', '10m'),
  used('text', 'initial-cluster-state', 'new or existing', 'new'),
  used('list', 'initial-cluster', 'NAME=PEER-URL of the one member'),
  used('list', 'initial-advertise-peer-urls', 'peer URLs as the member list shows them', 'http://localhost:2380'),
  used('text', 'feature-gates', 'NAME=true|false, several with commas'),
  alone('list', 'listen-peer-urls', 'where other members reach it'),
  alone('text', 'initial-cluster-token', 'a name for the cluster'),
  alone('int', 'snapshot-count', 'log entries between snapshots'),
  alone('int', 'heartbeat-interval', 'milliseconds between heartbeats'),
  alone('int', 'election-timeout', 'milliseconds until an election'),
  alone('bool', 'initial-election-tick-advance', 'hurry the first election'),
  alone('int', 'max-snapshots', 'snapshot files kept'),
  alone('int', 'max-wals', 'log files kept'),
  alone('int', 'max-learners', 'learners in the cluster'),
  alone('bool', 'pre-vote', 'ask before an election'),
  alone('bool', 'strict-reconfig-check', 'refuse member changes that lose the quorum'),
  alone('bool', 'force-new-cluster', 'make a one-member cluster'),
  alone('duration', 'raft-read-timeout', 'of peer connections'),
  alone('duration', 'raft-write-timeout', 'of peer connections'),
  alone('int', 'snapshot-catchup-entries', 'entries kept for slow members'),
];

const SECURITY: readonly Flag[] = [
  used('text', 'cert-file', 'server certificate, for https URLs'),
  used('text', 'key-file', 'its key'),
  used('text', 'trusted-ca-file', 'authority of client certificates; clients without one are refused'),
  used('bool', 'client-cert-auth', "the common name of the client's certificate is its user's name", 'false'),
  used('text', 'client-crl-file', 'revoked client certificates'),
  used('text', 'tls-min-version', 'TLS1.2 or TLS1.3', 'TLS1.2'),
  used('text', 'tls-max-version', 'TLS1.2 or TLS1.3'),
  used('list', 'cipher-suites', 'cipher suites of TLS 1.2'),
  used('text', 'auth-token', 'simple', 'simple'),
  used('int', 'auth-token-ttl', 'seconds that a token lives unused', '300'),
  used('int', 'bcrypt-cost', 'cost of hashing a password, 4 to 31', '10'),
  refused('bool', 'auto-tls', 'make certificates', 'make certificates and give --cert-file and --key-file', 'false'),
  refused('text', 'client-cert-allowed-hostname', 'a name the client certificate must have', 'use roles for what a client may do'),
  refused('text', 'client-cert-file', 'certificate for calls to itself', 'no call goes from etcd to itself'),
  refused('text', 'client-key-file', 'its key', 'no call goes from etcd to itself'),
  refused('text', 'cors', 'origins', 'there is no JSON gateway', '*'),
  refused('text', 'host-whitelist', 'host names', 'there is no JSON gateway', '*'),
  refused('bool', 'enable-grpc-gateway', 'JSON over HTTP', 'there is no JSON gateway', 'false'),
  ...[
    'cert-file',
    'key-file',
    'trusted-ca-file',
    'client-cert-file',
    'client-key-file',
    'crl-file',
    'cert-allowed-cn',
    'cert-allowed-hostname',
  ].map((name) => alone('text', `peer-${name}`, 'of connections between members')),
  ...['client-cert-auth', 'auto-tls', 'skip-client-san-verification'].map((name) =>
    alone('bool', `peer-${name}`, 'of connections between members'),
  ),
];

const REST: readonly Flag[] = [
  used('text', 'log-level', 'debug, info, warn, error, panic or fatal', 'info'),
  used('text', 'logger', 'zap', 'zap'),
  used('list', 'log-outputs', 'default, stderr, stdout or a file', 'default'),
  refused('text', 'log-format', 'json', 'lines are JSON', 'json'),
  refused('bool', 'enable-log-rotation', 'rotate log files', 'let logrotate do it', 'false'),
  refused('bool', 'enable-pprof', "Go's profiler", 'use node --cpu-prof', 'false'),
  refused('text', 'metrics', 'basic or extensive', 'only basic is counted', 'basic'),
  refused('bool', 'unsafe-no-fsync', 'do not wait for the disk', 'an acknowledged write is on the disk', 'false'),
  refused('bool', 'enable-distributed-tracing', 'OpenTelemetry', 'nothing is traced', 'false'),
  refused('text', 'v2-deprecation', 'phase of the end of API v2', 'there is no API v2', 'write-only'),
  ...['discovery', 'discovery-srv', 'discovery-token', 'discovery-endpoints'].map((name) =>
    refused('text', name, 'find other members', 'the store has one member; use a real etcd for several'),
  ),
];

export const FLAGS: readonly Flag[] = [...MEMBER, ...SECURITY, ...REST];

/** Names of older releases. */
export const ALIASES: Readonly<Record<string, string>> = {
  'experimental-watch-progress-notify-interval': 'watch-progress-notify-interval',
  'experimental-peer-skip-client-san-verification': 'peer-skip-client-san-verification',
  'experimental-snapshot-catchup-entries': 'snapshot-catchup-entries',
};

/** Flags of older releases that became feature gates. */
export const GATE_FLAGS: Readonly<Record<string, string>> = { 'experimental-initial-corrupt-check': 'InitialCorruptCheck' };

export const environmentName = (flagName: string): string => `ETCD_${flagName.toUpperCase().replaceAll('-', '_')}`;
