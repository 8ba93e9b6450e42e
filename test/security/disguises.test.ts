/** Requests that try to be another one for whoever authorizes them than for whoever answers them: over HTTP/1.1 as bytes, and over HTTP/2. */
import http2 from 'node:http2';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listening } from './listening.js';

const HIDDEN = btoa('hidden-value');
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const PODS = '/api/v1/namespaces/default/pods';
const SECRETS = '/api/v1/namespaces/default/secrets';
let server: Listening;
/** TLS options of who may read Pods of one namespace, and of nobody. */
const peers: Record<string, { cert?: string; key?: string }> = { nobody: {} };

const root = async (method: string, path: string, body?: unknown) =>
  server.send({
    method,
    path,
    body,
    client: await server.api.files.client('root', { commonName: 'root', organizations: ['system:masters'], usages: ['client'] }),
  });

beforeAll(async () => {
  server = await listening();
  const { certificate, key } = await server.api.files.client('reader', { commonName: 'reader', usages: ['client'] });
  peers.reader = { cert: certificate, key };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  await root('POST', `${RBAC}/roles`, {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  });
  await root('POST', `${RBAC}/rolebindings`, { metadata: { name: 'reader' }, roleRef, subjects: [{ kind: 'User', name: 'reader' }] });
  // Whoever becomes this user may do everything.
  await root('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'root' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'root' }],
  });
  await root('POST', SECRETS, { metadata: { name: 's' }, stringData: { k: 'hidden-value' } });
  for (const name of ['default', 'kube-system'])
    await root('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  await root('POST', PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
});
afterAll(() => server.stop());

/** All that comes back for some bytes over HTTP/1.1, until the server ends it or says nothing more. */
const raw = (who: string, text: string): Promise<string> =>
  new Promise((resolve) => {
    const s = tls.connect(
      { host: '127.0.0.1', port: server.api.port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...peers[who] },
      () => s.write(Buffer.from(text, 'latin1')),
    );
    let got = '';
    s.on('data', (b: Buffer) => {
      got += b.toString('latin1');
    });
    s.on('error', () => undefined);
    s.on('close', () => resolve(got));
    s.setTimeout(400, () => s.destroy());
  });
const codes = (answers: string): number[] => [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1]));

it('what is tried is there: the administrator reads the secret, the reader its Pod', async () => {
  expect((await root('GET', `${SECRETS}/s`)).text).toContain(HIDDEN);
  expect(codes(await raw('reader', `GET ${PODS}/p HTTP/1.1\r\nHost: a\r\n\r\n`))).toEqual([200]);
});

