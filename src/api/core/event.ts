/** Events: what happened to an object. They go by themselves after an hour. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
import { pathSegmentName } from '../../meta/names.js';
import { defineResource } from '../define.js';
import type { Event } from '../types/core/v1.js';
import { eventColumns, eventFields } from './event-columns.js';
import { validateEvent } from './event-rules.js';

export const event = defineResource<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  storageVersionHash: 'r2yiGXH7wu8=',
  createOnUpdate: true,
  ttlSeconds: 3600,
  metadataLooks: 0,
  anyFinalizer: true,
  validateName: pathSegmentName,
  validate: (event) => validateEvent(event, 'reportingComponent'),
  columns: eventColumns,
  selectableFields: eventFields,
});
