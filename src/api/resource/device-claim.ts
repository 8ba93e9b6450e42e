/** What a claim asks of devices: shared by claims, templates of them, and classes. CEL is not compiled here. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */

import { duplicate, type FieldError, invalid, required, tooLong, tooMany } from '../../meta/field-error.js';
import { validateLabelName } from '../../meta/metadata.js';
import { cIdentifier, labelValue } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, label, oneOf, repeats, requiredOneOf, subdomain } from '../check.js';
import { csiDriverName } from '../core/pod-spec/validate/volumes.js';
import type {
  DeviceClaim,
  DeviceConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ExactDeviceRequest,
} from '../types/resource/v1.js';

const MAX_LIST = 32;
const MAX_FIRST_AVAILABLE = 8;
const MAX_ID = 32;
const MAX_TEXT = 10 * 1024;

/** Defaults of how many devices a request is for. Mutates. */
export function defaultDevices(devices: DeviceClaim | undefined): void {
  for (const request of devices?.requests ?? []) {
    for (const part of [...(request.exactly ? [request.exactly] : []), ...(request.firstAvailable ?? [])]) {
      part.allocationMode ||= 'ExactCount';
      if (part.allocationMode === 'ExactCount') part.count ||= 1;
    }
  }
}

type Check<T> = (item: T, path: string) => Errors;

/** A list with a greatest length; more are not looked at. */
function list<T>(items: readonly T[] | null | undefined, most: number, path: string, check: Check<T>, keyOf?: (item: T) => string): Errors {
  const all = items ?? [];
  if (all.length > most) return [tooMany(path, all.length, most)];
  const errors = all.flatMap((item, i) => check(item, `${path}[${i}]`));
  if (!keyOf) return errors;
  const again = repeats(all, keyOf);
  return [...errors, ...all.flatMap((item, i): FieldError[] => (again[i] ? [duplicate(`${path}[${i}]`, keyOf(item))] : []))];
}

type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function validateDevices(devices: DeviceClaim, path: string): Errors {
  const names: RequestNames = new Map((devices.requests ?? []).map((r) => [r.name, new Set((r.firstAvailable ?? []).map((s) => s.name))]));
  const reference: Check<string> = (name, at) => requestReference(name, names, at);
  const itself = (name: string) => name;
  return [
    ...list(devices.requests, MAX_LIST, `${path}.requests`, request, (r) => r.name),
    ...list(devices.constraints, MAX_LIST, `${path}.constraints`, (c, at) => [
      ...list(c.requests, MAX_LIST, `${at}.requests`, reference, itself),
      ...constraint(c, at),
    ]),
    ...list(devices.config, MAX_LIST, `${path}.config`, (c, at) => [
      ...list(c.requests, MAX_LIST, `${at}.requests`, reference, itself),
      ...validateDeviceConfig(c, at),
    ]),
  ];
}

