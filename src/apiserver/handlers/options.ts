/** The query parameters of each verb, checked as CreateOptions, ListOptions and so on are. */

import { badRequest, invalidError } from '../../meta/errors.js';
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.js';
import { isTrue, optionalBool, queryBool } from '../../meta/query.js';
import { addAll } from '../../util/add-all.js';

export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  readonly force: boolean;
}

const META = 'meta.k8s.io';
const MANAGER_LIMIT = 128;

export function writeParameters(
  query: URLSearchParams,
  options: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  userAgent: string,
  apply = false,
): WriteParameters {
  const errors: FieldError[] = [];
  const dryRun = query.getAll('dryRun').filter((v) => v !== '');
  addAll(errors, checkDryRun(dryRun));
  const manager = query.get('fieldManager') ?? '';
  if (apply && !manager) errors.push(required('fieldManager', 'is required for apply patch'));
  if (new TextEncoder().encode(manager).length > MANAGER_LIMIT) errors.push(tooLong('fieldManager', MANAGER_LIMIT));
  else
    for (const c of manager)
      if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(c))
        errors.push(invalid('fieldManager', manager, 'should only contain printable characters'));
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation))
    errors.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  const force = query.get('force');
  if (options === 'PatchOptions' && force !== null && !apply) errors.push(forbidden('force', 'may not be specified for non-apply patch'));
  if (errors.length) throw invalidError(META, options, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager || managerOf(userAgent),
    fieldValidation: (validation || 'Warn') as 'Strict',
    force: isTrue(force),
  };
}

export function checkDryRun(values: readonly string[]): FieldError[] {
  return values.filter((v) => v !== 'All').length ? [notSupported('dryRun', values, ['All'])] : [];
}

/** `kubectl/v1.32 (linux/amd64)` manages as `kubectl`. */
const managerOf = (userAgent: string): string => userAgent.split('/')[0]!.slice(0, MANAGER_LIMIT) || 'unknown';

export interface ListParameters {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly match: string;
  readonly timeoutSeconds?: number;
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents?: boolean;
}

export function listParameters(query: URLSearchParams, watch: boolean): ListParameters {
  const limit = integer(query, 'limit') ?? 0;
  const timeoutSeconds = integer(query, 'timeoutSeconds');
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = optionalBool(query, 'sendInitialEvents');
  const errors: FieldError[] = [];
  if (watch) {
    if (match && sendInitialEvents === undefined)
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    if (sendInitialEvents !== undefined && match === '')
      errors.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
    if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  } else {
    if (sendInitialEvents !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
    if (match) {
      if (!resourceVersion)
        errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
      if (query.get('continue'))
        errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
      if (match !== 'Exact' && match !== 'NotOlderThan')
        errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
      if (match === 'Exact' && resourceVersion === '0')
        errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (errors.length) throw invalidError(META, 'ListOptions', '', errors);
  if (resourceVersion && !/^\d+$/.test(resourceVersion)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`,
    );
  }
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit,
    continue: query.get('continue') ?? '',
    resourceVersion,
    match,
    timeoutSeconds,
    allowBookmarks: queryBool(query, 'allowWatchBookmarks'),
    sendInitialEvents,
  };
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
