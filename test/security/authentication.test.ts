/** Who is let in: credentials that are not right are refused, and never taken for none. */
import http2 from 'node:http2';
import { importPKCS8, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, issue, type KeyPair, loadAuthority } from '../../src/util/x509.js';
import { type Got, type Listening, listening } from './listening.js';

const SECRETS = '/api/v1/namespaces/kube-system/secrets';
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const MASTERS = { commonName: 'root', organizations: ['system:masters'], usages: ['client'] as const };
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

let server: Listening;
let admin: KeyPair;
let uid: string;
beforeAll(async () => {
  server = await listening({ staticTokens: new Map([['fixed', { name: 'fred', groups: [] }]]) });
  admin = await server.api.files.client('admin', MASTERS);
  for (const name of ['sa', 'gone', 'other']) uid = (await as('POST', ACCOUNTS, { metadata: { name } })).body.metadata.uid;
});
afterAll(() => server.stop());

const as = (method: string, path: string, body?: unknown): Promise<Got> => server.send({ method, path, body, client: admin });
const bearer = (token: string, path = SECRETS): Promise<Got> => server.send({ path, headers: { authorization: `Bearer ${token}` } });
const token = async (spec: object = {}, account = 'sa'): Promise<string> =>
  (await as('POST', `${ACCOUNTS}/${account}/token`, { spec })).body.status.token;
const review = async (spec: object) => (await as('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec })).body.status;
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

describe('the Authorization header', () => {
  it.each<[string, string, number]>([
    ['two tokens', 'Bearer x, Bearer y', 401],
    ['a token that is none', 'Bearer x', 401],
    ['lower case', 'bearer x', 401],
    ['a JWT that is none', 'Bearer a.b.c', 401],
    // No bearer token, and so anonymous: who is then refused for what he asks.
    ['nothing after it', 'Bearer', 403],
    ['another scheme', 'Basic cm9vdDpyb290', 403],
  ])('%s', async (_what, authorization, status) => {
    expect((await server.send({ path: SECRETS, headers: { authorization } })).status).toBe(status);
  });
});

describe('a TokenReview', () => {
  it('of a token for the API server says nothing to another audience', async () => {
    const t = await token();
    expect(await review({ token: t })).toMatchObject({
      authenticated: true,
      audiences: [ISSUER],
      user: { username: 'system:serviceaccount:default:sa' },
    });
    expect(await review({ token: t, audiences: [ISSUER, 'vault.example'] })).toMatchObject({ authenticated: true, audiences: [ISSUER] });
    for (const one of [t, 'fixed']) {
      const refused = await review({ token: one, audiences: ['vault.example'] });
      expect(refused).not.toHaveProperty('authenticated');
      expect(refused).not.toHaveProperty('audiences');
      expect(refused).toMatchObject({ user: {}, error: expect.stringContaining('invalid bearer token') });
    }
  });
  it('of a token for another audience says so, and the API server does not take it', async () => {
    const t = await token({ audiences: ['vault.example'] });
    expect(await review({ token: t, audiences: ['vault.example'] })).toMatchObject({ authenticated: true, audiences: ['vault.example'] });
    expect(await review({ token: t })).not.toHaveProperty('authenticated');
    expect((await bearer(t, '/version')).status).toBe(401);
  });
  it.each(['a b', ' fixed', 'x, Bearer y', '\u0000', 'é'])('of %j', async (t) => {
    expect(await review({ token: t })).not.toHaveProperty('authenticated');
  });
});

describe('a service-account token', () => {
  const forge = async (
    change: (jwt: SignJWT) => SignJWT,
    key = server.api.files.serviceAccount.key,
    claims: object = {},
  ): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const own = { 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'other', uid }, ...claims } };
    const jwt = new SignJWT(own)
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(ISSUER)
      .setAudience(ISSUER)
      .setIssuedAt(now)
      .setExpirationTime(now + 600);
    return change(jwt).sign(await importPKCS8(key, 'ES256'));
  };
  it('that is right', async () => {
    expect((await bearer(await forge((j) => j), '/version')).status).toBe(200);
  });
  it.each<[string, () => Promise<string>]>([
    ['without a signature', async () => `${btoa('{"alg":"none"}')}.${(await token()).split('.')[1]}.`],
    [
      'with its claims changed',
      async () =>
        (await token())
          .split('.')
          .map((p, i) => (i === 1 ? btoa(atob(p).replace(':sa', ':other')).replace(/=/g, '') : p))
          .join('.'),
    ],
    ['of another key', async () => forge((j) => j, (await createAuthority('x', Date.now())).key)],
    [
      'signed with the public key as a secret',
      async () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'HS256' })
          .setIssuer(ISSUER)
          .setAudience(ISSUER)
          .sign(new TextEncoder().encode(server.api.files.serviceAccount.publicKey)),
    ],
    ['that has expired', () => forge((j) => j.setExpirationTime(1))],
    ['that is not valid yet', () => forge((j) => j.setNotBefore(4e9))],
    ['of another issuer', () => forge((j) => j.setIssuer('https://evil'))],
    ['of an account that was made anew', () => forge((j) => j, undefined, { serviceaccount: { name: 'sa', uid } })],
    ['of a Pod that is not there', () => forge((j) => j, undefined, { pod: { name: 'p', uid: 'u' } })],
    ['of a Secret that is not there', () => forge((j) => j, undefined, { secret: { name: 'p', uid: 'u' } })],
    ['of a Node that is not there', () => forge((j) => j, undefined, { node: { name: 'p', uid: 'u' } })],
  ])('%s', async (_what, make) => {
    expect((await bearer(await make(), '/version')).status).toBe(401);
  });
  it('is no good once its account has gone', async () => {
    const t = await token({}, 'gone');
    expect((await bearer(t, '/version')).status).toBe(200);
    await as('DELETE', `${ACCOUNTS}/gone`);
    expect((await bearer(t, '/version')).status).toBe(401);
  });
});

