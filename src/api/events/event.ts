/** Events as events.k8s.io shows them: other names for the fields of the core Event, which is what is kept. */

import type { AnyObject } from '../../meta/object.js';
import { table } from '../../util/own.js';
import { eventColumns, eventFields } from '../core/event-columns.js';
import { validateEvent, validateStrict, validateStrictUpdate } from '../core/event-rules.js';
import { defineResource } from '../define.js';
import type { Event as CoreEvent } from '../types/core/v1.js';
import type { Event } from '../types/events/v1.js';

/** New name, old name. */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;

/** Fields that one form always writes. */
const EMPTY: Readonly<Record<string, unknown>> = table({
  regarding: {},
  involvedObject: {},
  deprecatedSource: {},
  source: {},
  deprecatedFirstTimestamp: null,
  firstTimestamp: null,
  deprecatedLastTimestamp: null,
  lastTimestamp: null,
  reportingComponent: '',
  reportingInstance: '',
});

function rename(object: object, from: 0 | 1, apiVersion: string): Record<string, unknown> {
  const out: Record<string, unknown> = { ...object, apiVersion };
  for (const pair of RENAMED) {
    const value = out[pair[from]];
    delete out[pair[from]];
    const name = pair[from === 0 ? 1 : 0];
    if (value !== undefined) out[name] = value;
    else if (name in EMPTY) out[name] = structuredClone(EMPTY[name]);
  }
  if (from === 0) out.reportingInstance ??= '';
  else for (const f of ['reportingController', 'reportingInstance']) if (out[f] === '') delete out[f];
  return out;
}

export const toCore = (event: Event): CoreEvent => rename(event, 0, 'v1') as unknown as CoreEvent;
export const fromCore = (event: CoreEvent): Event => rename(event, 1, 'events.k8s.io/v1') as unknown as Event;

export const event = defineResource<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  storageVersionHash: 'r2yiGXH7wu8=',
  createOnUpdate: true,
  ttlSeconds: 3600,
  anyFinalizer: false,
  storedAs: { apiVersion: 'v1', kind: 'Event' },
  convert: { toStored: (e) => toCore(e) as unknown as AnyObject, fromStored: (e) => fromCore(e as unknown as CoreEvent) },
  validate: (e) => [...validateEvent(toCore(e), 'reportingController'), ...validateStrict(toCore(e))],
  validateUpdate: (e, old) => [...validateEvent(toCore(e), 'reportingController'), ...validateStrictUpdate(toCore(e), toCore(old))],
  columns: eventColumns.map((c) => ({ ...c, cell: (e: Event, now: number) => c.cell(toCore(e), now) })),
  selectableFields: Object.fromEntries(
    Object.entries(eventFields).map(([name, get]) => [
      name.replace('involvedObject.', 'regarding.').replace('reportingComponent', 'reportingController'),
      (e: Event) => get(toCore(e)),
    ]),
  ),
});
