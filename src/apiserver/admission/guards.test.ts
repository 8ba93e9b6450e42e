/** No one grants more than he has, nor gives out certificates for which he is not the signer. */
import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../api/types/rbac/v1.js';
import { generateKeys } from '../../util/x509.js';
import type { Rbac } from '../authorize/rbac.js';
import { certificateApproval, certificateSignature, certificateSigning, certificateSubjectRestriction } from './certificates.js';
import { rbacGuard } from './rbac-escalation.js';
import { type Asked, allowing, answerOf } from './testing.js';

const RBAC = 'rbac.authorization.k8s.io';
const rule = (verbs: string[], resources: string[], more: Partial<PolicyRule> = {}): PolicyRule => ({
  verbs,
  apiGroups: [''],
  resources,
  ...more,
});
const ALL: PolicyRule[] = [rule(['*'], ['*'], { apiGroups: ['*'] }), { verbs: ['*'], nonResourceURLs: ['*'] }];

describe('roles and bindings', () => {
  const said = async (own: PolicyRule[], asked: Asked, ...allowed: string[]): Promise<string> => {
    const roles: Record<string, PolicyRule[]> = { 'ClusterRole/strong': ALL, 'ClusterRole/weak': [rule(['get'], ['pods'])] };
    const rbac = {
      allRules: () => own,
      roleRules: (ref: { kind: string; name: string }) => roles[`${ref.kind}/${ref.name}`],
    } as unknown as Rbac;
    return (await answerOf(rbacGuard(rbac, allowing(...allowed)), asked)).replace(
      /user "eve".*attempting to grant/s,
      'attempting to grant',
    );
  };
  const role = (rules: PolicyRule[], more: Partial<Asked> = {}, object: object = {}): Asked => ({
    what: `${RBAC}/v1/clusterroles`,
    object: { metadata: { name: 'r' }, rules, ...object },
    ...more,
  });
  const binding = (name: string, more: Partial<Asked> = {}): Asked => ({
    what: `${RBAC}/v1/clusterrolebindings`,
    object: { metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name } },
    ...more,
  });
  const missing = (...rules: string[]) => `403 attempting to grant RBAC permissions not currently held:\n${rules.join('\n')}`;
  const GET = '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}';
  it.each<[string, PolicyRule[], Asked, string]>([
    ['what one has', [rule(['get'], ['pods'])], role([rule(['get'], ['pods'])]), 'ok'],
    ['nothing', [], role([]), 'ok'],
    ['what one has not', [], role([rule(['get'], ['pods'])]), missing(GET)],
    ['another verb', [rule(['list'], ['pods'])], role([rule(['get'], ['pods'])]), missing(GET)],
    [
      'several verbs, some of them',
      [rule(['get'], ['pods'])],
      role([rule(['get', 'list', 'watch'], ['pods'])]),
      missing('{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}'),
    ],
    [
      'several resources',
      [],
      role([rule(['get'], ['pods', 'secrets'])]),
      missing(GET, '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'),
    ],
    ['what all verbs give', [rule(['*'], ['pods'])], role([rule(['get'], ['pods'])]), 'ok'],
    [
      'all verbs',
      [rule(['get', 'list'], ['pods'])],
      role([rule(['*'], ['pods'])]),
      missing('{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'),
    ],
    ['what all resources give', [rule(['get'], ['*'])], role([rule(['get'], ['pods', 'pods/log'])]), 'ok'],
    ['a subresource of anything', [rule(['get'], ['*/log'])], role([rule(['get'], ['pods/log'])]), 'ok'],
    [
      'another subresource',
      [rule(['get'], ['*/log'])],
      role([rule(['get'], ['pods/exec'])]),
      missing('{APIGroups:[""], Resources:["pods/exec"], Verbs:["get"]}'),
    ],
    [
      'another group',
      [rule(['get'], ['pods'])],
      role([rule(['get'], ['pods'], { apiGroups: ['apps'] })]),
      missing('{APIGroups:["apps"], Resources:["pods"], Verbs:["get"]}'),
    ],
    ['a name', [rule(['get'], ['pods'], { resourceNames: ['a'] })], role([rule(['get'], ['pods'], { resourceNames: ['a'] })]), 'ok'],
    [
      'another name',
      [rule(['get'], ['pods'], { resourceNames: ['a'] })],
      role([rule(['get'], ['pods'], { resourceNames: ['a', 'b'] })]),
      missing('{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}'),
    ],
    ['all names of one', [rule(['get'], ['pods'], { resourceNames: ['a'] })], role([rule(['get'], ['pods'])]), missing(GET)],
    ['a name of all', [rule(['get'], ['pods'])], role([rule(['get'], ['pods'], { resourceNames: ['a'] })]), 'ok'],
    ['a path', [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }], role([{ verbs: ['get'], nonResourceURLs: ['/healthz/x'] }]), 'ok'],
    ['the same path', [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }], role([{ verbs: ['get'], nonResourceURLs: ['/healthz'] }]), 'ok'],
    [
      'all paths',
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }],
      role([{ verbs: ['get'], nonResourceURLs: ['*'] }]),
      missing('{NonResourceURLs:["*"], Verbs:["get"]}'),
    ],
    ['a path of all', [{ verbs: ['get'], nonResourceURLs: ['*'] }], role([{ verbs: ['get'], nonResourceURLs: ['/x'] }]), 'ok'],
    [
      'a path, by resources',
      ALL.slice(0, 1),
      role([{ verbs: ['get'], nonResourceURLs: ['/x'] }]),
      missing('{NonResourceURLs:["/x"], Verbs:["get"]}'),
    ],
    [
      'more by a change',
      [],
      role([rule(['get'], ['pods'])], { operation: 'UPDATE', old: { metadata: { name: 'r' }, rules: [] } }),
      missing(GET),
    ],
    [
      'nothing more by a finalizer',
      [],
      role([rule(['get'], ['pods'])], {
        operation: 'UPDATE',
        old: { metadata: { name: 'r', finalizers: ['a/b'] }, rules: [rule(['get'], ['pods'])] },
      }),
      'ok',
    ],
    [
      'a label',
      [],
      role([rule(['get'], ['pods'])], {
        operation: 'UPDATE',
        old: { metadata: { name: 'r', labels: { a: 'b' } }, rules: [rule(['get'], ['pods'])] },
      }),
      missing(GET),
    ],
    ['an aggregation', [], role([], {}, { aggregationRule: {} }), '403 must have cluster-admin privileges to use the aggregationRule'],
    [
      'an aggregation taken off',
      [],
      role([], { operation: 'UPDATE', old: { metadata: { name: 'r' }, rules: [], aggregationRule: {} } }),
      '403 must have cluster-admin privileges to use the aggregationRule',
    ],
    ['an aggregation, by who has everything', ALL, role([], {}, { aggregationRule: {} }), 'ok'],
    ['a role deleted', [], role([rule(['get'], ['pods'])], { operation: 'DELETE' }), 'ok'],
    ['by the masters', [], role(ALL, { user: { name: 'root', groups: ['system:masters'] } }), 'ok'],
    ['a binding to what one has', [rule(['get'], ['pods'])], binding('weak'), 'ok'],
    ['a binding to what one has not', [], binding('weak'), missing(GET)],
    ['a binding to everything', ALL, binding('strong'), 'ok'],
    ['a binding to no role', ALL, binding('gone'), '404 clusterroles.rbac.authorization.k8s.io "gone" not found'],
    ['another kind', [], { what: '/v1/configmaps', object: { metadata: { name: 'c' } } }, 'ok'],
  ])('%s', async (_what, own, asked, right) => {
    expect(await said(own, asked)).toBe(right);
  });
  it.each<[string, Asked, string, string]>([
    ['bind a role', binding('strong'), `bind ${RBAC}/clusterroles /strong`, 'ok'],
    ['bind a role that is not there', binding('gone'), `bind ${RBAC}/clusterroles /gone`, 'ok'],
    ['bind another role', binding('weak'), `bind ${RBAC}/clusterroles /strong`, missing(GET)],
    [
      'bind a role of a namespace',
      { ...binding('x'), what: `${RBAC}/v1/rolebindings`, object: { metadata: { name: 'b' }, roleRef: { kind: 'Role', name: 'x' } } },
      `bind ${RBAC}/roles ns/x`,
      'ok',
    ],
    [
      'escalate a role',
      role([rule(['get'], ['pods'])], { operation: 'UPDATE', old: { metadata: { name: 'r' } } }),
      `escalate ${RBAC}/clusterroles /r`,
      'ok',
    ],
    ['escalate any role, new ones too', role([rule(['get'], ['pods'])]), `escalate ${RBAC}/clusterroles /`, 'ok'],
    ['escalate a role by its name, before it is there', role([rule(['get'], ['pods'])]), `escalate ${RBAC}/clusterroles /r`, missing(GET)],
    ['bind, and makes a role', role([rule(['get'], ['pods'])]), `bind ${RBAC}/clusterroles /r`, missing(GET)],
  ])('who may %s', async (_what, asked, allowed, right) => {
    expect(await said([], asked, allowed)).toBe(right);
  });
});