function request({ name, exactly, firstAvailable }: DeviceRequest, path: string): Errors {
  const errors = label(name ?? '', `${path}.name`);
  if (exactly && firstAvailable?.length)
    return [...errors, invalid(path, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set')];
  if (exactly) return [...errors, ...wanted(exactly, `${path}.exactly`)];
  if (!firstAvailable?.length) return [...errors, required(path, 'exactly one of `exactly` or `firstAvailable` is required')];
  const sub: Check<(typeof firstAvailable)[number]> = (s, at) => [...label(s.name ?? '', `${at}.name`), ...wanted(s, at)];
  return [...errors, ...list(firstAvailable, MAX_FIRST_AVAILABLE, `${path}.firstAvailable`, sub, (s) => s.name)];
}

type Wanted = Pick<ExactDeviceRequest, 'deviceClassName' | 'selectors' | 'allocationMode' | 'count' | 'tolerations'>;

const wanted = (w: Wanted, path: string): Errors => [
  ...(w.deviceClassName ? subdomain(w.deviceClassName, `${path}.deviceClassName`) : [required(`${path}.deviceClassName`)]),
  ...validateSelectors(w.selectors, `${path}.selectors`),
  ...amount(w, path),
  ...(w.tolerations ?? []).flatMap((t, i) => toleration(t, `${path}.tolerations[${i}]`)),
];

function amount({ allocationMode, count = 0 }: Wanted, path: string): Errors {
  const at = `${path}.count`;
  if (allocationMode === 'All') return count ? [invalid(at, count, "must not be specified when allocationMode is 'All'")] : [];
  if (allocationMode === 'ExactCount') return count > 0 ? [] : [invalid(at, count, 'must be greater than zero')];
  return oneOf(allocationMode, ['All', 'ExactCount'], `${path}.allocationMode`);
}

export const validateSelectors = (selectors: readonly DeviceSelector[] | null | undefined, path: string): Errors =>
  list(selectors, MAX_LIST, path, ({ cel }, at) => {
    if (!cel) return [required(`${at}.cel`)];
    const { expression = '' } = cel;
    if (!expression.trim()) return [invalid(`${at}.cel.expression`, expression, 'compilation failed: the expression is empty')];
    return expression.length > MAX_TEXT ? [tooLong(`${at}.cel.expression`, MAX_TEXT)] : [];
  });

function toleration({ key, operator, value = '', effect }: DeviceToleration, path: string): Errors {
  const errors = key ? validateLabelName(key, `${path}.key`) : [];
  const at = `${path}.value`;
  if (operator === 'Exists') addAll(errors, value ? [invalid(at, value, 'must be empty for operator `Exists`')] : []);
  else if (operator === 'Equal') addAll(errors, invalidAll(at, value, labelValue(value)));
  else addAll(errors, requiredOneOf(operator, ['Equal', 'Exists'], `${path}.operator`));
  return effect ? [...errors, ...oneOf(effect, ['NoExecute', 'NoSchedule', 'None'], `${path}.effect`)] : errors;
}

function constraint({ matchAttribute, distinctAttribute }: DeviceConstraint, path: string): Errors {
  if (matchAttribute !== undefined) return attributeName(matchAttribute, `${path}.matchAttribute`);
  if (distinctAttribute !== undefined) return attributeName(distinctAttribute, `${path}.distinctAttribute`);
  return [required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set')];
}

function attributeName(name: string, path: string): Errors {
  const id = (text: string): Errors => [
    ...(text.length > MAX_ID ? [tooLong(path, MAX_ID)] : []),
    ...invalidAll(path, text, cIdentifier(text)),
  ];
  const parts = name.split('/');
  if (parts.length === 1)
    return [...id(name), invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash')];
  if (parts.length > 2) return [];
  const [domain, rest] = parts as [string, string];
  return [
    ...(domain ? csiDriverName(domain, path) : [invalid(path, '', 'the domain must not be empty')]),
    ...(rest ? id(rest) : [invalid(path, '', 'the name must not be empty')]),
  ];
}

function requestReference(name: string, names: RequestNames, path: string): Errors {
  const unknown = invalid(
    path,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  );
  const [first, second, ...more] = name.split('/') as [string, string?];
  if (more.length) return [unknown];
  const known = names.has(first) && (second === undefined || names.get(first)!.has(second));
  return [...label(first, path), ...(second === undefined ? [] : label(second, path)), ...(known ? [] : [unknown])];
}

export function validateDeviceConfig({ opaque }: DeviceConfiguration, path: string): Errors {
  const at = `${path}.opaque`;
  if (!opaque) return [required(at)];
  return [...csiDriverName(opaque.driver, `${at}.driver`), ...parameters(opaque.parameters, `${at}.parameters`)];
}

function parameters(value: unknown, path: string): Errors {
  if (value === undefined || value === null) return [required(path)];
  if (JSON.stringify(value).length > MAX_TEXT) return [tooLong(path, MAX_TEXT)];
  return typeof value === 'object' && !Array.isArray(value) ? [] : [invalid(path, '<value omitted>', 'must be a valid JSON object')];
}
