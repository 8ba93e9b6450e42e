/** TLS of the client port: certificate files as etcd's flags name them. */
import fs from 'node:fs';
import type tls from 'node:tls';

export interface EtcdTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must show a certificate that this authority signed, with `clientCertAuth` or without it. */
  readonly trustedCaFile?: string;
  /** Whether the certificate's common name is also the name of the user who calls (`--client-cert-auth`). */
  readonly clientCertAuth?: boolean;
  /** Revoked client certificates. */
  readonly crlFile?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Of TLS 1.2, by OpenSSL's names. */
  readonly ciphers?: readonly string[];
}

const HANDSHAKE_MS = 10_000;

export function tlsOptions(options: EtcdTls): tls.TlsOptions {
  const asksForCertificate = options.trustedCaFile !== undefined;
  if (options.clientCertAuth && !asksForCertificate) throw new Error('client-cert-auth needs trusted-ca-file');
  return {
    cert: readPem('cert-file', options.certFile),
    key: readPem('key-file', options.keyFile),
    ca: options.trustedCaFile ? readPem('trusted-ca-file', options.trustedCaFile) : undefined,
    requestCert: asksForCertificate,
    rejectUnauthorized: asksForCertificate,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    minVersion: options.minVersion ?? 'TLSv1.2',
    ...(options.maxVersion ? { maxVersion: options.maxVersion } : {}),
    ...(options.crlFile ? { crl: readPem('client-crl-file', options.crlFile) } : {}),
    ...(options.ciphers ? { ciphers: [...TLS13_CIPHERS, ...options.ciphers].join(':') } : {}),
  };
}

/** These are not to be chosen from: a list of TLS 1.2 suites leaves them as they are. */
const TLS13_CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

function readPem(flag: string, file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (e) {
    throw new Error(`--${flag} ${file}: ${(e as Error).message}`);
  }
}
