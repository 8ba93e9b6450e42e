/** Requests to a cluster's API server as a program sends them, without our client: who asks, what bytes, and what comes back. */
import fs from 'node:fs';
import https from 'node:https';
import { afterAll, beforeAll } from 'vitest';
import { Cluster } from '../../src/index.js';
import { parseYaml } from '../../src/meta/yaml.js';

export interface Door {
  readonly host: string;
  readonly port: number;
  /** TLS options of the administrator. */
  readonly admin: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly anonymous: { readonly ca: string };
}

export interface Reply {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly text: string;
  readonly ms: number;
}

export function doorOf(cluster: { readonly url?: string | undefined; readonly kubeconfig?: string | undefined }): Door {
  const { clusters, users } = parseYaml(fs.readFileSync(cluster.kubeconfig!, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const pem = (s: string | undefined) => Buffer.from(s ?? '', 'base64').toString();
  const ca = pem(clusters[0]!.cluster['certificate-authority-data']);
  const { user } = users[0]!;
  const { hostname, port } = new URL(cluster.url!);
  return {
    host: hostname,
    port: Number(port),
    admin: { cert: pem(user['client-certificate-data']), key: pem(user['client-key-data']), ca },
    anonymous: { ca },
  };
}

/** The door of a cluster that runs as long as the tests of the file. It is open once they begin. */
export function clusterDoor(): Door {
  const door = {} as Door;
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 0, listen: true });
    Object.assign(door, doorOf(cluster));
  });
  afterAll(() => cluster.stop());
  return door;
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly tls?: object;
  readonly agent?: https.Agent | false;
}

/** One request over HTTP/1.1, as the administrator unless `tls` says otherwise. */
export function ask(door: Door, a: Ask): Promise<Reply> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const req = https.request(
      {
        host: door.host,
        port: door.port,
        path: a.path,
        method: a.method ?? (a.body === undefined ? 'GET' : 'POST'),
        agent: a.agent ?? false,
        headers: { ...(a.body === undefined ? {} : { 'content-type': a.type ?? 'application/json' }), ...a.headers },
        maxHeaderSize: 1 << 20,
        ...(a.tls ?? door.admin),
      },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (c: Buffer) => chunks.push(c));
        res.on('end', () =>
          resolve({
            code: res.statusCode ?? 0,
            headers: res.headers,
            rawHeaders: res.rawHeaders,
            text: Buffer.concat(chunks).toString(),
            ms: performance.now() - started,
          }),
        );
        res.on('error', reject);
      },
    );
    req.on('error', reject);
    req.end(a.body);
  });
}

/** A generous bound on work that is in proportion to its input; before it was mended each took from ten seconds to minutes. */
export const PROMPT_MS = 8000;
