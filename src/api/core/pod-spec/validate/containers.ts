/** Containers: of every kind, and what holds for regular, init and ephemeral ones only. */

import { duplicate, forbidden, invalid, notFound, notSupported, required, tooMany } from '../../../../meta/field-error.js';
import { portName, portNumber } from '../../../../meta/names.js';
import { addAll } from '../../../../util/add-all.js';
import { type Errors, invalidAll, label, requiredOneOf } from '../../../check.js';
import type { Container, ContainerPort, EphemeralContainer, PodSpec, VolumeDevice, VolumeMount } from '../../../types/core/v1.js';
import { isSidecar } from '../containers.js';
import { validateEnv, validateEnvFrom } from './env.js';
import { descending, noBacksteps } from './paths.js';
import { validateLifecycle, validateProbes } from './probes.js';
import { validateResources } from './resources.js';
import { type SecurityOptions, validateContainerSecurity } from './security.js';
import type { KnownVolumes } from './volumes.js';

/** What checks of a container need to know about its pod. */
export interface PodAround {
  readonly spec: PodSpec;
  readonly volumes: KnownVolumes;
  readonly claimNames: ReadonlySet<string>;
  readonly security: SecurityOptions;
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const RULES_LIMIT = 20;
const EXIT_CODES_LIMIT = 255;

function ports(list: readonly ContainerPort[] | undefined, path: string): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, p] of (list ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (p.name) {
      const wrong = portName(p.name);
      if (wrong.length) addAll(errors, invalidAll(`${at}.name`, p.name, wrong));
      else if (names.has(p.name)) errors.push(duplicate(`${at}.name`, p.name));
      else names.add(p.name);
    }
    addAll(
      errors,
      p.containerPort ? invalidAll(`${at}.containerPort`, p.containerPort, portNumber(p.containerPort)) : [required(`${at}.containerPort`)],
    );
    if (p.hostPort) addAll(errors, invalidAll(`${at}.hostPort`, p.hostPort, portNumber(p.hostPort)));
    addAll(errors, requiredOneOf(p.protocol, PROTOCOLS, `${at}.protocol`));
  }
  return errors;
}

/** Two containers cannot hold one port of the host. */
export function hostPortConflicts(containers: readonly Container[], path: string): Errors {
  const errors: Errors = [];
  const taken = new Set<string>();
  for (const [i, c] of containers.entries()) {
    for (const [j, p] of (c.ports ?? []).entries()) {
      if (!p.hostPort) continue;
      const key = `${p.protocol ?? ''}/${p.hostIP ?? ''}/${p.hostPort}`;
      if (taken.has(key)) errors.push(duplicate(`${path}[${i}].ports[${j}].hostPort`, key));
      taken.add(key);
    }
  }
  return errors;
}

const PROPAGATION = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible'];

function mounts(c: Container, volumes: KnownVolumes, path: string): Errors {
  const errors: Errors = [];
  const points = new Set<string>();
  const devices = new Map((c.volumeDevices ?? []).map((d) => [d.name, d.devicePath]));
  const devicePaths = new Set(devices.values());
  for (const [i, m] of (c.volumeMounts ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!m.name) errors.push(required(`${at}.name`));
    if (!volumes.has(m.name)) errors.push(notFound(`${at}.name`, m.name));
    if (!m.mountPath) errors.push(required(`${at}.mountPath`));
    if (points.has(m.mountPath)) errors.push(invalid(`${at}.mountPath`, m.mountPath, 'must be unique'));
    points.add(m.mountPath);
    if (devices.has(m.name)) errors.push(invalid(`${at}.name`, m.name, 'must not already exist in volumeDevices'));
    if (devicePaths.has(m.mountPath))
      errors.push(invalid(`${at}.mountPath`, m.mountPath, 'must not already exist as a path in volumeDevices'));
    addAll(errors, mountDetails(m, c, path, at));
  }
  return errors;
}

