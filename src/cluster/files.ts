/** A cluster's files: certificates, keys and kubeconfigs under its data directory, made where they are missing. */
import fs from 'node:fs';
import path from 'node:path';
import { stringifyYaml } from '../meta/yaml.js';
import {
  type Authority,
  type CertificateRequest,
  createAuthority,
  generateKeys,
  issue,
  type KeyPair,
  loadAuthority,
  privateKeyPem,
  publicKeyPem,
} from '../util/x509.js';

export interface ClusterFiles {
  readonly dir: string;
  readonly ca: Authority;
  readonly frontProxyCa: Authority;
  readonly server: KeyPair;
  readonly kubeletClient: KeyPair;
  readonly serviceAccount: { readonly key: string; readonly publicKey: string };
  /** A client certificate for anyone, signed by the cluster's CA; kept under the name. */
  client(file: string, request: CertificateRequest): Promise<KeyPair>;
}

/** Who the API server is for kubelets. No administrator: its rights are a binding of its own. */
export const KUBELET_CLIENT = 'kube-apiserver-kubelet-client';

const PRIVATE = 0o600;

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
}

/** Whole or not at all: a crash leaves no half-written key. */
export function writeFile(file: string, content: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content, { mode });
  fs.renameSync(temporary, file);
}

async function pair(dir: string, name: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  const certificate = read(path.join(dir, `${name}.crt`));
  const key = read(path.join(dir, `${name}.key`));
  if (certificate && key) return { certificate, key };
  const made = await make();
  writeFile(path.join(dir, `${name}.key`), made.key, PRIVATE);
  writeFile(path.join(dir, `${name}.crt`), made.certificate);
  return made;
}

export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly ips: readonly string[];
}

/** Loads the cluster's PKI, or makes it. The serving certificate is made anew when the names it must have have changed. */
export async function clusterFiles(dir: string, names: ServerNames, now: number): Promise<ClusterFiles> {
  const pki = path.join(dir, 'pki');
  const authority = async (name: string, commonName: string) =>
    loadAuthority(await pair(pki, name, () => createAuthority(commonName, now)));
  const [ca, frontProxyCa] = await Promise.all([authority('ca', 'kubernetes'), authority('front-proxy-ca', 'front-proxy-ca')]);
  renewFor(pki, 'apiserver', names);
  const kubeletRequest: CertificateRequest = { commonName: KUBELET_CLIENT, usages: ['client'] };
  renewFor(pki, 'apiserver-kubelet-client', kubeletRequest);
  const client = (file: string, request: CertificateRequest) => pair(pki, file, () => issue(ca, request, now));
  const [server, kubeletClient, serviceAccount] = await Promise.all([
    pair(pki, 'apiserver', () => issue(ca, { commonName: 'kube-apiserver', usages: ['server'], ...names }, now)),
    client('apiserver-kubelet-client', kubeletRequest),
    serviceAccountKey(pki),
  ]);
  return { dir, ca, frontProxyCa, server, kubeletClient, serviceAccount, client };
}

async function serviceAccountKey(pki: string): Promise<{ key: string; publicKey: string }> {
  const key = read(path.join(pki, 'sa.key'));
  const publicKey = read(path.join(pki, 'sa.pub'));
  if (key && publicKey) return { key, publicKey };
  const keys = await generateKeys();
  const made = { key: await privateKeyPem(keys.privateKey), publicKey: await publicKeyPem(keys.publicKey) };
  writeFile(path.join(pki, 'sa.key'), made.key, PRIVATE);
  writeFile(path.join(pki, 'sa.pub'), made.publicKey);
  return made;
}

export interface EtcdFiles {
  readonly caFile: string;
  readonly server: { readonly certFile: string; readonly keyFile: string };
  readonly client: { readonly certFile: string; readonly keyFile: string };
}

/** The store's own authority: a certificate of the cluster's, which every node has, opens no etcd. */
export async function etcdFiles(dir: string, names: ServerNames, now: number): Promise<EtcdFiles> {
  const pki = path.join(dir, 'pki', 'etcd');
  const ca = await loadAuthority(await pair(pki, 'ca', () => createAuthority('etcd-ca', now)));
  renewFor(pki, 'server', names);
  await pair(pki, 'server', () => issue(ca, { commonName: 'etcd', usages: ['server', 'client'], ...names }, now));
  // Users of etcd's own auth are called by their certificates: who has this one may do everything.
  await pair(pki, 'client', () => issue(ca, { commonName: 'root', usages: ['client'] }, now));
  const files = (name: string) => ({ certFile: path.join(pki, `${name}.crt`), keyFile: path.join(pki, `${name}.key`) });
  return { caFile: path.join(pki, 'ca.crt'), server: files('server'), client: files('client') };
}

/** A certificate goes when what it must say has changed. */
function renewFor(pki: string, name: string, what: ServerNames | CertificateRequest): void {
  const wanted = JSON.stringify(what);
  const namesFile = path.join(pki, `${name}.names`);
  if (read(namesFile) === wanted) return;
  fs.rmSync(path.join(pki, `${name}.crt`), { force: true });
  writeFile(namesFile, wanted);
}

/** A kubeconfig with everything inside. */
export function kubeconfig(o: { server: string; ca: string; user: string; client: KeyPair; cluster?: string }): string {
  const cluster = o.cluster ?? 'kubernetes';
  const b64 = (s: string) => Buffer.from(s).toString('base64');
  return stringifyYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server: o.server, 'certificate-authority-data': b64(o.ca) } }],
    users: [{ name: o.user, user: { 'client-certificate-data': b64(o.client.certificate), 'client-key-data': b64(o.client.key) } }],
    contexts: [{ name: `${o.user}@${cluster}`, context: { cluster, user: o.user } }],
    'current-context': `${o.user}@${cluster}`,
  });
}

export const ADMIN: CertificateRequest = {
  commonName: 'kubernetes-admin',
  organizations: ['kubeadm:cluster-admins', 'system:masters'],
  usages: ['client'],
};
