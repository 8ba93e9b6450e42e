/** Who may do what, asked over the wire by people with one right each: every other verb, path and trick is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';
import { type Got, type Listening, listening, send } from './listening.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
const DEFAULT = '/api/v1/namespaces/default';
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
let server: Listening;

const as = async (
  user: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string | string[]> = {},
): Promise<Got> =>
  server.send({
    method,
    path,
    body,
    headers: method === 'PATCH' ? { 'content-type': 'application/merge-patch+json', ...headers } : headers,
    client: await server.api.files.client(user, {
      commonName: user,
      organizations: user === 'root' ? ['system:masters'] : [],
      usages: ['client'],
    }),
  });
async function may(user: string, rules: object[]): Promise<void> {
  await as('root', 'POST', `${RBAC}/namespaces/default/roles`, { metadata: { name: user }, rules });
  const [roleRef, subjects] = [{ apiGroup: GROUP, kind: 'Role', name: user }, [{ kind: 'User', apiGroup: GROUP, name: user }]];
  await as('root', 'POST', `${RBAC}/namespaces/default/rolebindings`, { metadata: { name: user }, roleRef, subjects });
}
const maps = (verbs: readonly string[], more: object = {}) => [{ apiGroups: [''], resources: ['configmaps'], verbs, ...more }];

beforeAll(async () => {
  server = await listening({ allowPrivileged: false });
  for (const verb of VERBS) await may(verb, maps([verb]));
  await may('named', maps([...VERBS], { resourceNames: ['one'] }));
  await may('reader', [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'update'] }]);
  await as('root', 'POST', `${DEFAULT}/serviceaccounts`, { metadata: { name: 'default' } });
  await as('root', 'POST', `${DEFAULT}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  await as('root', 'POST', `${DEFAULT}/secrets`, { metadata: { name: 's' }, stringData: { k: 'hidden-value' } });
});
afterAll(() => server.stop());

const MAPS = `${DEFAULT}/configmaps`;
const one = { metadata: { name: 'one' } };
const WAYS: Record<(typeof VERBS)[number], [string, string, object?][]> = {
  get: [
    ['GET', `${MAPS}/one`],
    ['HEAD', `${MAPS}/one`],
  ],
  list: [['GET', MAPS]],
  watch: [
    ['GET', `${MAPS}?watch=true&timeoutSeconds=1`],
    ['GET', '/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=1'],
    ['GET', '/api/v1/watch/namespaces/default/configmaps/one?timeoutSeconds=1'],
  ],
  create: [['POST', MAPS, one]],
  update: [['PUT', `${MAPS}/one`, one]],
  patch: [['PATCH', `${MAPS}/one`, { data: {} }]],
  delete: [['DELETE', `${MAPS}/one`]],
  deletecollection: [['DELETE', MAPS]],
};

describe.each(VERBS)('who may %s', (verb) => {
  it.each(VERBS)('and %s', async (wanted) => {
    for (const [method, path, body] of WAYS[wanted]) {
      await as('root', 'POST', MAPS, one);
      const { status } = await as(verb, method, path, body);
      if (verb === wanted) expect([200, 201, 405, 409]).toContain(status);
      else expect([method, path, status]).toEqual([method, path, 403]);
    }
  });
  it('in another namespace, or all', async () => {
    for (const [method, path, body] of WAYS[verb]) {
      expect((await as(verb, method, path.replace('default', 'kube-system'), body)).status).toBe(403);
      if (!path.includes('/one'))
        expect([403, 405]).toContain((await as(verb, method, path.replace('namespaces/default/', ''), body)).status);
    }
  });
});

describe('who may do everything with one object by its name', () => {
  it.each<[string, string, string, object | undefined, number]>([
    ['reads it', 'GET', `${MAPS}/one`, undefined, 200],
    ['reads no other', 'GET', `${MAPS}/two`, undefined, 403],
    ['lists it by a field', 'GET', `${MAPS}?fieldSelector=metadata.name%3Done`, undefined, 200],
    ['lists it by two', 'GET', `${MAPS}?fieldSelector=metadata.name%3D%3Done,metadata.namespace%3Ddefault`, undefined, 200],
    ['watches it by a field', 'GET', `${MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Done`, undefined, 200],
    ['lists no other', 'GET', `${MAPS}?fieldSelector=metadata.name%3Dtwo`, undefined, 403],
    ['lists not all but one', 'GET', `${MAPS}?fieldSelector=metadata.name%21%3Done`, undefined, 403],
    ['lists not all', 'GET', MAPS, undefined, 403],
    ['is not fooled by a second selector', 'GET', `${MAPS}?fieldSelector=&fieldSelector=metadata.name%3Done`, undefined, 403],
    ['is not fooled by labels', 'GET', `${MAPS}?labelSelector=metadata.name%3Done`, undefined, 403],
    ['makes none', 'POST', MAPS, one, 403],
    ['deletes not all', 'DELETE', MAPS, undefined, 403],
    ['deletes not by a field', 'DELETE', `${MAPS}?fieldSelector=metadata.name%3Done`, undefined, 403],
  ])('%s', async (_what, method, path, body, status) => {
    await as('root', 'POST', MAPS, one);
    expect((await as('named', method, path, body)).status).toBe(status);
  });
});

describe('who may read and update pods', () => {
  it.each<[string, string, object?]>([
    ['PUT', `${DEFAULT}/pods/p/status`, { metadata: { name: 'p' } }],
    ['PUT', `${DEFAULT}/pods/p/ephemeralcontainers`, { metadata: { name: 'p' } }],
    ['POST', `${DEFAULT}/pods/p/binding`, { target: { name: 'n' } }],
    ['POST', `${DEFAULT}/bindings`, { metadata: { name: 'p' }, target: { name: 'n' } }],
    ['POST', `${DEFAULT}/pods/p/eviction`, { metadata: { name: 'p' } }],
    ['GET', `${DEFAULT}/pods/p/log`],
    ['GET', `${DEFAULT}/pods/p/exec?command=id`],
    ['POST', `${DEFAULT}/pods/p/exec?command=id`],
    ['GET', `${DEFAULT}/pods/p/proxy/`],
    ['OPTIONS', `${DEFAULT}/pods/p/proxy/`],
    ['GET', `${DEFAULT}/pods/p:80/proxy/`],
    ['DELETE', `${DEFAULT}/pods/p`],
    ['POST', `${DEFAULT}/serviceaccounts/default/token`, { spec: {} }],
    ['GET', `${DEFAULT}/secrets/s`],
    ['GET', '/metrics'],
    ['GET', '/api/v1/nodes'],
  ])('not %s %s', async (method, path, body) => {
    expect((await as('reader', method, path, body)).status).toBe(403);
  });
});

describe('paths and methods that look like others', () => {
  const S = 'secrets/s';
  it.each<[string, string, Record<string, string>?]>([
    ['GET', `/api/v1//namespaces/default/${S}`],
    ['GET', `//api/v1/namespaces/default/${S}`],
    ['GET', `/api/v1/namespaces/default/pods/../${S}`],
    ['GET', `/api/v1/namespaces/default/pods/%2e%2e/${S}`],
    ['GET', '/api/v1/namespaces/default/pods%2f..%2fsecrets%2fs'],
    ['GET', `/api/v1/namespaces/default/./${S}`],
    ['GET', `/API/V1/namespaces/default/${S}`],
    ['GET', '/api/v1/namespaces/default/Secrets/s'],
    ['GET', '/api/v1/namespaces/default/secrets/s/'],
    ['GET', '/api/v1/namespaces/default/secrets/s/status'],
    ['GET', '/api/v1/namespaces/default/secrets/s/proxy/../'],
    ['GET', '/api/v1/namespaces/default/secrets;pods/s'],
    ['GET', `/healthz/../api/v1/namespaces/default/${S}`],
    ['GET', `/healthz%2f..%2fapi/v1/namespaces/default/${S}`],
    ['GET', '/api/v1/secrets?namespace=default'],
    ['GET', '/apis//v1/namespaces/default/secrets'],
    ['GET', '/apis/core/v1/namespaces/default/secrets'],
    ['GET', `/api/v1/watch/namespaces/default/${S}`],
    ['POST', `/api/v1/watch/namespaces/default/${S}`],
    ['GET', '/api/v1/proxy/namespaces/default/secrets/s'],
    [
      'GET',
      '/api/v1/namespaces/default/pods/p',
      {
        'x-http-method-override': 'DELETE',
        'x-original-url': `/api/v1/namespaces/default/${S}`,
        'x-rewrite-url': `/api/v1/namespaces/default/${S}`,
      },
    ],
    ['POST', `/api/v1/namespaces/default/${S}`, { 'x-http-method-override': 'GET' }],
    ['get', `/api/v1/namespaces/default/${S}`],
  ])('%s %s', async (method, path, headers) => {
    for (const user of ['reader', '']) {
      const got = user
        ? await as(user, method, path, undefined, headers).catch(() => undefined)
        : await server.send({ method, path, headers }).catch(() => undefined);
      expect(got?.text ?? '').not.toContain(btoa('hidden-value'));
      if (got && got.status < 300) expect(got.body?.kind).toBe('Pod');
    }
    expect((await as('root', 'GET', `${DEFAULT}/pods/p`)).status).toBe(200);
  });
});

describe('acting as someone else without the right to', () => {
  it.each<[string, Record<string, string | string[]>]>([
    ['a user', { 'impersonate-user': 'root' }],
    ['the masters', { 'impersonate-user': 'reader', 'impersonate-group': 'system:masters' }],
    ['an account', { 'impersonate-user': 'system:serviceaccount:kube-system:default' }],
    ['a node', { 'impersonate-user': 'system:node:n', 'impersonate-group': ['system:nodes'] }],
    ['oneself', { 'impersonate-user': 'reader' }],
    ['with extras', { 'impersonate-user': 'reader', 'impersonate-extra-scopes': 'x' }],
    ['with a uid', { 'impersonate-user': 'reader', 'impersonate-uid': '1' }],
  ])('%s', async (_what, headers) => {
    expect((await as('reader', 'GET', `${DEFAULT}/pods`, undefined, headers)).status).toBe(403);
  });
  it('a group alone', async () => {
    expect(
      (await as('reader', 'GET', `${DEFAULT}/secrets`, undefined, { 'impersonate-group': 'system:masters' })).status,
    ).toBeGreaterThanOrEqual(400);
  });
  it('some of what is impersonated does not do', async () => {
    await as('root', 'POST', `${RBAC}/clusterroles`, {
      metadata: { name: 'act' },
      rules: [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }],
    });
    await as('root', 'POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'act' },
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'act' },
      subjects: [{ kind: 'User', apiGroup: GROUP, name: 'actor' }],
    });
    expect((await as('actor', 'GET', `${DEFAULT}/pods`, undefined, { 'impersonate-user': 'reader' })).status).toBe(200);
    expect(
      (await as('actor', 'GET', `${DEFAULT}/pods`, undefined, { 'impersonate-user': 'reader', 'impersonate-group': 'system:masters' }))
        .status,
    ).toBe(403);
    expect(
      (await as('actor', 'GET', `${DEFAULT}/pods`, undefined, { 'impersonate-user': 'system:serviceaccount:default:default' })).status,
    ).toBe(403);
  });
});

it('nobody makes a privileged container where none may be', async () => {
  const pod = (securityContext: object) => ({
    metadata: { generateName: 'p' },
    spec: { containers: [{ name: 'c', image: 'i', securityContext }] },
  });
  expect(await as('root', 'POST', `${DEFAULT}/pods`, pod({ privileged: true }))).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('disallowed by cluster policy') },
  });
  expect((await as('root', 'POST', `${DEFAULT}/pods`, pod({ privileged: false }))).status).toBe(201);
});

it('what the API server shows to kubelets opens nothing in the API: a Node that tells another address gets nothing by it', async () => {
  const client = server.api.files.kubeletClient;
  for (const path of [`${DEFAULT}/secrets`, '/api/v1/nodes', `${RBAC}/clusterroles`])
    expect((await server.send({ path, client })).body).toMatchObject({
      code: 403,
      message: expect.stringContaining('kube-apiserver-kubelet-client'),
    });
});

/** Every path that a kubelet serves, and some that it once did. */
const KUBELET = [
  '/',
  '/healthz',
  '/healthz/ping',
  '/healthz/syncloop',
  '/pods',
  '/runningpods/',
  '/configz',
  '/stats/summary',
  '/metrics',
  '/metrics/cadvisor',
  '/metrics/probes',
  '/metrics/resource',
  '/logs/',
  '/logs/../pods',
  '/containerLogs/default/p/c',
  '/exec/default/p/c?command=id&output=1',
  '/exec/default/p/u/c?command=id&output=1',
  '/attach/default/p/c?output=1',
  '/run/default/p/c?cmd=id',
  '/portForward/default/p?port=80',
  '/checkpoint/default/p/c',
  '/debug/pprof/',
  '/debug/flags/v',
  '/healthz/../pods',
  '/healthz%2f..%2fpods',
  '//pods',
  '/nothing',
];

