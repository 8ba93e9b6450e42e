/** ClusterTrustBundles: certificates that the cluster trusts. Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#cluster-trust-bundles */
import { column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ClusterTrustBundle } from '../types/certificates/v1beta1.js';

export const clusterTrustBundle = defineResource<ClusterTrustBundle>({
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  kind: 'ClusterTrustBundle',
  plural: 'clustertrustbundles',
  namespaced: false,
  enabledByDefault: false,
  storageVersionHash: 'v5yhuVertL4=',
  unconditionalUpdate: false,
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  columns: [nameColumn, column('SignerName', ({ spec }) => spec.signerName || '<none>')],
});
