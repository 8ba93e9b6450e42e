/** Certificates and keys: a CA, what it signs, and their PEM forms. ECDSA P-256 throughout: made in a millisecond. */
import 'reflect-metadata'; // @peculiar/x509 asks for it
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { hex } from './bytes.js';

cryptoProvider.set(crypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DAY = 86_400_000;
/** A certificate is valid from a little before it is made: clocks differ. */
const SKEW = 5 * 60_000;

export interface KeyPair {
  /** PKCS#8 PEM. */
  readonly key: string;
  readonly certificate: string;
}

export interface Authority extends KeyPair {
  readonly keys: CryptoKeyPair;
  readonly parsed: X509Certificate;
}

export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface CertificateRequest extends Subject {
  readonly usages: readonly ('client' | 'server')[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
  readonly days?: number;
}

const nameOf = (s: Subject) => [...(s.organizations ?? []).map((o) => ({ O: [o] })), { CN: [s.commonName] }];
const serial = () => {
  const b = crypto.getRandomValues(new Uint8Array(8));
  b[0] = b[0]! & 0x7f || 1;
  return hex(b);
};

export async function createAuthority(commonName: string, now: number, days = 3650): Promise<Authority> {
  const keys = await generateKeys();
  const parsed = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: nameOf({ commonName }),
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + days * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyCertSign, true),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: commonName }]),
    ],
  });
  return { keys, parsed, certificate: parsed.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

export async function loadAuthority(pair: KeyPair): Promise<Authority> {
  const parsed = new X509Certificate(pair.certificate);
  const privateKey = await importPrivateKey(pair.key);
  return { ...pair, parsed, keys: { privateKey, publicKey: await parsed.publicKey.export(ALGORITHM, ['verify']) } };
}

export async function issue(authority: Authority, request: CertificateRequest, now: number): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await sign(authority, request, keys.publicKey, now);
  return { certificate, key: await privateKeyPem(keys.privateKey) };
}

/** Signs a public key: the certificate in PEM. */
export async function sign(authority: Authority, request: CertificateRequest, publicKey: CryptoKey, now: number): Promise<string> {
  const extensions: Extension[] = [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension(request.usages.map((u) => (u === 'client' ? CLIENT_AUTH : SERVER_AUTH))),
    new BasicConstraintsExtension(false, undefined, true),
  ];
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  if (names.length) extensions.push(new SubjectAlternativeNameExtension(names));
  const cert = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: nameOf(request),
    issuer: authority.parsed.subjectName,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + (request.days ?? 365) * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: authority.keys.privateKey,
    extensions,
  });
  return cert.toString('pem');
}

/** A request for a certificate as it came from outside. */
export interface ReadRequest {
  /** The last one, where there are several: as Go reads it. */
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Whether whoever asks holds the key. */
  signed(): Promise<boolean>;
}

/** The bytes between the lines of a PEM block. As Go reads them: headers are passed over, lines may be of any length, empty ones too. */
function pemBytes(text: string): Uint8Array<ArrayBuffer> {
  const lines = text.split('\n').map((l) => l.trim());
  const body = lines.slice(lines.findLastIndex((l) => l.includes(':')) + 1).join('');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(body)) throw new Error('not base64');
  return Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
}

/** Reads the PEM of a request; throws what is wrong with it. */
export function readCertificateRequest(pem: string): ReadRequest {
  const begin = /-----BEGIN ([^-]+)-----/.exec(pem);
  if (begin?.[1] !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const start = begin.index + begin[0].length;
  const end = pem.indexOf('-----END CERTIFICATE REQUEST-----', start);
  let read: Pkcs10CertificateRequest;
  try {
    if (end < 0) throw new Error('no end');
    read = new Pkcs10CertificateRequest(pemBytes(pem.slice(start, end)));
  } catch {
    throw new Error('x509: malformed certificate request');
  }
  return {
    commonName: read.subjectName.getField('CN').at(-1) ?? '',
    organizations: read.subjectName.getField('O'),
    signed: () => read.verify().catch(() => false),
  };
}

export const generateKeys = async (): Promise<CryptoKeyPair> =>
  (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair;

export async function privateKeyPem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

export async function publicKeyPem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('spki', key), 'PUBLIC KEY')}\n`;
}

async function importPrivateKey(pem: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, true, ['sign']);
}
