/** Requests whose end, path or token is not what it seems: held before, and to be held. */
import tls from 'node:tls';
import { expect, it } from 'vitest';
import { ask, clusterDoor } from './raw.js';

const door = clusterDoor();

/** All that comes back for some bytes. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve) => {
    const s = tls.connect({ host: door.host, port: door.port, ...door.admin, ALPNProtocols: ['http/1.1'] }, () => s.write(text));
    let got = '';
    s.on('data', (b: Buffer) => {
      got += b.toString('latin1');
    });
    s.on('error', () => undefined);
    s.on('close', () => resolve(got));
    setTimeout(() => s.destroy(), 700);
  });
const INNER = 'GET /api/v1/secrets HTTP/1.1\r\nHost: a\r\n\r\n';

it.each([
  ['a length and chunks', `POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`],
  ['two lengths', `POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd${INNER}`],
  ['a chunk whose size is no number', `POST /version HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${INNER}`],
  ['a coding that is not chunked', `POST /version HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${INNER}`],
  ['a header with a line feed alone', 'GET /version HTTP/1.1\nHost: a\n\n'],
  ['a space before the colon', 'GET /version HTTP/1.1\r\nHost : a\r\n\r\n'],
])('%s: refused, and nothing after it is a request', async (_, text) => {
  const got = await raw(text);
  expect(got).not.toContain('SecretList');
  expect(got === '' || /^HTTP\/1\.1 4\d\d /.test(got)).toBe(true);
});

it.each([
  ['/api/v1/../v1/secrets', 404],
  ['/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets', 404],
  ['/api/v1/namespaces/%2e%2e/configmaps', 200],
  ['/api/v1/configmaps?continue=abc', 400],
  ['/api/v1/configmaps?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvcmVnaXN0cnkvc2VjcmV0cy8ifQ', 200],
  ['/api/v1/configmaps?limit=-1', undefined],
  ['/api/v1/configmaps?resourceVersion=x', 400],
] as const)('%s gives nothing of another resource', async (path, code) => {
  const answer = await ask(door, { path });
  expect(answer.text).not.toContain('"kind":"SecretList"');
  expect(answer.code).toBeLessThan(500);
  if (code === 200 || code === 400) expect([code, 410]).toContain(answer.code);
});

it.each([
  ['X-Remote-User', 'admin'],
  ['X-Remote-Group', 'system:masters'],
  ['Impersonate-User', 'kubernetes-admin'],
  ['Authorization', 'Bearer x.y.z'],
  ['Authorization', `Bearer ${'a'.repeat(8000)}`],
  ['Authorization', 'Basic !!!'],
])('%s: %.20s makes nobody an administrator', async (name, value) => {
  const answer = await ask(door, { path: '/api/v1/secrets', tls: door.anonymous, headers: { [name]: value } });
  expect([401, 403]).toContain(answer.code);
});
