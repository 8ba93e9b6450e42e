/** An API server that listens, and plain requests to it: attackers do not use the client. */
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { type ApiServerProcessOptions, type ListeningApiServer, startApiServer } from '../../src/cluster/api-server.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import type { KeyPair } from '../../src/util/x509.js';

export interface Listening {
  readonly api: ListeningApiServer;
  send(request: Sent): Promise<Got>;
  stop(): Promise<void>;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
  readonly client?: KeyPair;
}

export interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any;
}

export async function listening(options: Partial<ApiServerProcessOptions> = {}): Promise<Listening> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-security-'));
  const api = await startApiServer({
    env: { clock: realClock, random: realRandom, log: silentLogger },
    dataDir,
    inMemory: true,
    bindAddress: '127.0.0.1',
    advertiseAddress: '192.0.2.1',
    port: 0,
    serviceCidrs: ['10.96.0.0/16'],
    clusterDomain: 'cluster.local',
    defaultMetrics: false,
    ...options,
  });
  return {
    api,
    send: (request) => send(api.port, request),
    async stop() {
      await api.stop();
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function send(port: number, { method = 'GET', path, headers, body, client }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: {
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
        rejectUnauthorized: false,
        agent: false,
        ...(client ? { cert: client.certificate, key: client.key } : {}),
      },
      (res) => {
        let answer = '';
        res.setEncoding('utf8').on('data', (d) => (answer += d));
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text: answer, body: parsed(answer) }));
        res.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
