/** ServiceAccounts: who a pod is to the API. */
import { ageColumn, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ServiceAccount } from '../types/core/v1.js';

export const serviceAccount = defineResource<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  storageVersionHash: 'pbx9ZvyFpBE=',
  subresources: { other: { token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] } } },
  metadataLooks: 2,
  columns: [nameColumn, ageColumn],
});
