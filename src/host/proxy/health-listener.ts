/** The small HTTP pages of kube-proxy. Anybody may ask: connections are few and short. */
import http from 'node:http';
import type { HealthListener } from '../../proxy/health.js';
import { limitConnections } from '../../util/connection-limits.js';
import { descriptors } from '../descriptors.js';

const MAX_CONNECTIONS = 64;
const IDLE_MS = 5_000;

export const healthListener: HealthListener = {
  async listen(port, answer) {
    const server = http.createServer((request, response) => {
      const { status, headers, body } = answer(new URL(request.url ?? '/', 'http://node').pathname);
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    limitConnections(server, { total: descriptors(MAX_CONNECTIONS, 1 / 64), perClient: MAX_CONNECTIONS / 2, idleMs: IDLE_MS });
    server.on('clientError', (_e, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, resolve);
    });
    server.on('error', () => undefined);
    return {
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  },
};