/** The original reports some of these on the list, not on the mount. */
function mountDetails(m: VolumeMount, c: Container, list: string, at: string): Errors {
  const errors: Errors = [];
  if (m.subPath) addAll(errors, descending(m.subPath, `${list}.subPath`));
  if (m.subPathExpr) {
    if (m.subPath) errors.push(invalid(`${at}.subPathExpr`, m.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    addAll(errors, descending(m.subPathExpr, `${list}.subPathExpr`));
  }
  if (m.mountPropagation !== undefined) {
    if (!PROPAGATION.includes(m.mountPropagation)) errors.push(notSupported(`${list}.mountPropagation`, m.mountPropagation, PROPAGATION));
    if (m.mountPropagation === 'Bidirectional' && !c.securityContext?.privileged)
      errors.push(forbidden(`${list}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  const recursive = m.recursiveReadOnly;
  if (recursive === 'Enabled' || recursive === 'IfPossible') {
    if (!m.readOnly) errors.push(forbidden(`${list}.recursiveReadOnly`, 'may only be specified when readOnly is true'));
    if (m.mountPropagation !== undefined && m.mountPropagation !== 'None')
      errors.push(forbidden(`${list}.recursiveReadOnly`, 'may only be specified when mountPropagation is None or not specified'));
  } else if (recursive !== undefined && recursive !== 'Disabled')
    errors.push(notSupported(`${list}.recursiveReadOnly`, recursive, RECURSIVE));
  return errors;
}

function devices(list: readonly VolumeDevice[] | undefined, c: Container, volumes: KnownVolumes, path: string): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  const mounted = new Map((c.volumeMounts ?? []).map((m) => [m.name, m.mountPath]));
  const mountPaths = new Set(mounted.values());
  for (const [i, d] of (list ?? []).entries()) {
    const at = `${path}[${i}]`;
    const volume = volumes.get(d.name);
    if (!d.name) errors.push(required(`${at}.name`));
    if (names.has(d.name)) errors.push(invalid(`${at}.name`, d.name, 'must be unique'));
    if (!volume) errors.push(notFound(`${at}.name`, d.name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(invalid(`${at}.name`, d.name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
    if (!d.devicePath) errors.push(required(`${at}.devicePath`));
    if (paths.has(d.devicePath)) errors.push(invalid(`${at}.devicePath`, d.devicePath, 'must be unique'));
    if (d.devicePath && noBacksteps(d.devicePath, '').length)
      errors.push(invalid(`${at}.devicePath`, d.devicePath, "can not contain backsteps ('..')"));
    else paths.add(d.devicePath);
    if (mounted.has(d.name)) errors.push(invalid(`${at}.name`, d.name, 'must not already exist in volumeMounts'));
    if (mountPaths.has(d.devicePath))
      errors.push(invalid(`${at}.devicePath`, d.devicePath, 'must not already exist as a path in volumeMounts'));
    if (d.name) names.add(d.name);
  }
  return errors;
}

const RESIZE_POLICIES = ['NotRequired', 'RestartContainer'];
const RESIZABLE = ['cpu', 'memory'];

function resizePolicy(c: Container, podPolicy: string | undefined, path: string): Errors {
  const errors: Errors = [];
  const seen = new Set<string>();
  for (const [i, p] of (c.resizePolicy ?? []).entries()) {
    if (seen.has(p.resourceName)) errors.push(duplicate(`${path}[${i}]`, p.resourceName));
    seen.add(p.resourceName);
    addAll(errors, requiredOneOf(p.resourceName, RESIZABLE, path), requiredOneOf(p.restartPolicy, RESIZE_POLICIES, path));
    if (podPolicy === 'Never' && p.restartPolicy !== 'NotRequired')
      errors.push(invalid(path, p.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
  }
  return errors;
}

function everyContainer(c: Container, pod: PodAround, path: string): Errors {
  return [
    ...(c.name ? label(c.name, `${path}.name`) : [required(`${path}.name`)]),
    ...(c.image ? [] : [required(`${path}.image`)]),
    ...requiredOneOf(c.terminationMessagePolicy, MESSAGE_POLICIES, `${path}.terminationMessagePolicy`),
    ...ports(c.ports, `${path}.ports`),
    ...validateEnv(c.env, `${path}.env`),
    ...validateEnvFrom(c.envFrom, `${path}.envFrom`),
    ...mounts(c, pod.volumes, `${path}.volumeMounts`),
    ...devices(c.volumeDevices, c, pod.volumes, `${path}.volumeDevices`),
    ...requiredOneOf(c.imagePullPolicy, PULL_POLICIES, `${path}.imagePullPolicy`),
    ...validateResources(c.resources, pod.claimNames, `${path}.resources`),
    ...resizePolicy(c, pod.spec.restartPolicy, `${path}.resizePolicy`),
    ...validateContainerSecurity(c.securityContext, pod.security, `${path}.securityContext`),
  ];
}

function restartRules(c: Container, path: string): Errors {
  const rules = c.restartPolicyRules ?? [];
  const errors: Errors = [];
  if (c.restartPolicy === undefined) {
    if (rules.length) errors.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  } else if (!RESTART_POLICIES.includes(c.restartPolicy))
    errors.push(notSupported(`${path}.restartPolicy`, c.restartPolicy, RESTART_POLICIES));
  if (rules.length > RULES_LIMIT) errors.push(tooMany(`${path}.restartPolicyRules`, rules.length, RULES_LIMIT));
  for (const [i, rule] of rules.entries()) {
    const at = `${path}.restartPolicyRules[${i}]`;
    const actions = ['Restart', 'RestartAllContainers'];
    if (!actions.includes(rule.action ?? '')) errors.push(notSupported(`${at}.action`, rule.action ?? '', actions));
    if (!rule.exitCodes) errors.push(required(`${at}.exitCodes`, 'must be specified'));
    else {
      if (!['In', 'NotIn'].includes(rule.exitCodes.operator ?? ''))
        errors.push(notSupported(`${at}.exitCodes.operator`, rule.exitCodes.operator ?? '', ['In', 'NotIn']));
      const count = rule.exitCodes.values?.length ?? 0;
      if (count > EXIT_CODES_LIMIT) errors.push(tooMany(`${at}.exitCodes.values`, count, EXIT_CODES_LIMIT));
    }
  }
  return errors;
}

const gracePeriod = (pod: PodAround): number | undefined => pod.spec.terminationGracePeriodSeconds;

export function validateContainers(pod: PodAround, path: string): Errors {
  const containers = pod.spec.containers ?? [];
  if (!containers.length) return [required(path)];
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, c] of containers.entries()) {
    const at = `${path}[${i}]`;
    addAll(errors, everyContainer(c, pod, at));
    if (names.has(c.name)) errors.push(duplicate(`${at}.name`, c.name));
    names.add(c.name);
    addAll(
      errors,
      validateLifecycle(c.lifecycle, gracePeriod(pod), pod.spec.os, `${at}.lifecycle`),
      validateProbes(c, gracePeriod(pod), at),
      restartRules(c, at),
    );
  }
  return [...errors, ...hostPortConflicts(containers, path)];
}

const ONLY_STAYING = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

export function validateInitContainers(pod: PodAround, path: string): Errors {
  const errors: Errors = [];
  const names = new Set((pod.spec.containers ?? []).map((c) => c.name));
  for (const [i, c] of (pod.spec.initContainers ?? []).entries()) {
    const at = `${path}[${i}]`;
    addAll(errors, everyContainer(c, pod, at), restartRules(c, at));
    if (names.has(c.name)) errors.push(duplicate(`${at}.name`, c.name));
    else if (c.name) names.add(c.name);
    addAll(errors, hostPortConflicts([c], path));
    if (isSidecar(c)) {
      addAll(
        errors,
        validateLifecycle(c.lifecycle, gracePeriod(pod), pod.spec.os, `${at}.lifecycle`),
        validateProbes(c, gracePeriod(pod), at),
      );
      continue;
    }
    for (const f of ONLY_STAYING)
      if (c[f]) errors.push(forbidden(`${at}.${f}`, 'may not be set for init containers without restartPolicy=Always'));
    for (const [j, p] of (c.resizePolicy ?? []).entries()) {
      if (p.restartPolicy === 'RestartContainer')
        errors.push(
          invalid(
            `${at}.resizePolicy[${j}].restartPolicy`,
            p.restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          ),
        );
    }
  }
  return errors;
}

const EPHEMERAL_FIELDS = new Set([
  'name',
  'image',
  'command',
  'args',
  'workingDir',
  'env',
  'envFrom',
  'volumeMounts',
  'volumeDevices',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'imagePullPolicy',
  'securityContext',
  'stdin',
  'stdinOnce',
  'tty',
  'targetContainerName',
]);
const isEmpty = (v: unknown): boolean => v === undefined || v === null || (typeof v === 'object' && Object.keys(v).length === 0);

export function validateEphemeralContainers(pod: PodAround, path: string): Errors {
  const errors: Errors = [];
  const others = new Set([...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set(others);
  for (const [i, c] of (pod.spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}[${i}]`;
    addAll(errors, everyContainer(c as Container, pod, at), imageWhitespace([c], path, i));
    if (names.has(c.name)) errors.push(duplicate(`${at}.name`, c.name));
    names.add(c.name);
    if (c.targetContainerName && !others.has(c.targetContainerName))
      errors.push(notFound(`${at}.targetContainerName`, c.targetContainerName));
    for (const [field, value] of Object.entries(c))
      if (!EPHEMERAL_FIELDS.has(field) && !isEmpty(value))
        errors.push(forbidden(`${at}.${field}`, 'cannot be set for an Ephemeral Container'));
    for (const [j, m] of (c.volumeMounts ?? []).entries()) {
      for (const f of ['subPath', 'subPathExpr'] as const)
        if (m[f]) errors.push(forbidden(`${at}.volumeMounts[${j}].${f}`, 'cannot be set for an Ephemeral Container'));
    }
  }
  return errors;
}

/** Pods only: templates may carry such images for the sake of old ones. */
export const imageWhitespace = (containers: readonly (Container | EphemeralContainer)[] | undefined, path: string, from = 0): Errors =>
  (containers ?? []).flatMap((c, i) =>
    (c.image ?? '').trim() === (c.image ?? '')
      ? []
      : [invalid(`${path}[${from + i}].image`, c.image, 'must not have leading or trailing whitespace')],
  );
