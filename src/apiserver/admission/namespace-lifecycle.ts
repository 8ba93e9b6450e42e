/** NamespaceLifecycle: nothing is created in a namespace that is not there or is going, and the system's namespaces stay. */
import type { Namespace } from '../../api/types/core/v1.js';
import { notFoundError, StatusError } from '../../meta/errors.js';
import type { AdmissionPlugin } from './chain.js';
import type { Lookup } from './lookup.js';
import { refusal } from './refusal.js';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);
/** What may be made in a namespace that is being deleted or missing: reviews change nothing. */
const REVIEWS = new Set(['localsubjectaccessreviews', 'subjectaccessreviews', 'selfsubjectaccessreviews']);

export const namespaceLifecycle = (lookup: Lookup): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  admit(a) {
    const { definition: d } = a;
    if (a.operation === 'DELETE' && d.group === '' && d.plural === 'namespaces' && IMMORTAL.has(a.name))
      throw refusal(a, 'this namespace may not be deleted');
    if (a.operation !== 'CREATE' || !d.namespaced || !a.namespace || a.subresource || REVIEWS.has(d.plural)) return;
    const ns = lookup.get<Namespace>('', 'v1', 'namespaces', '', a.namespace);
    if (!ns) throw notFoundError({ group: '', resource: 'namespaces' }, a.namespace);
    if (!ns.metadata.deletionTimestamp && ns.status.phase !== 'Terminating') return;
    const refused = refusal(a, `unable to create new content in namespace ${a.namespace} because it is being terminated`);
    throw new StatusError(403, 'Forbidden', refused.message, {
      ...refused.status.details,
      causes: [{ reason: 'NamespaceTerminating', message: `namespace ${a.namespace} is being terminated`, field: 'metadata.namespace' }],
    });
  },
});
