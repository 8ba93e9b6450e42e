/** MutatingWebhookConfigurations: who else may change what a request brings. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import { ageColumn, integer, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { MutatingWebhookConfiguration } from '../types/admissionregistration/v1.js';
import { validateWebhooks } from './webhooks.js';

export const mutatingWebhookConfiguration = defineResource<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: 'Sqi0GUgDaX0=',
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: ({ webhooks }) => validateWebhooks(webhooks ?? []),
  validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks ?? [], old.webhooks ?? []),
  columns: [nameColumn, integer('Webhooks', ({ webhooks }) => webhooks?.length ?? 0), ageColumn],
});
