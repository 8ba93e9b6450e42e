/** Checks that no flag turns off, and those of certificate requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateRequest } from '../certificate-request.js';
import { type Got, type Listening, listening } from './listening.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
const PLUGINS = ['RBACEscalation', 'CertificateSignature'];

it.each(PLUGINS)('%s is no plugin that could be named', async (name) => {
  await expect(listening({ disabledAdmission: [name] })).rejects.toThrow(`admission-control plugin "${name}" is unknown`);
});

describe.each<[string, string[]]>([
  ['as it is', []],
  [
    'without plugins',
    [
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'NodeRestriction',
      'ServiceAccount',
      'NamespaceLifecycle',
      'Priority',
    ],
  ],
])('%s', (_what, disabledAdmission) => {
  let server: Listening;
  const as = async (user: string, method: string, path: string, body?: unknown): Promise<Got> =>
    server.send({
      method,
      path,
      body,
      client: await server.api.files.client(user, {
        commonName: user,
        organizations: user === 'root' ? ['system:masters'] : [],
        usages: ['client'],
      }),
    });
  beforeAll(async () => {
    server = await listening({ disabledAdmission });
    const rules = [
      { apiGroups: [GROUP], resources: ['*'], verbs: ['get', 'create', 'update', 'patch'] },
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'],
        verbs: ['*'],
      },
    ];
    await as('root', 'POST', `${RBAC}/clusterroles`, { metadata: { name: 'eve' }, rules });
    await as('root', 'POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'eve' },
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'eve' },
      subjects: [{ kind: 'User', apiGroup: GROUP, name: 'eve' }],
    });
  });
  afterAll(() => server.stop());

  const all = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const bound = (name: string) => ({
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', apiGroup: GROUP, name: 'eve' }],
  });
  it.each<[string, string, string, object]>([
    ['a role of everything', 'POST', `${RBAC}/clusterroles`, { metadata: { name: 'x' }, rules: all }],
    ['more in her own role', 'PUT', `${RBAC}/clusterroles/eve`, { metadata: { name: 'eve' }, rules: all }],
    ['a role of everything in a namespace', 'POST', `${RBAC}/namespaces/default/roles`, { metadata: { name: 'x' }, rules: all }],
    ['a binding to cluster-admin', 'POST', `${RBAC}/clusterrolebindings`, { metadata: { name: 'x' }, ...bound('cluster-admin') }],
    ['the same in a namespace', 'POST', `${RBAC}/namespaces/default/rolebindings`, { metadata: { name: 'x' }, ...bound('cluster-admin') }],
    ['a role that is made by PUT', 'PUT', `${RBAC}/clusterroles/y`, { metadata: { name: 'y' }, rules: all }],
  ])('%s', async (_name, method, path, body) => {
    expect(await as('eve', method, path, body)).toMatchObject({ status: 403 });
  });

  const request = async (name: string, signerName: string, forged = false) =>
    as('eve', 'POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      metadata: { generateName: 'c' },
      spec: { request: await certificateRequest(name, forged), signerName, usages: ['client auth'] },
    });
  const CLIENT = 'kubernetes.io/kube-apiserver-client';
  it.each<[string, string, string, boolean, number, number]>([
    ['for herself', 'CN=eve', CLIENT, false, 201, 201],
    ['for the masters', 'CN=eve, O=system:masters', CLIENT, false, 403, 201],
    ['for the masters among others', 'CN=eve, O=a, O=system:masters', CLIENT, false, 403, 201],
    ['for the masters by another signer', 'CN=eve, O=system:masters', 'example.com/x', false, 201, 201],
    ['whose signature is another', 'CN=eve', CLIENT, true, 422, 422],
    ['whose signature is another, by another signer', 'CN=eve', 'example.com/x', true, 422, 422],
  ])('a certificate request %s', async (_name, name, signer, forged, whole, bare) => {
    expect(await request(name, signer, forged)).toMatchObject({ status: disabledAdmission.length ? bare : whole });
  });
  it('an approval without the right to approve for the signer', async () => {
    const csr = (await request('CN=eve', CLIENT)).body;
    const conditions = [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }];
    const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${csr.metadata.name}/approval`;
    expect((await as('eve', 'PUT', path, { ...csr, status: { conditions } })).status).toBe(disabledAdmission.length ? 200 : 403);
  });
});

describe('an account that lists its secrets', () => {
  let server: Listening;
  const send = async (method: string, path: string, body?: unknown): Promise<Got> =>
    server.send({
      method,
      path,
      body,
      client: await server.api.files.client('root', { commonName: 'root', organizations: ['system:masters'], usages: ['client'] }),
    });
  const DEFAULT = '/api/v1/namespaces/default';
  beforeAll(async () => {
    server = await listening();
    const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
    await send('POST', `${DEFAULT}/serviceaccounts`, {
      metadata: { name: 'sa', annotations },
      secrets: [{ name: 'mine' }],
      imagePullSecrets: [{ name: 'pull' }],
    });
  });
  afterAll(() => server.stop());
  const env = (name: string) => ({ name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }] });
  const plain = { name: 'c', image: 'i' };
  const because = 'is not allowed because service account sa does not reference that';
  it.each<[string, object, string | undefined]>([
    [
      'a secret it lists',
      { containers: [env('mine')], volumes: [{ name: 'v', secret: { secretName: 'mine' } }], imagePullSecrets: [{ name: 'pull' }] },
      undefined,
    ],
    [
      'a volume',
      { containers: [plain], volumes: [{ name: 'v', secret: { secretName: 'other' } }] },
      `volume with secret.secretName="other" ${because} secret`,
    ],
    ['a variable', { containers: [env('other')] }, `container c with envVar E referencing secret.secretName="other" ${because} secret`],
    [
      'a variable of an init container',
      { containers: [plain], initContainers: [{ ...env('other'), name: 'i' }] },
      `init container i with envVar E referencing secret.secretName="other" ${because} secret`,
    ],
    [
      'all variables',
      { containers: [{ ...plain, envFrom: [{ secretRef: { name: 'other' } }] }] },
      `container c with envFrom referencing secret.secretName="other" ${because} secret`,
    ],
    [
      'a secret to pull with',
      { containers: [plain], imagePullSecrets: [{ name: 'pull' }, { name: 'other' }] },
      `imagePullSecrets[1].name="other" ${because} imagePullSecret`,
    ],
  ])('%s', async (_what, spec, message) => {
    const got = await send('POST', `${DEFAULT}/pods`, { metadata: { generateName: 'p' }, spec: { serviceAccountName: 'sa', ...spec } });
    if (message) expect(got).toMatchObject({ status: 403, body: { message: expect.stringContaining(message) } });
    else expect(got).toMatchObject({ status: 201 });
  });
  it('a container added later', async () => {
    const pod = (
      await send('POST', `${DEFAULT}/pods`, { metadata: { name: 'p' }, spec: { serviceAccountName: 'sa', containers: [plain] } })
    ).body;
    pod.spec.ephemeralContainers = [{ ...env('other'), name: 'e' }];
    expect(await send('PUT', `${DEFAULT}/pods/p/ephemeralcontainers`, pod)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('ephemeral container e with envVar E') },
    });
  });
});
