/** LocalSubjectAccessReview at the API. */
import { defineResource } from '../define.js';
import type { LocalSubjectAccessReview } from '../types/authorization/v1.js';

export const localSubjectAccessReview = defineResource<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  verbs: ['create'],
  keyPrefix: undefined,
});
