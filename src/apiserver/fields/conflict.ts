/** What an apply answers when it would change fields that others hold. */

import type { FieldSet } from '../../meta/apply/field-set.js';
import { paths } from '../../meta/apply/field-set.js';
import { StatusError } from '../../meta/errors.js';
import type { ManagedFieldsEntry } from '../../meta/types/v1.js';

export function conflictError(conflicts: readonly { readonly entry: ManagedFieldsEntry; readonly fields: FieldSet }[]): StatusError {
  const all = conflicts.map(({ entry, fields }) => ({ who: nameOf(entry), paths: paths(fields) })).sort((a, b) => (a.who < b.who ? -1 : 1));
  const causes = all.flatMap((c) => c.paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${c.who}`, field })));
  const text =
    causes.length === 1
      ? `1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `${causes.length} conflicts: ${all.map((c) => [`conflicts with ${c.who}:`, ...c.paths.map((p) => `- ${p}`)].join('\n')).join('\n')}`;
  return new StatusError(409, 'Conflict', `Apply failed with ${text}`, { causes });
}

function nameOf(e: ManagedFieldsEntry): string {
  const name = JSON.stringify(e.manager ?? '') + (e.subresource ? ` with subresource ${JSON.stringify(e.subresource)}` : '');
  return e.operation === 'Update' ? `${name} using ${e.apiVersion}` : name;
}
