/** SelfSubjectRulesReview at the API. */
import { defineResource } from '../define.js';
import type { SelfSubjectRulesReview } from '../types/authorization/v1.js';

export const selfSubjectRulesReview = defineResource<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  verbs: ['create'],
  keyPrefix: undefined,
});
