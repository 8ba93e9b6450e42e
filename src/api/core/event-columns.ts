/** What `kubectl get events` shows, and what events can be selected by. */
import { age } from '../../meta/human-duration.js';
import { column, wide } from '../columns.js';
import type { Column } from '../resource.js';
import type { Event, ObjectReference } from '../types/core/v1.js';

const first = (e: Event): string | null | undefined => e.firstTimestamp || e.eventTime;
const last = (e: Event): string | null | undefined => e.series?.lastObservedTime || e.lastTimestamp || first(e);

const target = ({ kind, name }: ObjectReference): string => (name ? `${(kind ?? '').toLowerCase()}/${name}` : (kind ?? '').toLowerCase());

function source(e: Event): string {
  const component = e.source?.component || e.reportingComponent || '';
  const instance = e.source?.host || e.reportingInstance || '';
  return [component, instance].filter(Boolean).join(', ');
}

export const eventColumns: readonly Column<Event>[] = [
  column('Last Seen', (e, now) => age(last(e), now)),
  column('Type', (e) => e.type ?? ''),
  column('Reason', (e) => e.reason ?? ''),
  column('Object', (e) => target(e.involvedObject)),
  wide('Subobject', (e) => e.involvedObject.fieldPath ?? ''),
  wide('Source', source),
  column('Message', (e) => (e.message ?? '').trim()),
  wide('First Seen', (e, now) => age(first(e), now)),
  wide('Count', (e) => e.series?.count ?? (e.count || 1)),
  wide('Name', (e) => e.metadata.name ?? '', { format: 'name' }),
];

const object =
  (f: keyof ObjectReference) =>
  (e: Event): string =>
    e.involvedObject[f] ?? '';

export const eventFields: Readonly<Record<string, (e: Event) => string>> = {
  'involvedObject.kind': object('kind'),
  'involvedObject.namespace': object('namespace'),
  'involvedObject.name': object('name'),
  'involvedObject.uid': object('uid'),
  'involvedObject.apiVersion': object('apiVersion'),
  'involvedObject.resourceVersion': object('resourceVersion'),
  'involvedObject.fieldPath': object('fieldPath'),
  reason: (e) => e.reason ?? '',
  reportingComponent: (e) => e.reportingComponent ?? '',
  source: (e) => e.source?.component || e.reportingComponent || '',
  type: (e) => e.type ?? '',
};
