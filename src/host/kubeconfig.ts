/** A kubeconfig as a client: its current context's server and credentials. Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
import fs from 'node:fs';
import path from 'node:path';
import type { Client } from '../client/client.js';
import { createClient } from '../client/rest-client.js';
import { parseYaml } from '../meta/yaml.js';
import { HttpsTransport } from './https-transport.js';

interface Kubeconfig {
  clusters?: { name: string; cluster: Record<string, unknown> }[];
  users?: { name: string; user: Record<string, unknown> }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  'current-context'?: string;
}

export interface Connection {
  readonly client: Client;
  readonly server: string;
  /** PEM of the cluster's CA, where the file has one. */
  readonly ca?: string;
  close(): void;
}

/** The lists that are looked through are lists of objects. */
function configOf(value: unknown): Kubeconfig {
  const is = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
  if (!is(value)) throw new Error('it holds no object');
  for (const list of ['clusters', 'users', 'contexts'])
    if (value[list] !== undefined && value[list] !== null && !(Array.isArray(value[list]) && value[list].every(is)))
      throw new Error(`${list} is no list of objects`);
  return value as Kubeconfig;
}

/** Throws an Error that names the file and what is missing in it. */
export function connect(file: string, userAgent: string): Connection {
  let config: Kubeconfig;
  try {
    config = configOf(parseYaml(fs.readFileSync(file, 'utf8')));
  } catch (e) {
    throw new Error(`--kubeconfig ${file}: ${(e as Error).message}`);
  }
  const context = config.contexts?.find((c) => c.name === config['current-context'])?.context;
  const cluster = config.clusters?.find((c) => c.name === context?.cluster)?.cluster;
  const user = config.users?.find((u) => u.name === context?.user)?.user ?? {};
  if (!context || !cluster?.server)
    throw new Error(
      `--kubeconfig ${file}: current-context ${JSON.stringify(config['current-context'] ?? '')} leads to no cluster with a server`,
    );
  const refused = ['exec', 'auth-provider', 'username'].find((k) => user[k] !== undefined);
  if (refused) throw new Error(`--kubeconfig ${file}: users[].user.${refused} is not built yet: use a client certificate or a token`);
  const pem = (o: Record<string, unknown>, key: string): string | undefined => {
    const data = o[`${key}-data`];
    if (typeof data === 'string') return Buffer.from(data, 'base64').toString();
    const at = o[key];
    if (typeof at !== 'string') return undefined;
    try {
      return fs.readFileSync(path.resolve(path.dirname(file), at), 'utf8');
    } catch (e) {
      throw new Error(`--kubeconfig ${file}: ${key}: ${(e as Error).message}`);
    }
  };
  if (!URL.canParse(String(cluster.server)))
    throw new Error(`--kubeconfig ${file}: the server ${JSON.stringify(cluster.server)} of the cluster is no URL`);
  const ca = pem(cluster, 'certificate-authority');
  const tokenFile = user.tokenFile;
  const transport = new HttpsTransport({
    server: String(cluster.server),
    ca,
    certificate: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: () => (typeof tokenFile === 'string' ? fs.readFileSync(tokenFile, 'utf8').trim() : (user.token as string | undefined)),
    insecureSkipVerify: cluster['insecure-skip-tls-verify'] === true,
  });
  return { client: createClient(transport, userAgent), server: String(cluster.server), ca, close: () => transport.close() };
}