describe('the port of a kubelet', () => {
  let cluster: Cluster;
  let port: number;
  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 1, listen: true });
    const [node] = (await cluster.client.list({ apiVersion: 'v1', kind: 'Node' })).items;
    port = (node as unknown as { status: { daemonEndpoints: { kubeletEndpoint: { Port: number } } } }).status.daemonEndpoints
      .kubeletEndpoint.Port;
  });
  afterAll(() => cluster.stop());
  it.each([
    '/pods',
    '/runningpods/',
    '/stats/summary',
    '/metrics',
    '/containerLogs/default/p/c',
    '/run/default/p/c',
    '/exec/default/p/c?command=id&output=1',
    '/attach/default/p/c',
    '/portForward/default/p',
    '/logs/',
    '/configz',
    '//pods',
    '/%70ods',
    '/debug/pprof/',
  ])('%s', async (path) => {
    for (const method of ['GET', 'POST'])
      for (const headers of <Record<string, string>[]>[
        {},
        { authorization: 'Bearer x' },
        { authorization: 'Basic cm9vdDpyb290' },
        { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' },
      ])
        expect((await send(port, { method, path, headers })).status).toBeGreaterThanOrEqual(400);
  });
  it('every path and method, with a token of an account without rights, or none', async () => {
    const { status } = (await cluster.client.raw('POST', `${DEFAULT}/serviceaccounts/default/token`, { spec: {} })) as {
      status: { token: string };
    };
    const streams = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
    for (const path of KUBELET)
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])
        for (const more of <Record<string, string>[]>[{}, streams]) {
          const authorization = `Bearer ${status.token}`;
          const { status: known } = await send(port, { method, path, headers: { ...more, authorization } });
          const { status: unknown } = await send(port, { method, path, headers: more });
          expect([method, path, known]).toEqual([method, path, 403]);
          expect([401, 403]).toContain(unknown);
        }
  });
  it('the API server itself may: logs and statistics come', async () => {
    await cluster.client.raw('GET', '/api/v1/nodes/node-0/proxy/stats/summary');
  });
});
