/** Environment variables of containers and where their values come from. */

import { invalid, notSupported, required } from '../../../../meta/field-error.js';
import { configMapKey, dns1123Subdomain, envVarName, qualifiedName, subdomainName } from '../../../../meta/names.js';
import { compareQuantities } from '../../../../meta/quantity.js';
import { addAll } from '../../../../util/add-all.js';
import { table } from '../../../../util/own.js';
import { type Errors, invalidAll, label, requiredText } from '../../../check.js';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../types/core/v1.js';
import { noBacksteps } from './paths.js';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields of a pod that a downward API volume can hold. */
export const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const KNOWN_FIELDS = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const HUGE = ['limits.hugepages-', 'requests.hugepages-'];
const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const KINDS: Readonly<Record<string, string>> = table({ memory: 'memory', 'ephemeral-storage': 'local ephemeral storage' });

export function validateEnv(vars: readonly EnvVar[] | undefined, path: string): Errors {
  const errors: Errors = [];
  for (const [i, v] of (vars ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!v.name) errors.push(required(`${at}.name`));
    else addAll(errors, invalidAll(`${at}.name`, v.name, envVarName(v.name)));
    if (v.valueFrom) addAll(errors, valueFrom(v.valueFrom, v.value, `${at}.valueFrom`));
  }
  return errors;
}

function valueFrom(from: EnvVarSource, value: string | undefined, path: string): Errors {
  const errors: Errors = [];
  let sources = 0;
  const check = <T>(source: T | undefined | null, run: (source: T) => Errors) => {
    if (!source) return;
    sources++;
    addAll(errors, run(source));
  };
  check(from.fieldRef, (s) => validateFieldRef(s, ENV_FIELDS, `${path}.fieldRef`));
  check(from.resourceFieldRef, (s) => validateResourceFieldRef(s, false, `${path}.resourceFieldRef`));
  check(from.configMapKeyRef, (s) => keyRef(s, `${path}.configMapKeyRef`));
  check(from.secretKeyRef, (s) => keyRef(s, `${path}.secretKeyRef`));
  check(from.fileKeyRef, (s) => fileKeyRef(s, `${path}.fileKeyRef`));
  if (sources === 0)
    errors.push(
      invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'),
    );
  else if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

const keyRef = (s: { name?: string; key: string }, path: string): Errors => [
  ...invalidAll(`${path}.name`, s.name ?? '', dns1123Subdomain(s.name ?? '')),
  ...(s.key ? invalidAll(`${path}.key`, s.key, configMapKey(s.key)) : [required(`${path}.key`)]),
];

const fileKeyRef = (s: FileKeySelector, path: string): Errors => [
  ...(s.key ? invalidAll(`${path}.key`, s.key, envVarName(s.key)) : [required(`${path}.key`)]),
  ...(s.volumeName ? label(s.volumeName, `${path}.volumeName`) : [required(`${path}.volumeName`)]),
  ...(s.path ? noBacksteps(s.path, `${path}.path`) : [required(`${path}.path`)]),
];

/** A field of the pod, perhaps one entry of a map: `metadata.labels['app']`. */
export function validateFieldRef(ref: ObjectFieldSelector, allowed: readonly string[], path: string): Errors {
  if (!ref.apiVersion) return [required(`${path}.apiVersion`)];
  if (!ref.fieldPath) return [required(`${path}.fieldPath`)];
  const fail = (why: string): Errors => [invalid(`${path}.fieldPath`, ref.fieldPath, `error converting fieldPath: ${why}`)];
  if (ref.apiVersion !== 'v1') return fail(`unsupported pod version: ${ref.apiVersion}`);
  const entry = /^([^[]+)\['(.*)'\]$/s.exec(ref.fieldPath);
  if (entry) {
    const [, map, key] = entry;
    if (map === 'metadata.annotations') return invalidAll(path, key!.toLowerCase(), qualifiedName(key!.toLowerCase()));
    if (map === 'metadata.labels') return invalidAll(path, key, qualifiedName(key!));
    return fail(`field label does not support subscript: ${ref.fieldPath}`);
  }
  const field = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath;
  if (!KNOWN_FIELDS.has(field)) return fail(`field label not supported: ${ref.fieldPath}`);
  return allowed.includes(field) ? [] : [notSupported(`${path}.fieldPath`, field, allowed)];
}

/** An amount of a container's resources. A volume has to say which container. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, inVolume: boolean, path: string): Errors {
  const errors: Errors = [];
  if (inVolume && !ref.containerName) errors.push(required(`${path}.containerName`));
  else if (!ref.resource) errors.push(required(`${path}.resource`));
  else if (!RESOURCES.includes(ref.resource) && !HUGE.some((h) => ref.resource.startsWith(h)))
    errors.push(notSupported(`${path}.resource`, ref.resource, RESOURCES));
  return [...errors, ...divisor(ref, `${path}.divisor`)];
}

function divisor(ref: ResourceFieldSelector, path: string): Errors {
  const value = ref.divisor ?? '0';
  if (compareQuantities(value, '0') === 0) return [];
  const resource = ref.resource.slice(ref.resource.indexOf('.') + 1);
  if (resource === 'cpu')
    return ['1m', '1'].includes(value)
      ? []
      : [invalid(path, ref.resource, "only divisor's values 1m and 1 are supported with the cpu resource")];
  const kind = KINDS[resource] ?? (resource.startsWith('hugepages-') ? 'hugepages' : undefined);
  return !kind || SIZES.includes(value)
    ? []
    : [invalid(path, ref.resource, `only divisor's values ${SIZES.join(', ')} are supported with the ${kind} resource`)];
}

export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, path: string): Errors {
  const errors: Errors = [];
  for (const [i, s] of (sources ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (s.prefix) addAll(errors, invalidAll(`${at}.prefix`, s.prefix, envVarName(s.prefix)));
    for (const key of ['configMapRef', 'secretRef'] as const) {
      const ref = s[key];
      if (!ref) continue;
      const name = ref.name ?? '';
      addAll(errors, name ? invalidAll(`${at}.${key}.name`, name, subdomainName(name, true)) : requiredText('', `${at}.${key}.name`));
    }
    if (!s.configMapRef && !s.secretRef) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (s.configMapRef && s.secretRef) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}
