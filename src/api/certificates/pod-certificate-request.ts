/** PodCertificateRequests: a kubelet asks for a pod's certificate. Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#pod-certificate-requests */
import { column, labelsCell, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { PodCertificateRequest } from '../types/certificates/v1beta1.js';

const STATES = ['Issued', 'Denied', 'Failed'];

export const podCertificateRequest = defineResource<PodCertificateRequest>({
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  kind: 'PodCertificateRequest',
  plural: 'podcertificaterequests',
  enabledByDefault: false,
  storageVersionHash: 'wYA9yXQH8fg=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  unconditionalUpdate: false,
  selectableFields: {
    'spec.signerName': ({ spec }) => spec.signerName ?? '',
    'spec.podName': ({ spec }) => spec.podName ?? '',
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  },
  columns: [
    nameColumn,
    column('PodName', ({ spec }) => spec.podName),
    column('ServiceAccountName', ({ spec }) => spec.serviceAccountName),
    column('NodeName', ({ spec }) => spec.nodeName),
    column('SignerName', ({ spec }) => spec.signerName),
    column('State', ({ status }) => (status.conditions ?? []).findLast((c) => STATES.includes(c.type))?.type ?? 'Pending'),
    column('UnverifiedUserAnnotations', ({ spec }) => labelsCell(spec.unverifiedUserAnnotations)),
  ],
});
