/** From the settings of `k8ts etcd` to what `startEtcd` takes. Everything wrong is said with the name of its flag. */

import { BCRYPT_COST } from '../../etcd/auth/password.js';
import type { AutoCompaction } from '../../etcd/auto-compaction.js';
import { DEFAULT_LIMITS } from '../../etcd/context.js';
import type { StartEtcdOptions } from '../../etcd/listen/start.js';
import type { EtcdTls } from '../../etcd/listen/tls.js';
import { parseDuration } from '../../meta/duration.js';
import { table } from '../../util/own.js';
import { UserError } from '../fail.js';
import type { Settings } from './settings.js';

export type EtcdOptions = Omit<StartEtcdOptions, 'env'>;

export function etcdOptions({ values }: Settings, warn: (text: string) => void): EtcdOptions {
  const text = (name: string): string => values.get(name) ?? '';
  const list = (name: string): string[] => text(name).split(',').filter(Boolean);
  const int = (name: string): number => Number(text(name));
  const name = text('name');
  checkCluster(text, list);
  const autoCompaction = compaction(text('auto-compaction-mode'), text('auto-compaction-retention'));
  const tls = tlsSettings(text, list);
  const listen = list('listen-client-urls');
  for (const flag of ['listen-client-urls', 'listen-metrics-urls']) for (const url of list(flag)) checkUrl(flag, url, tls !== undefined);
  if (tls)
    for (const url of listen.filter((u) => u.startsWith('http:')))
      warn(`${url} is not encrypted: the certificate files count for https URLs alone`);
  if (listen.length === 0) throw new UserError('--listen-client-urls needs a URL such as http://127.0.0.1:2379');
  for (const url of list('advertise-client-urls')) checkUrl('advertise-client-urls', url, true, false);
  checkGates(text('feature-gates'), warn);
  const advertise = list('advertise-client-urls');
  return {
    name,
    dataDir: text('data-dir') || `${name}.etcd`,
    listen,
    listenMetrics: list('listen-metrics-urls'),
    ...(advertise.length > 0 ? { advertiseClientUrls: advertise } : {}),
    peerUrls: list('initial-advertise-peer-urls'),
    ...(tls ? { tls } : {}),
    ...(autoCompaction ? { autoCompaction } : {}),
    limits: {
      quotaBackendBytes: int('quota-backend-bytes') || DEFAULT_LIMITS.quotaBackendBytes,
      maxTxnOps: atLeast('max-txn-ops', int('max-txn-ops'), 1),
      maxRequestBytes: atLeast('max-request-bytes', int('max-request-bytes'), 1),
      watchProgressIntervalMs: atLeast('watch-progress-notify-interval', parseDuration(text('watch-progress-notify-interval'))!, 100),
    },
    auth: { tokenTtl: atLeast('auth-token-ttl', int('auth-token-ttl'), 1), bcryptCost: bcryptCost(int('bcrypt-cost'), warn) },
  };
}

function atLeast(flag: string, value: number, least: number): number {
  if (value < least) throw new UserError(`invalid value for --${flag}: it must be at least ${least}`);
  return value;
}

function bcryptCost(cost: number, warn: (text: string) => void): number {
  if (cost >= BCRYPT_COST.min && cost <= BCRYPT_COST.max) return cost;
  warn(`--bcrypt-cost=${cost} is not between ${BCRYPT_COST.min} and ${BCRYPT_COST.max}: ${BCRYPT_COST.default} is used`);
  return BCRYPT_COST.default;
}

type Text = (name: string) => string;
type List = (name: string) => string[];

function checkCluster(text: Text, list: List): void {
  if (!/^(new|existing)$/.test(text('initial-cluster-state')))
    throw new UserError(`invalid value "${text('initial-cluster-state')}" for --initial-cluster-state: it takes new or existing`);
  if (!text('auth-token').startsWith('simple'))
    throw new UserError(`--auth-token=${text('auth-token')} is not offered: tokens are simple ones; leave the flag out`);
  if (text('auth-token') !== 'simple') throw new UserError(`--auth-token=${text('auth-token')}: simple takes no options`);
  if (text('logger') !== 'zap') throw new UserError(`--logger=${text('logger')}: only zap is known, which is one JSON object per line`);
  const members = new Set(list('initial-cluster').map((entry) => entry.split('=')[0]!));
  if (members.size === 0) return;
  if (members.size > 1)
    throw new UserError(
      `--initial-cluster names ${members.size} members (${[...members].join(', ')}), and this store has one: run a real etcd for several members and give its URLs to kube-apiserver --etcd-servers`,
    );
  if (!members.has(text('name')))
    throw new UserError(`--initial-cluster names ${[...members][0]}, and --name is ${text('name')}: they must be the same`);
  const urls = list('initial-cluster').map((entry) => entry.slice(entry.indexOf('=') + 1));
  for (const url of urls) checkUrl('initial-cluster', url, true, false);
  if (urls.sort().join() !== list('initial-advertise-peer-urls').sort().join())
    throw new UserError(
      `--initial-cluster has ${urls.join()}, and --initial-advertise-peer-urls ${text('initial-advertise-peer-urls')}: they must be the same`,
    );
}

function checkUrl(flag: string, text: string, secure: boolean, binds = true): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:\/\/[^/]*:\d+\/?$/.test(text))
    throw new UserError(`invalid value "${text}" for --${flag}: it takes URLs such as http://127.0.0.1:2379, several with commas`);
  if (!binds) return;
  if (!/^(localhost|[\d.]+|\[[\da-f:.]+\])$/i.test(url.hostname))
    throw new UserError(`--${flag}: expected IP in URL for binding (${text})`);
  if (url.protocol === 'https:' && !secure) throw new UserError(`--${flag}: ${text} needs --cert-file and --key-file`);
}

