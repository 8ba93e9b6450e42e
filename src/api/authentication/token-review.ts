/** TokenReview at the API. */
import { defineResource } from '../define.js';
import type { TokenReview } from '../types/authentication/v1.js';

export const tokenReview = defineResource<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
  keyPrefix: undefined,
});
