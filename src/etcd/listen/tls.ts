/** TLS of the client port: certificate files as etcd's flags name them. */
import fs from 'node:fs';
import type tls from 'node:tls';

export interface EtcdTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must show a certificate that this authority signed. */
  readonly trustedCaFile?: string;
  /** With `trustedCaFile`: whether a client without a certificate is refused (`--client-cert-auth`). */
  readonly clientCertAuth?: boolean;
}

export function tlsOptions(options: EtcdTls): tls.TlsOptions {
  const auth = options.clientCertAuth ?? options.trustedCaFile !== undefined;
  if (auth && !options.trustedCaFile) throw new Error('client-cert-auth needs trusted-ca-file');
  return {
    cert: readPem('cert-file', options.certFile),
    key: readPem('key-file', options.keyFile),
    ca: options.trustedCaFile ? readPem('trusted-ca-file', options.trustedCaFile) : undefined,
    requestCert: auth,
    rejectUnauthorized: auth,
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
  };
}

function readPem(flag: string, file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (e) {
    throw new Error(`--${flag} ${file}: ${(e as Error).message}`);
  }
}
