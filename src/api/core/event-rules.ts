/** What an Event must say, for old clients and for new ones. */

import { invalid, required } from '../../meta/field-error.js';
import { dns1123Subdomain, qualifiedName } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, immutable, invalidAll } from '../check.js';
import type { Event } from '../types/core/v1.js';

const SHORT = 128;
const LONG = 1024;

/** Rules of every Event. `controller` is the field's name in the version at hand. */
export function validateEvent(event: Event, controller: 'reportingComponent' | 'reportingController'): Errors {
  const errors: Errors = [];
  const namespace = event.metadata.namespace ?? '';
  const about = event.involvedObject.namespace ?? '';
  const mismatch = invalid('involvedObject.namespace', about, 'does not match event.namespace');
  if (!event.eventTime) {
    if (about ? about !== namespace : namespace !== '' && namespace !== 'default') errors.push(mismatch);
  } else {
    if (!about && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    addAll(errors, reporter(event, controller));
  }
  return [...errors, ...invalidAll('namespace', namespace, dns1123Subdomain(namespace))];
}

function reporter(event: Event, controller: string): Errors {
  const errors: Errors = [];
  const name = event.reportingComponent ?? '';
  if (!name) errors.push(required(controller));
  addAll(errors, invalidAll(controller, name, qualifiedName(name)));
  const instance = event.reportingInstance ?? '';
  if (!instance) errors.push(required('reportingInstance'));
  if (instance.length > SHORT) errors.push(invalid('reportingInstance', '', `can have at most ${SHORT} characters`));
  const action = event.action ?? '';
  if (!action) errors.push(required('action'));
  if (action.length > SHORT) errors.push(invalid('action', '', `can have at most ${SHORT} characters`));
  const reason = event.reason ?? '';
  if (!reason) errors.push(required('reason'));
  if (reason.length > SHORT) errors.push(invalid('reason', '', `can have at most ${SHORT} characters`));
  if ((event.message ?? '').length > LONG) errors.push(invalid('message', '', `can have at most ${LONG} characters`));
  return errors;
}

/** What events.k8s.io asks besides. */
export function validateStrict(event: Event): Errors {
  const unset = (path: string) => invalid(path, '', 'needs to be unset');
  const errors = series(event);
  if (!event.eventTime) errors.push(required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${event.type ?? ''}`));
  if (event.firstTimestamp) errors.push(unset('firstTimestamp'));
  if (event.lastTimestamp) errors.push(unset('lastTimestamp'));
  if (event.count) errors.push(unset('count'));
  if (event.source?.component || event.source?.host) errors.push(unset('source'));
  return errors;
}

function series({ series: s }: Event): Errors {
  if (!s) return [];
  return [
    ...((s.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(s.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
] as const;

/** An update through events.k8s.io may count on, and nothing else. */
export function validateStrictUpdate(event: Event, old: Event): Errors {
  const errors = JSON.stringify(event.series) === JSON.stringify(old.series) ? [] : series(event);
  for (const f of FIXED) addAll(errors, immutable(event[f], old[f], f));
  return [
    ...errors,
    ...immutable(event.reportingComponent, old.reportingComponent, 'reportingController'),
    ...immutable(event.reportingInstance, old.reportingInstance, 'reportingInstance'),
  ];
}