/** etcd's forms: hours or a duration for periodic, a number for revision; 0 is off. */
function compaction(mode: string, retention: string): AutoCompaction | undefined {
  if (mode !== 'periodic' && mode !== 'revision')
    throw new UserError(`unknown auto-compaction-mode "${mode}": it takes periodic or revision`);
  const isNumber = /^\d+$/.test(retention);
  const ms = parseDuration(retention);
  if (!isNumber && (mode === 'revision' || ms === undefined || ms < 0))
    throw new UserError(
      `invalid value "${retention}" for --auto-compaction-retention: it takes ${mode === 'revision' ? 'a number of revisions' : 'hours, or a duration such as 30m'}`,
    );
  if (mode === 'revision') return Number(retention) > 0 ? { mode, retention: Number(retention) } : undefined;
  const retentionMs = isNumber ? Number(retention) * 3_600_000 : ms!;
  return retentionMs > 0 ? { mode, retentionMs } : undefined;
}

const TLS_VERSIONS = table({ 'TLS1.2': 'TLSv1.2', 'TLS1.3': 'TLSv1.3' } as const);

/** What is nothing without a certificate of the server's own. */
const ABOUT_TLS = ['trusted-ca-file', 'client-crl-file', 'cipher-suites', 'tls-max-version'] as const;

function tlsSettings(text: Text, list: List): EtcdTls | undefined {
  const [certFile, keyFile] = [text('cert-file'), text('key-file')];
  if (!certFile !== !keyFile)
    throw new UserError(`--${certFile ? 'key-file' : 'cert-file'} is missing: --cert-file and --key-file go together`);
  const clientCertAuth = /^(1|t|true)$/i.test(text('client-cert-auth'));
  if (clientCertAuth && !text('trusted-ca-file')) throw new UserError('--client-cert-auth needs --trusted-ca-file');
  const version = (flag: string) => {
    const value = text(flag);
    if (value === '') return undefined;
    if (!(value in TLS_VERSIONS)) throw new UserError(`invalid value "${value}" for --${flag}: it takes TLS1.2 or TLS1.3`);
    return TLS_VERSIONS[value as keyof typeof TLS_VERSIONS];
  };
  const [minVersion, maxVersion] = [version('tls-min-version'), version('tls-max-version')];
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2')
    throw new UserError('--tls-min-version is above --tls-max-version: no client could connect');
  if (!certFile) {
    const idle = ABOUT_TLS.find((flag) => text(flag) !== '') ?? (clientCertAuth ? 'client-cert-auth' : undefined);
    if (idle) throw new UserError(`--${idle} needs --cert-file and --key-file: without them clients are not asked for a certificate`);
    return undefined;
  }
  return {
    certFile,
    keyFile,
    clientCertAuth,
    ...(text('trusted-ca-file') ? { trustedCaFile: text('trusted-ca-file') } : {}),
    ...(text('client-crl-file') ? { crlFile: text('client-crl-file') } : {}),
    ...(minVersion ? { minVersion } : {}),
    ...(maxVersion ? { maxVersion } : {}),
    ...(list('cipher-suites').length > 0 ? { ciphers: list('cipher-suites').map(opensslName) } : {}),
  };
}

/** OpenSSL's name of a TLS 1.2 suite: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256 there. */
function opensslName(suite: string): string {
  const parts = /^TLS_(ECDHE_ECDSA|ECDHE_RSA|RSA)_WITH_(AES_128|AES_256|CHACHA20)_(GCM|CBC|POLY1305)(?:_(SHA|SHA256|SHA384))?$/.exec(suite);
  if (!parts) throw new UserError(`--cipher-suites: ${suite} is not known; it takes names such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`);
  const [, exchange, cipher, mode, hash] = parts as unknown as [string, string, string, string, string | undefined];
  const head = exchange === 'RSA' ? '' : `${exchange.replace('_', '-')}-`;
  if (mode === 'POLY1305') return `${head}CHACHA20-POLY1305`;
  return `${head}${cipher.replace('_', '')}-${mode === 'GCM' ? 'GCM-' : ''}${hash}`;
}

/** Gates of etcd 3.6 that are off here, as they are there unless asked for. */
const OFF_GATES = new Set(['AllAlpha', 'AllBeta', 'LeaseCheckpoint', 'LeaseCheckpointPersist', 'SetMemberLocalAddr']);
/** Gates of etcd 3.6 that make no difference here: they are about other members, or on already. */
const HARMLESS_GATES = new Set(['InitialCorruptCheck', 'CompactHashCheck', 'StopGRPCServiceOnDefrag', 'TxnModeWriteWithSharedBuffer']);

function checkGates(text: string, warn: (text: string) => void): void {
  for (const entry of text.split(',').filter(Boolean)) {
    const [gate = '', value = ''] = entry.split('=');
    if (!/^(true|false)$/i.test(value))
      throw new UserError(`invalid value "${entry}" for --feature-gates: it takes NAME=true or NAME=false`);
    if (HARMLESS_GATES.has(gate)) warn(`the feature gate ${gate} has no meaning for a single member`);
    else if (!OFF_GATES.has(gate)) throw new UserError(`unrecognized feature gate: ${gate}`);
    else if (/^true$/i.test(value)) throw new UserError(`the feature gate ${gate} is not offered: remove it from --feature-gates`);
  }
}
