/** ControllerRevisions: what a StatefulSet or DaemonSet was like before. */
import { required } from '../../meta/field-error.js';
import { atLeastZero, type Errors, immutable } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { controllerText } from '../owner-cell.js';
import type { ControllerRevision } from '../types/apps/v1.js';

export const controllerRevision = defineResource<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  storageVersionHash: '85nkx63pcBU=',
  metadataLooks: 2,
  validate: (r) => [...atLeastZero(r.revision, 'revision'), ...data(r)],
  validateUpdate: (r, old) => [...atLeastZero(r.revision, 'revision'), ...immutable(r.data, old.data, 'data')],
  columns: [nameColumn, column('Controller', controllerText), column('Revision', (r) => r.revision), ageColumn],
});

function data(r: ControllerRevision): Errors {
  if (r.data === undefined || r.data === null) return [required('data', 'data is mandatory')];
  return typeof r.data === 'object' && !Array.isArray(r.data) ? [] : [required('data', 'data must be a valid JSON object')];
}
