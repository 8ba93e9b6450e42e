import { describe, expect, it } from 'vitest';
import { etcdOptions } from './options.js';
import { settle } from './settings.js';

function read(line: string, environment: Record<string, string> = {}, file = '') {
  const flags = new Map(
    line
      .split(' ')
      .filter(Boolean)
      .map((word) => {
        const [, name = '', value = 'true'] = /^--([^=]+)(?:=(.*))?$/.exec(word)!;
        return [name, value] as const;
      }),
  );
  const settings = settle({ flags, environment, readFile: () => file });
  const warnings = [...settings.warnings];
  return { options: etcdOptions(settings, (text) => warnings.push(text)), warnings };
}

const HAND_BUILT =
  `--name=etcd1 --cert-file=a --key-file=b --peer-cert-file=a --peer-key-file=b --trusted-ca-file=c --peer-trusted-ca-file=c
 --initial-advertise-peer-urls=https://10.0.0.1:2380 --listen-peer-urls=https://10.0.0.1:2380
 --listen-client-urls=https://10.0.0.1:2379,http://127.0.0.1:2379 --advertise-client-urls=https://10.0.0.1:2379
 --initial-cluster-token=etcd-cluster-0 --initial-cluster=etcd1=https://10.0.0.1:2380 --initial-cluster-state=new --data-dir=/var/lib/etcd`.replace(
    /\n/g,
    '',
  );

const KUBEADM = `--advertise-client-urls=https://10.0.0.1:2379 --cert-file=a --client-cert-auth=true --data-dir=/var/lib/etcd
 --experimental-initial-corrupt-check=true --experimental-watch-progress-notify-interval=5s --initial-advertise-peer-urls=https://10.0.0.1:2380
 --initial-cluster=m=https://10.0.0.1:2380 --key-file=b --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.1:2379
 --listen-metrics-urls=http://127.0.0.1:2381 --listen-peer-urls=https://10.0.0.1:2380 --name=m --peer-cert-file=a --peer-client-cert-auth=true
 --peer-key-file=b --peer-trusted-ca-file=c --snapshot-count=10000 --trusted-ca-file=c`.replace(/\n/g, '');

