import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { saveSnapshot } from './snapshot-save.js';

let server: http2.Http2Server;
afterEach(() => server.close());

it.each([
  ['a%20word', 'a word'],
  ['100% of%zz', '100% of%zz'],
])('what an etcd says instead of a snapshot is told, encoded well or not: %s', async (message, told) => {
  server = http2.createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '7', 'grpc-message': message },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(saveSnapshot({ endpoint, file: path.join(os.tmpdir(), `k8ts-save-${process.pid}`) })).rejects.toThrow(
    `${endpoint}: ${told} (gRPC code 7)`,
  );
});
