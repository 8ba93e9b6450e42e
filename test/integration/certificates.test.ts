/** Certificate requests: who asked is what the server saw, and an approval stays. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CertificateSigningRequest } from '../../src/api/types/certificates/v1.js';
import { Cluster } from '../../src/index.js';
import { certificateRequest } from '../certificate-request.js';

const GROUP = 'certificates.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';
const CSR = { apiVersion: `${GROUP}/v1`, kind: 'CertificateSigningRequest' } as const;
const conditions = [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }];
let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
  const rules = [{ apiGroups: [GROUP], resources: ['*'], verbs: ['get', 'create', 'update'] }];
  await cluster.client.create({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: 'eve' }, rules });
  await cluster.client.create({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'eve' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'eve' },
    subjects: [{ kind: 'User', apiGroup: RBAC, name: 'eve' }],
  });
});
afterAll(() => cluster.stop());

it('is asked by who asks, and approved by who may', async () => {
  const eve = cluster.client.as({ user: 'eve' });
  const spec = {
    request: await certificateRequest('CN=eve'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    username: 'admin',
    groups: ['system:masters'],
  };
  const csr = (await eve.create({ ...CSR, metadata: { name: 'c' }, spec } as never)) as CertificateSigningRequest;
  expect(csr.spec).toMatchObject({ username: 'eve', groups: ['system:authenticated'] });
  const path = `/apis/${GROUP}/v1/certificatesigningrequests/c/approval`;
  await expect(eve.raw('PUT', path, { ...csr, status: { conditions } })).rejects.toMatchObject({ code: 403 });
  await cluster.client.raw('PUT', path, { ...csr, status: { conditions } });
  const now = (await cluster.client.get({ ...CSR, name: 'c' })) as CertificateSigningRequest;
  expect(now.status.conditions).toMatchObject([{ type: 'Approved' }]);
  expect(now.spec.username).toBe('eve');
});
