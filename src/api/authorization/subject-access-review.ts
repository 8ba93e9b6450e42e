/** SubjectAccessReview at the API. */
import { defineResource } from '../define.js';
import type { SubjectAccessReview } from '../types/authorization/v1.js';

export const subjectAccessReview = defineResource<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  keyPrefix: undefined,
});