describe('the settings of k8ts etcd', () => {
  it('are those of etcd where nothing is said', () => {
    expect(read('')).toEqual({
      warnings: [],
      options: {
        name: 'default',
        dataDir: 'default.etcd',
        listen: ['http://localhost:2379'],
        listenMetrics: [],
        peerUrls: ['http://localhost:2380'],
        limits: { quotaBackendBytes: 2 * 1024 ** 3, maxTxnOps: 128, maxRequestBytes: 1572864, watchProgressIntervalMs: 600_000 },
        auth: { tokenTtl: 300, bcryptCost: 10 },
      },
    });
  });

  it('takes the command line of a hand-built cluster with one member', () => {
    const { options, warnings } = read(HAND_BUILT);
    expect(options).toMatchObject({
      name: 'etcd1',
      dataDir: '/var/lib/etcd',
      listen: ['https://10.0.0.1:2379', 'http://127.0.0.1:2379'],
      advertiseClientUrls: ['https://10.0.0.1:2379'],
      tls: { certFile: 'a', keyFile: 'b', trustedCaFile: 'c', clientCertAuth: false },
    });
    expect(warnings).toContain('--peer-cert-file has no meaning for a single member');
  });

  it("takes kubeadm's command line", () => {
    const { options } = read(KUBEADM);
    expect(options).toMatchObject({
      tls: { clientCertAuth: true },
      limits: { watchProgressIntervalMs: 5000 },
      listenMetrics: ['http://127.0.0.1:2381'],
    });
  });

  it('takes flags over the environment, and says so', () => {
    const { options, warnings } = read('--name=a', { ETCD_NAME: 'b', ETCD_MAX_TXN_OPS: '7', ETCD_WHAT: '1', ETCD_DATA_DIR: '' });
    expect(options).toMatchObject({ name: 'a', dataDir: 'a.etcd', limits: { maxTxnOps: 7 } });
    expect(warnings).toEqual([
      'ETCD_NAME is shadowed by --name: unset the one or the other',
      'unrecognized environment variable ETCD_WHAT',
    ]);
  });

  it('takes a configuration file instead of the flags', () => {
    const file = 'name: f\nquota-backend-bytes: 1000000\nclient-transport-security:\n  cert-file: c\n  key-file: k\n';
    const { options, warnings } = read('--config-file=/etc/e.yaml --name=a', {}, file);
    expect(options).toMatchObject({ name: 'f', tls: { certFile: 'c' }, limits: { quotaBackendBytes: 1_000_000 } });
    expect(warnings).toEqual([
      'the settings are those of /etc/e.yaml: other flags and ETCD_ variables do not count',
      'http://localhost:2379 is not encrypted: the certificate files count for https URLs alone',
    ]);
  });

  it.each([
    ['--auto-compaction-retention=1', { mode: 'periodic', retentionMs: 3_600_000 }],
    ['--auto-compaction-retention=1h30m', { mode: 'periodic', retentionMs: 5_400_000 }],
    ['--auto-compaction-mode=revision --auto-compaction-retention=1000', { mode: 'revision', retention: 1000 }],
    ['--auto-compaction-mode=revision', undefined],
  ])('compacts by itself with %s', (line, wanted) => {
    expect(read(line).options.autoCompaction).toEqual(wanted);
  });

  it.each([
    ['--quota-backend-bytes=abc', 'invalid value "abc" for --quota-backend-bytes: it takes a whole number'],
    ['--client-cert-auth=maybe', 'invalid value "maybe" for --client-cert-auth: it takes true or false'],
    ['--client-cert-auth', '--client-cert-auth needs --trusted-ca-file'],
    ['--cert-file=a', '--key-file is missing: --cert-file and --key-file go together'],
    ['--listen-client-urls=https://127.0.0.1:1', '--listen-client-urls: https://127.0.0.1:1 needs --cert-file and --key-file'],
    ['--listen-client-urls=http://host:1', '--listen-client-urls: expected IP in URL for binding (http://host:1)'],
    ['--listen-client-urls=127.0.0.1:1', 'invalid value "127.0.0.1:1" for --listen-client-urls'],
    ['--auto-compaction-mode=x', 'unknown auto-compaction-mode "x"'],
    ['--auto-compaction-retention=x', 'invalid value "x" for --auto-compaction-retention'],
    ['--auth-token=jwt,sign-method=RS256', '--auth-token=jwt,sign-method=RS256 is not offered'],
    ['--initial-cluster-state=x', 'invalid value "x" for --initial-cluster-state'],
    ['--initial-cluster=a=http://1.1.1.1:1,b=http://1.1.1.2:1', '--initial-cluster names 2 members (a, b)'],
    ['--name=a --initial-cluster=b=http://1.1.1.1:1', '--initial-cluster names b, and --name is a'],
    ['--initial-cluster=default=http://1.1.1.1:1', 'they must be the same'],
    ['--unsafe-no-fsync', '--unsafe-no-fsync=true is not offered: an acknowledged write is on the disk'],
    ['--discovery=x', '--discovery=x is not offered'],
    ['--feature-gates=LeaseCheckpoint=true', 'the feature gate LeaseCheckpoint is not offered'],
    ['--tls-min-version=TLS1.0', 'invalid value "TLS1.0" for --tls-min-version'],
    ['--cert-file=a --key-file=b --cipher-suites=X', '--cipher-suites: X is not known'],
    ['--trusted-ca-file=c', '--trusted-ca-file needs --cert-file and --key-file'],
    ['--client-cert-auth --trusted-ca-file=c', '--trusted-ca-file needs --cert-file and --key-file'],
    ['--client-crl-file=c', '--client-crl-file needs --cert-file and --key-file'],
    ['--cert-file=a --key-file=b --tls-min-version=TLS1.3 --tls-max-version=TLS1.2', '--tls-min-version is above --tls-max-version'],
    ['--feature-gates=Nonsense=false', 'unrecognized feature gate: Nonsense'],
    ['--watch-progress-notify-interval=-5s', 'invalid value "-5s" for --watch-progress-notify-interval'],
    ['--max-txn-ops=0', 'invalid value for --max-txn-ops: it must be at least 1'],
  ])('refuses %s', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });

  it.each([
    ['nme: x', 'there is no setting nme'],
    ['- a', 'it must be a YAML mapping'],
    ['client-transport-security: {name: x}', 'there is no setting client-transport-security.name'],
    ['constructor: x', 'there is no setting constructor'],
    ['client-transport-security: {x: 1}', 'there is no setting client-transport-security.x'],
    ['a: [', '--config-file f: '],
  ])('refuses the configuration file %j', (file, message) => {
    expect(() => read('--config-file=f', {}, file)).toThrow(message);
  });

  it('names cipher suites as OpenSSL does', () => {
    const suites =
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,TLS_RSA_WITH_AES_256_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256';
    expect(read(`--cert-file=a --key-file=b --cipher-suites=${suites}`).options.tls?.ciphers).toEqual([
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'AES256-SHA',
      'ECDHE-RSA-AES128-SHA256',
    ]);
  });
});
