/** Namespaces: a scope for names and for rights. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */
import { invalid } from '../../meta/field-error.js';
import { labelName, qualifiedName } from '../../meta/names.js';
import { type Errors, invalidAll } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { Namespace } from '../types/core/v1.js';

export const namespace = defineResource<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  storageVersionHash: 'Q3oi5N2YM8M=',
  subresources: { status: true, other: { finalize: { kind: 'Namespace', verbs: ['update'] } } },
  metadataLooks: 2,
  validateName: labelName,
  returnsDeleted: true,
  heldAfterDelete: ({ spec }) => (spec.finalizers?.length ?? 0) > 0,
  markDeleted(ns) {
    ns.status.phase = 'Terminating';
  },
  defaults({ metadata }) {
    if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
  },
  prepareCreate(ns) {
    ns.status = { phase: 'Active' };
    if (!ns.spec.finalizers?.includes('kubernetes')) ns.spec.finalizers = [...(ns.spec.finalizers ?? []), 'kubernetes'];
  },
  // Only the finalize subresource changes them.
  prepareUpdate(ns, old) {
    if (old.spec.finalizers) ns.spec.finalizers = [...old.spec.finalizers];
    else delete ns.spec.finalizers;
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate({ metadata, status }) {
    const phase = metadata.deletionTimestamp ? 'Terminating' : 'Active';
    return status.phase === phase
      ? []
      : [
          invalid(
            'status.Phase',
            status.phase ?? '',
            `may only be '${phase}' if \`deletionTimestamp\` is ${phase === 'Active' ? 'empty' : 'not empty'}`,
          ),
        ];
  },
  columns: [nameColumn, column('Status', ({ status }) => status.phase ?? ''), ageColumn],
  selectableFields: { 'status.phase': ({ status }) => status.phase ?? '', name: ({ metadata }) => metadata.name ?? '' },
});

const NAME_LABEL = 'kubernetes.io/metadata.name';
const STANDARD = ['kubernetes', 'orphan', 'foregroundDeletion'];

function validate({ spec }: Namespace): Errors {
  const path = 'spec.finalizers';
  const unknown = (f: string) => !f.includes('/') && !STANDARD.includes(f);
  return (spec.finalizers ?? []).flatMap((f) => [
    ...invalidAll(path, f, qualifiedName(f)),
    ...(unknown(f) ? [invalid(path, f, 'name is neither a standard finalizer name nor is it fully qualified')] : []),
  ]);
}
