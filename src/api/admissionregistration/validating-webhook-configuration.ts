/** ValidatingWebhookConfigurations: who else is asked whether a request may pass. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import { ageColumn, integer, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ValidatingWebhookConfiguration } from '../types/admissionregistration/v1.js';
import { validateWebhooks } from './webhooks.js';

export const validatingWebhookConfiguration = defineResource<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  storageVersionHash: 'B0wHjQmsGNk=',
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: ({ webhooks }) => validateWebhooks(webhooks ?? []),
  validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks ?? [], old.webhooks ?? []),
  columns: [nameColumn, integer('Webhooks', ({ webhooks }) => webhooks?.length ?? 0), ageColumn],
});
