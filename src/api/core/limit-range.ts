/** LimitRanges: bounds and defaults for what pods and claims ask for. Source: https://kubernetes.io/docs/concepts/policy/limit-range/ */

import { duplicate, forbidden, invalid, required } from '../../meta/field-error.js';
import { qualifiedName } from '../../meta/names.js';
import { compareQuantities, milliValue } from '../../meta/quantity.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll } from '../check.js';
import { defineResource } from '../define.js';
import type { LimitRange, LimitRangeItem } from '../types/core/v1.js';
import { containerResourceName, resourceName } from './pod-spec/validate/resources.js';

export const limitRange = defineResource<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  storageVersionHash: 'EBKMFVe6cwo=',
  createOnUpdate: true,
  defaults({ spec }) {
    for (const item of spec.limits ?? []) {
      if (item.type !== 'Container') continue;
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
      for (const f of ['default', 'defaultRequest'] as const) if (!Object.keys(item[f]!).length) delete item[f];
    }
  },
  validate,
});

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];

function validate({ spec }: LimitRange): Errors {
  const errors: Errors = [];
  const seen = new Set<string>();
  for (const [i, item] of (spec.limits ?? []).entries()) {
    const at = `spec.limits[${i}]`;
    const wrong = qualifiedName(item.type);
    if (wrong.length) addAll(errors, invalidAll(`${at}.type`, item.type, wrong));
    else if (!item.type.includes('/') && !TYPES.includes(item.type))
      errors.push(invalid(`${at}.type`, item.type, 'must be a standard limit type or fully qualified'));
    if (seen.has(item.type)) errors.push(duplicate(`${at}.type`, item.type));
    seen.add(item.type);
    addAll(errors, names(item, at), amounts(item, at));
  }
  return errors;
}

function names(item: LimitRangeItem, path: string): Errors {
  const errors: Errors = [];
  const rule = item.type === 'Pod' || item.type === 'Container' ? containerResourceName : resourceName;
  for (const list of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
    const keys = Object.keys(item[list] ?? {});
    if (item.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) {
      if (keys.length) errors.push(forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'"));
    } else for (const k of keys) addAll(errors, rule(k, `${path}.${list}[${k}]`));
  }
  const storage = item.min?.storage !== undefined || item.max?.storage !== undefined;
  if (item.type === 'PersistentVolumeClaim' && !storage)
    errors.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'));
  return errors;
}

function amounts(item: LimitRangeItem, path: string): Errors {
  const errors: Errors = [];
  const isPod = item.type === 'Pod';
  const [min, max, ratio] = [item.min ?? {}, item.max ?? {}, item.maxLimitRequestRatio ?? {}];
  const [byDefault, requested] = isPod ? [{}, {}] : [item.default ?? {}, item.defaultRequest ?? {}];
  const above = (a: string | undefined, b: string | undefined) => a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  for (const k of new Set([min, max, byDefault, requested, ratio].flatMap((list) => Object.keys(list)))) {
    const [lo, hi, d, r, x] = [
      (min as Amounts)[k],
      (max as Amounts)[k],
      (byDefault as Amounts)[k],
      (requested as Amounts)[k],
      (ratio as Amounts)[k],
    ];
    const fault = (list: string, value: string | undefined, text: string) => errors.push(invalid(`${path}.${list}[${k}]`, value, text));
    if (above(lo, hi)) fault('min', lo, `min value ${lo} is greater than max value ${hi}`);
    if (above(lo, r)) fault('defaultRequest', r, `min value ${lo} is greater than default request value ${r}`);
    if (above(r, hi)) fault('defaultRequest', r, `default request value ${r} is greater than max value ${hi}`);
    if (above(r, d)) fault('defaultRequest', r, `default request value ${r} is greater than default limit value ${d}`);
    if (above(lo, d)) fault('default', lo, `min value ${lo} is greater than default value ${d}`);
    if (above(d, hi)) fault('default', hi, `default value ${d} is greater than max value ${hi}`);
    if (x !== undefined && compareQuantities(x, '1') < 0) fault('maxLimitRequestRatio', x, `ratio ${x} is less than 1`);
    if (x !== undefined && lo !== undefined && hi !== undefined && milliValue(x) / 1000 > milliValue(hi) / milliValue(lo)) {
      fault('maxLimitRequestRatio', x, `ratio ${x} is greater than max/min = ${(milliValue(hi) / milliValue(lo)).toFixed(6)}`);
    }
  }
  return errors;
}

type Amounts = Readonly<Record<string, string | undefined>>;