describe('certificate requests', () => {
  const what = 'certificates.k8s.io/v1/certificatesigningrequests';
  const csr = (status: object = {}, spec: object = {}) => ({
    metadata: { name: 'c' },
    spec: { signerName: 'example.com/x', ...spec },
    status,
  });
  const change = (subresource: string, now: object, old: object = {}): Asked => ({
    operation: 'UPDATE',
    what: `${what}/${subresource}`,
    object: csr(now),
    old: csr(old),
  });
  const approval = certificateApproval(
    allowing(
      'approve certificates.k8s.io/signers /mine.io/x',
      'approve certificates.k8s.io/signers /all.io/*',
      'sign certificates.k8s.io/signers /example.com/x',
    ),
  );
  const signing = certificateSigning(
    allowing('approve certificates.k8s.io/signers /example.com/x', 'sign certificates.k8s.io/signers /mine.io/x'),
  );
  const by = (asked: Asked, signerName: string): Asked => ({ ...asked, old: { ...(asked.old as object), spec: { signerName } } });
  const conditions = [{ type: 'Approved' }];
  const REFUSED = (verb: string, signer = 'example.com/x') => `403 user not permitted to ${verb} requests with signerName "${signer}"`;
  it.each<[string, typeof approval, Asked, string]>([
    ['an approval', approval, change('approval', { conditions }), REFUSED('approve')],
    ['an approval for a signer', approval, by(change('approval', { conditions }), 'mine.io/x'), 'ok'],
    [
      'an approval for another of its signers',
      approval,
      by(change('approval', { conditions }), 'mine.io/y'),
      REFUSED('approve', 'mine.io/y'),
    ],
    ['an approval for all its signers', approval, by(change('approval', { conditions }), 'all.io/y'), 'ok'],
    ['a status, to approve', approval, change('status', { certificate: 'x' }), 'ok'],
    ['a request, to approve', approval, { what, object: csr() }, 'ok'],
    ['a certificate', signing, change('status', { certificate: 'x' }), REFUSED('sign')],
    ['a certificate of a signer', signing, by(change('status', { certificate: 'x' }), 'mine.io/x'), 'ok'],
    ['a failure', signing, change('status', { conditions: [{ type: 'Failed' }] }), REFUSED('sign')],
    ['a failure taken back', signing, change('status', {}, { conditions: [{ type: 'Failed' }] }), REFUSED('sign')],
    ['another condition', signing, change('status', { conditions }), 'ok'],
    ['an approval, to sign', signing, change('approval', { conditions }), 'ok'],
    ['another kind', signing, { operation: 'UPDATE', what: '/v1/pods/status', object: {}, old: {} }, 'ok'],
  ])('%s', async (_what, plugin, asked, right) => {
    expect(await answerOf(plugin, asked)).toBe(right);
  });

  const request = async (name: string, forged = false): Promise<string> => {
    const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
    const made = await Pkcs10CertificateRequestGenerator.create({
      name,
      keys: await generateKeys(),
      signingAlgorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    });
    const der = new Uint8Array(made.rawData);
    if (forged) der[der.length - 1]! ^= 1;
    return btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${btoa(String.fromCharCode(...der))}\n-----END CERTIFICATE REQUEST-----\n`);
  };
  const CLIENT = 'kubernetes.io/kube-apiserver-client';
  const MASTERS = `403 use of ${CLIENT} signer with system:masters group is not allowed`;
  it.each<[string, () => Promise<string> | string, string, Partial<Asked>, string, string]>([
    ['of a user', () => request('CN=eve, O=a'), CLIENT, {}, 'ok', 'ok'],
    ['of the masters', () => request('CN=eve, O=a, O=system:masters'), CLIENT, {}, MASTERS, 'ok'],
    ['of the masters for another signer', () => request('CN=eve, O=system:masters'), 'example.com/x', {}, 'ok', 'ok'],
    ['signed by another key', () => request('CN=eve', true), CLIENT, {}, 'ok', 'x509: signature verification failure'],
    [
      'that is none',
      () => btoa('x'),
      CLIENT,
      {},
      '403 failed to parse CSR: PEM block type must be CERTIFICATE REQUEST',
      'PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      'that holds nonsense',
      () => btoa('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----'),
      CLIENT,
      {},
      '403 failed to parse CSR: x509: malformed certificate request',
      'x509: malformed certificate request',
    ],
    ['that is changed', () => btoa('x'), CLIENT, { operation: 'UPDATE' }, 'ok', 'ok'],
    ['that is approved', () => btoa('x'), CLIENT, { what: `${what}/approval` }, 'ok', 'ok'],
    ['that is another thing', () => btoa('x'), CLIENT, { what: '/v1/configmaps' }, 'ok', 'ok'],
  ])('a request %s', async (_what, make, signerName, more, restriction, signature) => {
    const asked = { what, object: csr({}, { signerName, request: await make() }), ...more };
    expect(await answerOf(certificateSubjectRestriction, asked)).toBe(restriction);
    const said = await answerOf(certificateSignature, asked);
    if (signature === 'ok') expect(said).toBe('ok');
    else {
      expect(said).toMatch(/^422 /);
      expect(said).toContain(signature);
    }
  });
});
