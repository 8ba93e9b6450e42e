/** Client certificates that look right and are not, and those of the front proxy's authority in the wrong place. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuthority, issue, type KeyPair, loadAuthority } from '../../src/util/x509.js';
import { type Listening, listening } from './listening.js';

const MASTERS = { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] as const };
const SECRETS = '/api/v1/namespaces/kube-system/secrets';
const DAY = 86_400_000;
const HEADERS = { 'x-remote-user': 'root', 'x-remote-group': 'system:masters', 'x-remote-extra-scopes': 'all' };

let server: Listening;
beforeAll(async () => {
  server = await listening();
});
afterAll(() => server.stop());

/** An authority with the subject of the cluster's own. */
const twin = async () => loadAuthority(await createAuthority('kubernetes', Date.now()));

it.each<[string, () => Promise<KeyPair>]>([
  ['of another authority with the same subject', async () => issue(await twin(), MASTERS, Date.now())],
  ['of an authority that a client made of its own certificate', async () => issue(await loadAuthority(await own()), MASTERS, Date.now())],
  [
    'of another authority, followed by the real one',
    async () => {
      const pair = await issue(await twin(), MASTERS, Date.now());
      return { ...pair, certificate: `${pair.certificate}\n${server.api.files.ca.certificate}` };
    },
  ],
  ['that has expired', () => issue(server.api.files.ca, { ...MASTERS, days: 1 }, Date.now() - 10 * DAY)],
  ['that is not valid yet', () => issue(server.api.files.ca, MASTERS, Date.now() + 10 * DAY)],
  ['for servers alone', () => issue(server.api.files.ca, { ...MASTERS, usages: ['server'] }, Date.now())],
  ['of the front proxy’s authority', () => issue(server.api.files.frontProxyCa, MASTERS, Date.now())],
  ['of the front proxy', () => issue(server.api.files.frontProxyCa, { commonName: 'front-proxy-client', usages: ['client'] }, Date.now())],
  ['that signed itself', () => createAuthority('kubernetes-admin', Date.now())],
])('%s: nobody comes in by it, by its headers either', async (_, make) => {
  const client = await make();
  for (const headers of [{}, HEADERS])
    for (const path of [SECRETS, '/version', '/healthz'])
      expect([path, (await server.send({ path, client, headers }).catch(() => ({ status: 401 }))).status]).toEqual([path, 401]);
});

/** The certificate of a client, taken for an authority's. */
const own = async (): Promise<KeyPair> => server.api.files.client('mallory', { commonName: 'mallory', usages: ['client'] });

it.each<[string, object, string]>([
  ['the cluster’s authority is none of front proxies: its client is itself', { commonName: 'front-proxy-client' }, 'front-proxy-client'],
  ['a name in an organization is no group', { commonName: 'mallory', organizations: ['x,system:masters', 'O=system:masters'] }, 'mallory'],
  ['a name that holds another', { commonName: 'mallory/O=system:masters' }, 'mallory/O=system:masters'],
  ['a name that goes on in another line', { commonName: 'mallory\nO=system:masters' }, 'mallory\nO=system:masters'],
])('%s', async (_, subject, name) => {
  const client = await issue(server.api.files.ca, { usages: ['client'], ...subject } as never, Date.now());
  expect((await server.send({ path: SECRETS, client, headers: HEADERS })).status).toBe(403);
  const self = await server.send({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    client,
    headers: HEADERS,
    body: {},
  });
  expect(self.body.status.userInfo.username).toBe(name);
  expect(self.body.status.userInfo.groups).not.toContain('system:masters');
});

it('without a name is nobody', async () => {
  const client = await issue(server.api.files.ca, { commonName: '', organizations: ['system:masters'], usages: ['client'] }, Date.now());
  expect((await server.send({ path: SECRETS, client, headers: HEADERS })).status).toBe(403);
});
