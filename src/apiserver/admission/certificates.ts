/**
 * CertificateApproval and CertificateSigning: who may change a request's approval or status must, besides, be allowed to act for its signer.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificateapproval
 */
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.js';
import { forbiddenError } from '../../meta/errors.js';
import type { Authorizer } from '../authorize/authorizer.js';
import type { AdmissionPlugin } from './chain.js';
import { aboutThis } from './lookup.js';

const GROUP = 'certificates.k8s.io';

export const certificateGuard = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  async validate(a) {
    const { group, plural } = a.definition;
    if (group !== GROUP || plural !== 'certificatesigningrequests' || a.operation !== 'UPDATE') return;
    const [now, old] = [a.object, a.oldObject] as unknown as CertificateSigningRequest[];
    const verb = a.subresource === 'approval' ? 'approve' : a.subresource === 'status' ? 'sign' : undefined;
    if (!verb || !now || !old) return;
    // Only what says that a certificate was given or refused is the signer's.
    const failed = (c: CertificateSigningRequest) => c.status.conditions?.some((x) => x.type === 'Failed') ?? false;
    if (verb === 'sign' && now.status.certificate === old.status.certificate && failed(now) === failed(old)) return;
    const signer = old.spec.signerName ?? '';
    for (const name of [signer, `${signer.split('/')[0]}/*`]) {
      const asked = {
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
      };
      if ((await authorizer.authorize(asked)).decision === 'allow') return;
    }
    throw forbiddenError(
      aboutThis(a.definition),
      a.name,
      `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`,
    );
  },
});