const line = (target: string, method = 'GET', more = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${more}${more.includes('Connection') ? '' : 'Connection: close\r\n'}\r\n`;

describe('targets', () => {
  it.each([
    'https://a/api/v1/namespaces/default/secrets/s',
    'http://127.0.0.1/healthz/../api/v1/namespaces/default/secrets/s',
    '*/api/v1/namespaces/default/secrets/s',
    'a@b:443/api/v1/namespaces/default/secrets/s',
    `${PODS}/p%00/../../secrets/s`,
    `${PODS}/%00`,
    `${PODS}/p%2e%2e%2fsecrets%2fs`,
    `${PODS}/%2e%2e/secrets/s`,
    `${PODS}/..%252fsecrets%252fs`,
    `${PODS}\\..\\secrets\\s`,
    `${PODS}/p;/../../secrets/s`,
    `${PODS}/p?x=/../../secrets/s`,
    `${PODS}/p%3f/../secrets/s`,
    `${PODS}/p#/../../secrets/s`,
    '/api/v1/namespaces/default%2fsecrets/pods/s',
    '/api/v1/namespaces/default%2fpods/secrets/s',
    '/api/v1/namespaces/%64efault/%73ecrets/s',
    '/api/v1/namespaces/default/secrets%2fs',
    '/api/v1/namespaces//secrets/s',
    '/api/v1/namespaces/default//secrets/s',
    '/api/v1//secrets',
    '//a/api/v1/namespaces/default/secrets/s',
    '/api%2fv1/namespaces/default/secrets/s',
    '/%61pi/v1/namespaces/default/secrets/s',
    '/api/v1/namespaces/default/secrets/s%0d%0aX: y',
    '/api/v1/namespaces/default/secrets/s%c0%af',
    '/healthz/%2e%2e/api/v1/namespaces/default/secrets/s',
    '/openid/v1/jwks/../../../api/v1/secrets',
    '/version?x=/api/v1/secrets',
    '/apis/../api/v1/secrets',
    '/api/v1/namespaces/default/pods/p/proxy/../../../secrets/s',
    '/api/v1/namespaces/default/pods/https:p:443/proxy/%2e%2e/%2e%2e/secrets/s',
    '/api/v1/namespaces/kube-system/../default/pods/p',
  ])('%s', async (target) => {
    for (const who of ['reader', 'nobody']) {
      const got = await raw(who, line(target));
      expect(got).not.toContain(HIDDEN);
      expect(got).not.toContain('"SecretList"');
      expect(codes(got).every((code) => code < 500)).toBe(true);
    }
  });
  it('a NUL or a blank in it is no request', async () => {
    for (const target of [`${PODS}/p\0`, `${PODS}/p /../secrets/s`, `${PODS}/p\t`, `${PODS}/\xff`]) {
      const [code] = codes(await raw('reader', line(target)));
      expect(code ?? 400).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('methods', () => {
  it.each([
    'TRACE',
    'TRACK',
    'CONNECT',
    'get',
    'Get',
    'PROPFIND',
    'SEARCH',
    'MOVE',
    'COPY',
    'GET\0',
    'DELETE,GET',
    'OPTIONS',
    '_method=DELETE',
  ])('%s: neither read nor changed', async (method) => {
    for (const who of ['reader', 'nobody'])
      for (const target of [`${PODS}/p`, `${SECRETS}/s`]) {
        const got = await raw(who, line(target, method, 'Authorization: Bearer sent-back\r\n'));
        expect(codes(got)[0] ?? 400).toBeGreaterThanOrEqual(400);
        expect(got).not.toContain('sent-back');
      }
    expect((await root('GET', `${PODS}/p`)).status).toBe(200);
  });
  it.each([
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: DELETE',
    'X-Method-Override: DELETE',
    `X-Original-URL: ${SECRETS}/s`,
    `X-Rewrite-URL: ${SECRETS}/s`,
    `X-Forwarded-Path: ${SECRETS}/s`,
    'X-Forwarded-User: root',
    'X-Remote-User: root\r\nX-Remote-Group: system:masters',
    'Host: kubernetes.default.svc\r\nForwarded: for=127.0.0.1;by=127.0.0.1',
  ])('%s changes nothing', async (header) => {
    const got = await raw('reader', line(`${PODS}/p`, 'GET', `${header}\r\n`));
    expect(codes(got)).toEqual([200]);
    expect(got).toContain('"kind":"Pod"');
    expect((await root('GET', `${PODS}/p`)).status).toBe(200);
    expect(codes(await raw('reader', line(`${SECRETS}/s`, 'GET', `${header}\r\n`)))[0]).toBeGreaterThanOrEqual(400);
  });
});

describe('headers', () => {
  it.each<[string, string]>([
    ['two Authorizations, none of them right', 'Authorization: Bearer a\r\nAuthorization: Bearer b'],
    ['a folded header', 'Authorization: Bearer\r\n a.b.c'],
    ['two impersonated users', 'Impersonate-User: reader\r\nImpersonate-User: root'],
    ['two impersonated users in one', 'Impersonate-User: reader,root'],
    ['an impersonated user that is folded', 'Impersonate-User: reader\r\n\troot'],
    ['a group after an empty user', 'Impersonate-User: \r\nImpersonate-Group: system:masters'],
    ['a name with a line feed', 'Impersonate-User: root\nX: y'],
    ['a name of another alphabet', 'Impersonate-U\u017fer: root'.replace('\u017f', '\xc5\xbf')],
    ['an underscore', 'Impersonate_User: root'],
    ['an extra alone', 'Impersonate-Extra-Scopes: all'],
    ['an uid alone', 'Impersonate-Uid: 1'],
    ['an extra without a name', 'Impersonate-User: root\r\nImpersonate-Extra-: x'],
    ['an extra with a broken escape', 'Impersonate-User: root\r\nImpersonate-Extra-%zz: x'],
    ['hop-by-hop credentials', 'Connection: Impersonate-User, Authorization\r\nImpersonate-User: root'],
    ['a header of 70 kB', `X: ${'x'.repeat(70_000)}`],
  ])('%s: nothing is read', async (_, header) => {
    for (const who of ['reader', 'nobody']) {
      const got = await raw(who, line(`${SECRETS}/s`, 'GET', `${header}\r\n`));
      expect(got).not.toContain(HIDDEN);
      expect(codes(got)[0] ?? 400).toBeGreaterThanOrEqual(400);
    }
  });
  const INNER = `GET ${SECRETS}/s HTTP/1.1\r\nHost: a\r\n\r\n`;
  it.each<[string, string]>([
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5'],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
    ['a coding after a tab', 'Transfer-Encoding:\tchunked\r\nContent-Length: 5'],
    ['a coding of a vertical tab', 'Transfer-Encoding: \x0bchunked\r\nContent-Length: 5'],
    ['two lengths in one', 'Content-Length: 5, 5'],
    ['a length with a sign', 'Content-Length: +5'],
    ['a hexadecimal length', 'Content-Length: 0x5'],
    ['a length beyond numbers', 'Content-Length: 18446744073709551621'],
  ])('%s: one answer at most, and no body is a request', async (_, header) => {
    const got = await raw('reader', `POST ${PODS} HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n0\r\n\r\n${INNER}`);
    expect(got).not.toContain(HIDDEN);
    expect(codes(got).length).toBeLessThanOrEqual(1);
  });
});

describe('over HTTP/2', () => {
  const over = (who: string, headers: http2.OutgoingHttpHeaders, body?: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve) => {
      const session = http2.connect(`https://127.0.0.1:${server.api.port}`, { rejectUnauthorized: false, ...peers[who] });
      const result = { status: 0, text: '' };
      const done = () => {
        session.destroy();
        resolve(result);
      };
      session.on('error', done);
      try {
        const stream = session.request(headers, { endStream: body === undefined });
        stream.on('response', (h) => {
          result.status = Number(h[':status']);
        });
        stream.on('data', (b: Buffer) => {
          result.text += b.toString();
        });
        stream.on('error', () => undefined);
        stream.on('close', done);
        if (body !== undefined) stream.end(body);
      } catch {
        done(); // this client does not send it
      }
    });
  it.each<[string, http2.OutgoingHttpHeaders, string?]>([
    ['another authority', { ':path': `${SECRETS}/s`, ':authority': 'kubernetes.default.svc' }],
    ['an authority with a user', { ':path': `${SECRETS}/s`, ':authority': 'root@a' }],
    ['an absolute path', { ':path': `https://a${SECRETS}/s` }],
    ['a path without a slash', { ':path': SECRETS.slice(1) }],
    ['an empty path', { ':path': '' }],
    ['a star', { ':path': '*', ':method': 'OPTIONS' }],
    ['a line in the path', { ':path': `${PODS}/p HTTP/1.1\r\nX: y` }],
    ['TRACE', { ':path': `${SECRETS}/s`, ':method': 'TRACE' }],
    ['a method in small letters', { ':path': `${SECRETS}/s`, ':method': 'get' }],
    ['two users', { ':path': `${SECRETS}/s`, 'impersonate-user': ['reader', 'root'] }],
    ['two credentials', { ':path': `${SECRETS}/s`, authorization: 'Bearer a, Bearer b' }],
    ['a length that is more than comes', { ':path': PODS, ':method': 'POST', 'content-length': '100' }, '{}'],
    ['a length that is less than comes', { ':path': PODS, ':method': 'POST', 'content-length': '1' }, '{"kind":"Pod"}'],
    ['te: gzip', { ':path': `${SECRETS}/s`, te: 'trailers' }],
  ])('%s', async (_, headers, body) => {
    for (const who of ['reader', 'nobody']) {
      const { status, text } = await over(who, headers, body);
      expect(text).not.toContain(HIDDEN);
      expect(status === 0 || (status >= 400 && status < 500)).toBe(true);
    }
  });
  it('a Connection header is of no effect, or the end of the request', async () => {
    const frames = [
      '\0\0\0\x04\0\0\0\0\0', // SETTINGS
      // HEADERS: GET, https, :path (literal), connection: close (literal)
      (() => {
        const path = `${SECRETS}/s`;
        const block = `\x82\x87\x04${String.fromCharCode(path.length)}${path}\x00\x0aconnection\x05close\x00\x11transfer-encoding\x07chunked`;
        return `\0\0${String.fromCharCode(block.length)}\x01\x05\0\0\0\x01${block}`;
      })(),
    ];
    const got = await new Promise<string>((resolve) => {
      const s = tls.connect(
        { host: '127.0.0.1', port: server.api.port, rejectUnauthorized: false, ALPNProtocols: ['h2'], ...peers.reader },
        () => s.write(Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frames.join('')}`, 'latin1')),
      );
      let all = '';
      s.on('data', (b: Buffer) => {
        all += b.toString('latin1');
      });
      s.on('error', () => undefined);
      s.on('close', () => resolve(all));
      s.setTimeout(400, () => s.destroy());
    });
    expect(got).not.toContain(HIDDEN);
  });
});
