/** Leases: who holds what until when. Source: https://kubernetes.io/docs/concepts/architecture/leases/ */

import { forbidden, invalid } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import type { Errors } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { Lease } from '../types/coordination/v1.js';
import { validateStrategy } from './strategy.js';

export const lease = defineResource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  storageVersionHash: 'gqkMMb/YqFM=',
  createOnUpdate: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate,
  columns: [nameColumn, column('Holder', ({ spec }) => spec.holderIdentity ?? ''), ageColumn],
});

function validate({ spec }: Lease): Errors {
  const errors: Errors = [];
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions, strategy, preferredHolder } = spec;
  if (seconds !== undefined && seconds <= 0) errors.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  if (transitions !== undefined && transitions < 0)
    errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  if (strategy !== undefined) addAll(errors, validateStrategy(strategy, 'spec.strategy'));
  if (preferredHolder && !strategy) errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  return errors;
}
