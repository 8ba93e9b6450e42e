/** SelfSubjectReview at the API. */
import { defineResource } from '../define.js';
import type { SelfSubjectReview } from '../types/authentication/v1.js';

export const selfSubjectReview = defineResource<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
  keyPrefix: undefined,
});
