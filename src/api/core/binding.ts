/** Binding at the API. */
import { defineResource } from '../define.js';
import type { Binding } from '../types/core/v1.js';

export const binding = defineResource<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  verbs: ['create'],
  keyPrefix: undefined,
});