describe('a client certificate', () => {
  it('of another authority is refused, whatever it says', async () => {
    const foreign = await issue(await loadAuthority(await createAuthority('kubernetes', Date.now())), MASTERS, Date.now());
    expect((await server.send({ path: SECRETS, client: foreign })).status).toBe(401);
    expect((await server.send({ path: '/version', client: foreign })).status).toBe(401);
  });
  it('of the front proxies says nothing about a user here', async () => {
    const proxy = await issue(server.api.files.frontProxyCa, MASTERS, Date.now());
    expect(
      (await server.send({ path: SECRETS, client: proxy, headers: { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' } }))
        .status,
    ).toBe(401);
  });
  it('for servers is none of a client', async () => {
    const serving = await issue(server.api.files.ca, { ...MASTERS, usages: ['server'] }, Date.now());
    expect((await server.send({ path: SECRETS, client: serving })).status).toBe(401);
  });
  it('that has expired is none', async () => {
    const old = await issue(server.api.files.ca, { ...MASTERS, days: 1 }, Date.now() - 10 * 86_400_000);
    expect((await server.send({ path: SECRETS, client: old })).status).toBe(401);
  });
});

describe('over HTTP/2', () => {
  const over = (client?: KeyPair, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const session = http2.connect(`https://127.0.0.1:${server.api.port}`, {
        rejectUnauthorized: false,
        ...(client ? { cert: client.certificate, key: client.key } : {}),
      });
      session.on('error', reject);
      const stream = session.request({ ':path': SECRETS, ...headers });
      stream.on('response', (h) => {
        resolve(Number(h[':status']));
        session.destroy();
      });
      stream.end();
    });
  it('credentials count as they do elsewhere', async () => {
    const foreign = await issue(await loadAuthority(await createAuthority('kubernetes', Date.now())), MASTERS, Date.now());
    expect([await over(admin), await over(), await over(foreign), await over(undefined, { authorization: 'Bearer x, Bearer y' })]).toEqual([
      200, 403, 401, 401,
    ]);
  });
});

describe('headers of a proxy', () => {
  it('count for nothing from anyone else', async () => {
    const headers = {
      'x-remote-user': 'root',
      'x-remote-group': 'system:masters',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-user': 'root',
    };
    expect((await server.send({ path: SECRETS, headers })).status).toBe(403);
    expect((await server.send({ method: 'POST', path: SELF, headers, body: {} })).status).toBe(403);
  });
});

it.each([[['RBAC', 'AlwaysAllow']], [['AlwaysAllow']], [['Node', 'RBAC', 'AlwaysAllow']]])(
  'nobody is let in without credentials where %j',
  async (authorizationModes) => {
    for (const anonymous of [undefined, true]) {
      const open = await listening({ authorizationModes, anonymous });
      try {
        expect((await open.send({ path: SECRETS })).status).toBe(401);
        expect(
          (await open.send({ path: SECRETS, client: await open.api.files.client('x', { commonName: 'x', usages: ['client'] }) })).status,
        ).toBe(200);
      } finally {
        await open.stop();
      }
    }
  },
);
