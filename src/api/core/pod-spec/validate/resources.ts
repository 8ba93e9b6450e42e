/** Requests and limits: names of resources, amounts, and how the two stand to each other. */

import { forbidden, invalid, notSupported, required } from '../../../../meta/field-error.js';
import { qualifiedName } from '../../../../meta/names.js';
import { compareQuantities, milliValue, parseQuantity, quantityOf } from '../../../../meta/quantity.js';
import { addAll } from '../../../../util/add-all.js';
import { getOwn } from '../../../../util/own.js';
import { type Errors, invalidAll, label } from '../../../check.js';
import type { ResourceClaim, ResourceRequirements } from '../../../types/core/v1.js';

const HUGE = 'hugepages-';
const QUOTA_NAMES = [
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
];
const STANDARD = new Set([...QUOTA_NAMES, 'storage']);
const QUOTA = new Set(QUOTA_NAMES);
const COUNTED = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const CONTAINER = new Set(['cpu', 'memory', 'ephemeral-storage']);

const isHuge = (name: string): boolean => name.startsWith(HUGE);
const isQuotaHuge = (name: string): boolean => name.startsWith(HUGE) || name.startsWith(`requests.${HUGE}`);
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
/** Something that only a node's device plugin knows: `example.com/gpu`. */
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
const isCounted = (name: string): boolean => COUNTED.has(name) || isExtended(name);
const mayOvercommit = (name: string): boolean => isNative(name) && !isHuge(name);

/** A name that is standard or fully qualified. */
export function resourceName(name: string, path: string): Errors {
  const wrong = invalidAll(path, name, qualifiedName(name));
  if (wrong.length) return wrong;
  return name.includes('/') || STANDARD.has(name) || isQuotaHuge(name)
    ? []
    : [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

export function containerResourceName(name: string, path: string): Errors {
  const errors = resourceName(name, path);
  if (!name.includes('/')) {
    if (!CONTAINER.has(name) && !isHuge(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name)) errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

const POD_LEVEL = ['cpu', 'memory'];
export function podResourceName(name: string, path: string): Errors {
  const errors = resourceName(name, path);
  if (errors.length) return errors;
  return POD_LEVEL.includes(name) || isHuge(name) ? [] : [notSupported(path, name, [...POD_LEVEL, HUGE].sort())];
}

/** A name that a ResourceQuota can count. */
export function quotaResourceName(name: string, path: string): Errors {
  const errors = resourceName(name, path);
  if (!name.includes('/') && !QUOTA.has(name) && !isQuotaHuge(name))
    errors.push(invalid(path, name, 'must be a standard resource for quota'));
  return errors;
}

export function resourceAmount(name: string, value: string, path: string): Errors {
  const errors: Errors = [];
  if (compareQuantities(value, '0') < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'));
  if (isCounted(name) && milliValue(value) % 1000 !== 0) errors.push(invalid(path, value, 'must be an integer'));
  return errors;
}

function hugePages(name: string, value: string, path: string): Errors {
  let size: bigint;
  try {
    size = parseQuantity(name.slice(HUGE.length)).nano;
  } catch {
    return [invalid(path, value, 'unable to parse page size of hugepages resource')];
  }
  return size > 0n && quantityOf(value).nano % size !== 0n
    ? [invalid(path, value, `${value} is not positive integer multiple of ${name.slice(HUGE.length)}`)]
    : [];
}

type NameRule = (name: string, path: string) => Errors;

/** Of a container, or with another rule for names of a whole pod. */
export function validateResources(
  r: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: string,
  nameRule: NameRule = containerResourceName,
): Errors {
  const errors: Errors = [];
  const limits = r?.limits ?? {};
  const requests = r?.requests ?? {};
  for (const [name, value] of Object.entries(limits)) {
    const at = `${path}.limits[${name}]`;
    addAll(errors, nameRule(name, at), resourceAmount(name, value, at));
    if (isHuge(name)) addAll(errors, hugePages(name, value, at));
  }
  for (const [name, value] of Object.entries(requests)) {
    const at = `${path}.requests[${name}]`;
    addAll(errors, nameRule(name, at), resourceAmount(name, value, at));
    const limit = getOwn(limits, name);
    if (limit !== undefined) {
      const order = compareQuantities(value, limit);
      if (order !== 0 && !mayOvercommit(name))
        errors.push(invalid(`${path}.requests`, value, `must be equal to ${name} limit of ${limit}`));
      else if (order > 0) errors.push(invalid(`${path}.requests`, value, `must be less than or equal to ${name} limit of ${limit}`));
    } else if (!mayOvercommit(name)) errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    if (isHuge(name)) addAll(errors, hugePages(name, value, at));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHuge) && !names.some((n) => POD_LEVEL.includes(n))) errors.push(forbidden(path, 'HugePages require cpu or memory'));
  return [...errors, ...claims(r?.claims ?? [], claimNames, `${path}.claims`)];
}

function claims(list: readonly ResourceClaim[], known: ReadonlySet<string>, path: string): Errors {
  const errors: Errors = [];
  const seen = new Set<string>();
  /** Claims of which a request is named. */
  const inPart = new Set<string>();
  for (const [i, claim] of list.entries()) {
    const at = `${path}[${i}]`;
    if (!claim.name) {
      errors.push(required(at));
      continue;
    }
    const key = claim.request ? `${claim.name}/${claim.request}` : claim.name;
    if (claim.request) addAll(errors, label(claim.request, `${at}.request`));
    const overlaps = seen.has(claim.name) || seen.has(key) || (!claim.request && inPart.has(claim.name));
    if (overlaps)
      errors.push({
        field: at,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(seen.has(claim.name) ? claim.name : key)}`,
      });
    seen.add(key);
    if (claim.request) inPart.add(claim.name);
    if (!known.has(claim.name))
      errors.push({ field: at, reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(claim.name)}` });
  }
  return errors;
}
