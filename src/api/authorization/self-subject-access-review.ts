/** SelfSubjectAccessReview at the API. */
import { defineResource } from '../define.js';
import type { SelfSubjectAccessReview } from '../types/authorization/v1.js';

export const selfSubjectAccessReview = defineResource<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  keyPrefix: undefined,
});
