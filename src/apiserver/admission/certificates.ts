/**
 * Certificate requests. CertificateApproval and CertificateSigning: who may change a request's approval or status must, besides, be allowed to
 * act for its signer. CertificateSubjectRestriction: nobody asks the API server's own signer for the group that may do everything.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificateapproval
 */
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.js';
import { invalidError } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import { type ReadRequest, readCertificateRequest } from '../../util/x509.js';
import type { Authorizer } from '../authorize/authorizer.js';
import type { AdmissionPlugin, Attributes } from './chain.js';
import { refusal } from './refusal.js';

const GROUP = 'certificates.k8s.io';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
const MASTERS = 'system:masters';

const isRequest = ({ definition: { group, plural } }: Attributes): boolean => group === GROUP && plural === 'certificatesigningrequests';
const isNew = (a: Attributes): boolean => isRequest(a) && a.operation === 'CREATE' && !a.subresource;
const requestIn = (a: Attributes): string => (a.object as unknown as CertificateSigningRequest).spec.request;

/** What was sent, read; `refuse` is told what is wrong with it. */
export function requestOf(base64: string, problem: string, refuse: (why: string) => never): ReadRequest {
  try {
    return readCertificateRequest(atob(base64));
  } catch (e) {
    return refuse(`${problem}: ${(e as Error).message}`);
  }
}

async function maySigner(authorizer: Authorizer, a: Attributes, verb: 'approve' | 'sign', signer: string): Promise<boolean> {
  for (const name of [signer, `${signer.split('/')[0]}/*`]) {
    const { decision } = await authorizer.authorize({
      user: a.user,
      verb,
      isResource: true,
      group: GROUP,
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
      path: '',
    });
    if (decision === 'allow') return true;
  }
  return false;
}

const signerGuard = (plugin: string, subresource: string, verb: 'approve' | 'sign', authorizer: Authorizer): AdmissionPlugin => ({
  name: plugin,
  async validate(a) {
    if (!isRequest(a) || a.operation !== 'UPDATE' || a.subresource !== subresource) return;
    const [now, old] = [a.object, a.oldObject] as unknown as [CertificateSigningRequest, CertificateSigningRequest];
    // Only what says that a certificate was given or refused is the signer's.
    const failed = (c: CertificateSigningRequest) => c.status.conditions?.some((x) => x.type === 'Failed') ?? false;
    if (verb === 'sign' && now.status.certificate === old.status.certificate && failed(now) === failed(old)) return;
    const signer = old.spec.signerName ?? '';
    if (!(await maySigner(authorizer, a, verb, signer)))
      throw refusal(a, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`);
  },
});

export const certificateApproval = (authorizer: Authorizer): AdmissionPlugin =>
  signerGuard('CertificateApproval', 'approval', 'approve', authorizer);
export const certificateSigning = (authorizer: Authorizer): AdmissionPlugin =>
  signerGuard('CertificateSigning', 'status', 'sign', authorizer);

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(a) {
    if (!isNew(a) || (a.object as unknown as CertificateSigningRequest).spec.signerName !== CLIENT_SIGNER) return;
    const refuse = (why: string): never => {
      throw refusal(a, why);
    };
    if (requestOf(requestIn(a), 'failed to parse CSR', refuse).organizations.includes(MASTERS))
      refuse(`use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};

/** Not a plugin but a part of validation that takes a while: a request is signed with the key it is for. */
export const certificateSignature: AdmissionPlugin = {
  name: 'CertificateSignature',
  async validate(a) {
    if (!isNew(a)) return;
    const refuse = (why: string): never => {
      throw invalidError(GROUP, 'CertificateSigningRequest', a.name, [invalid('spec.request', requestIn(a), why)]);
    };
    if (!(await requestOf(requestIn(a), 'malformed request', refuse).signed())) refuse('x509: signature verification failure');
  },
};
