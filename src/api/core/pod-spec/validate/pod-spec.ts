/** The whole spec of a pod, in a Pod or in the template of something that makes pods. */

import { duplicate, forbidden, invalid, notFound, notSupported, required, tooLong } from '../../../../meta/field-error.js';
import { ipAddress } from '../../../../meta/ip.js';
import { validateAnnotations, validateLabelName, validateLabels } from '../../../../meta/metadata.js';
import { between, dns1123Subdomain, dns1123SubdomainWithUnderscore, inRange } from '../../../../meta/names.js';
import { addQuantities, compareQuantities, formatQuantity, type Quantity } from '../../../../meta/quantity.js';
import { addAll } from '../../../../util/add-all.js';
import { getOwn } from '../../../../util/own.js';
import { type Errors, firstBy, invalidAll, label, requiredOneOf, subdomain } from '../../../check.js';
import type { ValidationContext } from '../../../resource.js';
import type { PodDNSConfig, PodResourceClaim, PodSpec, PodTemplateSpec } from '../../../types/core/v1.js';
import { MIRROR } from '../../mirror.js';
import { placedContainers } from '../containers.js';
import { type PodAround, validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.js';
import { podResourceName, validateResources } from './resources.js';
import { validateAffinity, validateSpread, validateTolerations } from './scheduling.js';
import { validateOs, validatePodSecurity } from './security.js';
import { validateVolumes } from './volumes.js';

const INT32_MAX = 2_147_483_647;
const NAMESERVERS = 3;
const SEARCHES = 32;
const SEARCH_CHARACTERS = 2048;
const HOSTNAME_LIMIT = 64;
export const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

export interface PodSpecOptions {
  readonly context: ValidationContext;
  /** The pod's own name; absent in templates. */
  readonly podName?: string;
  /** It is a Pod, not a template. */
  readonly isPod?: boolean;
}

export function validatePodSpec(spec: PodSpec, options: PodSpecOptions, path: string): Errors {
  const errors: Errors = [];
  if (spec.terminationGracePeriodSeconds === undefined) errors.push(required(`${path}.terminationGracePeriodSeconds`));
  const { errors: volumeErrors, known } = validateVolumes(spec.volumes, options.podName, `${path}.volumes`);
  const hostUsers = spec.hostUsers !== false;
  const pod: PodAround = {
    spec,
    volumes: known,
    claimNames: new Set((spec.resourceClaims ?? []).map((c) => c.name).filter(Boolean)),
    security: { allowPrivileged: options.context.allowPrivileged !== false, hostUsers },
  };
  addAll(errors, volumeErrors, resourceClaims(spec.resourceClaims, `${path}.resourceClaims`));
  addAll(
    errors,
    validateContainers(pod, `${path}.containers`),
    validateInitContainers(pod, `${path}.initContainers`),
    validateEphemeralContainers(pod, `${path}.ephemeralContainers`),
  );
  addAll(errors, podResources(pod, `${path}.resources`), hostNetworkPorts(spec, options.isPod === true, path));
  addAll(
    errors,
    requiredOneOf(spec.restartPolicy, RESTART_POLICIES, `${path}.restartPolicy`),
    requiredOneOf(spec.dnsPolicy, DNS_POLICIES, `${path}.dnsPolicy`),
  );
  addAll(errors, validateLabels(spec.nodeSelector, `${path}.nodeSelector`), validatePodSecurity(spec, path));
  addAll(errors, validateAffinity(spec.affinity, `${path}.affinity`), dnsConfig(spec.dnsConfig, spec.dnsPolicy, `${path}.dnsConfig`));
  addAll(errors, gates(spec, path), validateSpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`));
  if (!hostUsers) addAll(errors, ownUsers(spec, path));
  addAll(errors, names(spec, path), validateTolerations(spec.tolerations, `${path}.tolerations`));
  for (const [i, a] of (spec.hostAliases ?? []).entries()) {
    const at = `${path}.hostAliases[${i}]`;
    addAll(
      errors,
      invalidAll(`${at}.ip`, a.ip, ipAddress(a.ip)),
      (a.hostnames ?? []).flatMap((h, j) => subdomain(h, `${at}.hostnames[${j}]`)),
    );
  }
  if (spec.preemptionPolicy !== undefined)
    addAll(errors, requiredOneOf(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`));
  if (spec.overhead) addAll(errors, validateResources({ limits: spec.overhead }, new Set(), `${path}.overhead`));
  return [...errors, ...validateOs(spec, placedContainers(spec, path), path), ...fileKeyVolumes(spec, path)];
}

function resourceClaims(claims: readonly PodResourceClaim[] | undefined, path: string): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, c] of (claims ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!c.name) errors.push(required(`${at}.name`));
    else if (names.has(c.name)) errors.push(duplicate(`${at}.name`, c.name));
    else addAll(errors, label(c.name, `${at}.name`));
    names.add(c.name);
    const { resourceClaimName: claim, resourceClaimTemplateName: template } = c;
    if (claim !== undefined && template !== undefined)
      errors.push(invalid(at, c, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    if (claim === undefined && template === undefined)
      errors.push(invalid(at, c, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    if (claim !== undefined) addAll(errors, subdomain(claim, `${at}.resourceClaimName`));
    if (template !== undefined) addAll(errors, subdomain(template, `${at}.resourceClaimTemplateName`));
  }
  return errors;
}

/** Requests and limits of the pod as a whole must hold what its containers ask for. */
function podResources(pod: PodAround, path: string): Errors {
  const r = pod.spec.resources;
  if (!r) return [];
  if (pod.spec.os?.name === 'windows') return [forbidden(path, 'may not be set for a windows pod')];
  const errors: Errors = [];
  if (r.claims) errors.push(forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level'));
  addAll(errors, validateResources(r, pod.claimNames, path, podResourceName));
  const containers = pod.spec.containers ?? [];
  const totals = new Map<string, Quantity>();
  for (const c of containers)
    for (const [name, request] of Object.entries(c.resources?.requests ?? {})) totals.set(name, addQuantities(totals.get(name), request));
  for (const [name, request] of Object.entries(r.requests ?? {})) {
    const total = totals.get(name);
    if (total && compareQuantities(total, request) > 0)
      errors.push(
        invalid(
          `${path}.requests[${name}]`,
          request,
          `must be greater than or equal to aggregate container requests of ${formatQuantity(total)}`,
        ),
      );
  }
  for (const [i, c] of containers.entries()) {
    for (const [name, limit] of Object.entries(c.resources?.limits ?? {})) {
      const podLimit = getOwn(r.limits ?? {}, name);
      if (podLimit && compareQuantities(limit, podLimit) > 0)
        errors.push(invalid(`${path}.containers[${i}][${name}].limits`, limit, `must be less than or equal to pod limits of ${podLimit}`));
    }
  }
  return errors;
}

function hostNetworkPorts(spec: PodSpec, isPod: boolean, path: string): Errors {
  if (!spec.hostNetwork) return [];
  const wrong = (host: number, container: number) => (isPod || host !== 0) && host !== container;
  return (spec.containers ?? []).flatMap((c, i) =>
    (c.ports ?? []).flatMap((p, j) =>
      wrong(p.hostPort ?? 0, p.containerPort)
        ? [
            invalid(
              `${path}.containers[${i}].ports[${j}].hostPort`,
              p.hostPort ?? 0,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  );
}

function dnsConfig(config: PodDNSConfig | undefined, policy: string | undefined, path: string): Errors {
  const servers = config?.nameservers ?? [];
  if (policy === 'None') {
    if (!config) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!servers.length) return [required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  if (!config) return [];
  const errors: Errors = [];
  const searches = config.searches ?? [];
  if (servers.length > NAMESERVERS)
    errors.push(invalid(`${path}.nameservers`, servers, `must not have more than ${NAMESERVERS} nameservers`));
  for (const [i, s] of servers.entries()) addAll(errors, invalidAll(`${path}.nameservers[${i}]`, s, ipAddress(s)));
  if (searches.length > SEARCHES) errors.push(invalid(`${path}.searches`, searches, `must not have more than ${SEARCHES} search paths`));
  if (searches.join(' ').length > SEARCH_CHARACTERS)
    errors.push(
      invalid(
        `${path}.searches`,
        searches,
        `must not have more than ${SEARCH_CHARACTERS} characters (including spaces) in the search list`,
      ),
    );
  for (const [i, s] of searches.entries()) {
    const name = s.endsWith('.') ? s.slice(0, -1) : s;
    if (s !== '.') addAll(errors, invalidAll(`${path}.searches[${i}]`, name, dns1123SubdomainWithUnderscore(name)));
  }
  for (const [i, o] of (config.options ?? []).entries()) if (!o.name) errors.push(required(`${path}.options[${i}]`, 'must not be empty'));
  return errors;
}

function gates(spec: PodSpec, path: string): Errors {
  const errors = (spec.readinessGates ?? []).flatMap((g, i) =>
    validateLabelName(g.conditionType, `${path}.readinessGates[${i}].conditionType`),
  );
  const seen = new Set<string>();
  for (const [i, g] of (spec.schedulingGates ?? []).entries()) {
    const at = `${path}.schedulingGates[${i}]`;
    addAll(errors, validateLabelName(g.name, at));
    if (seen.has(g.name)) errors.push(duplicate(at, g.name));
    seen.add(g.name);
  }
  return errors;
}

/** A pod with users of its own shares none of the host's other namespaces. */
function ownUsers(spec: PodSpec, path: string): Errors {
  const why = 'when `hostUsers` is false';
  return [
    ...(spec.hostNetwork ? [forbidden(`${path}.hostNetwork`, why)] : []),
    ...(spec.hostPID ? [forbidden(`${path}.HostPID`, why)] : []),
    ...(spec.hostIPC ? [forbidden(`${path}.HostIPC`, why)] : []),
    ...placedContainers(spec, path)
      .filter((c) => c.container.volumeDevices?.length)
      .map((c) => forbidden(`${c.path}.volumeDevices`, why)),
  ];
}

function names(spec: PodSpec, path: string): Errors {
  const errors: Errors = [];
  const override = spec.hostnameOverride;
  if (override !== undefined) {
    const at = `${path}.hostnameOverride`;
    if (spec.setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when setHostnameAsFQDN is true'));
    if (spec.hostNetwork) errors.push(forbidden(at, 'may not be specified when hostNetwork is true'));
    if (override.length > HOSTNAME_LIMIT) errors.push(tooLong(at, HOSTNAME_LIMIT));
    addAll(errors, subdomain(override, at));
  }
  for (const f of ['serviceAccountName', 'nodeName', 'priorityClassName'] as const)
    if (spec[f]) addAll(errors, subdomain(spec[f], `${path}.${f}`));
  if (spec.runtimeClassName !== undefined)
    addAll(errors, invalidAll(`${path}.runtimeClassName`, spec.runtimeClassName, dns1123Subdomain(spec.runtimeClassName)));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && inRange(deadline, 1, INT32_MAX).length)
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, between(1, INT32_MAX)));
  if (spec.hostname) addAll(errors, label(spec.hostname, `${path}.hostname`));
  if (spec.subdomain) addAll(errors, label(spec.subdomain, `${path}.subdomain`));
  return errors;
}

/** Files with variables are handed over in an emptyDir. */
function fileKeyVolumes(spec: PodSpec, path: string): Errors {
  const errors: Errors = [];
  const volumes = firstBy(spec.volumes ?? [], (v) => v.name);
  for (const { container, path: at } of placedContainers(spec, path)) {
    for (const [j, v] of (container.env ?? []).entries()) {
      const ref = v.valueFrom?.fileKeyRef;
      if (!ref) continue;
      const volume = volumes.get(ref.volumeName);
      const field = `${at}.env[${j}].valueFrom.fileKeyRef.volumeName`;
      if (!volume) errors.push(notFound(field, ref.volumeName));
      else if (!volume.emptyDir) errors.push(invalid(field, ref.volumeName, 'referenced volume must be of type emptyDir'));
    }
  }
  return errors;
}

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

export function validatePodAnnotations(annotations: Record<string, string> | undefined, spec: PodSpec, path: string): Errors {
  const errors: Errors = [];
  const mirror = annotations?.[MIRROR];
  if (mirror !== undefined && !spec.nodeName)
    errors.push(invalid(`${path}[${MIRROR}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  const cost = annotations?.[DELETION_COST];
  if (cost !== undefined && (!/^(0|-?[1-9]\d*)$/.test(cost) || Math.abs(Number(cost)) > INT32_MAX))
    errors.push(invalid(`${path}[${DELETION_COST}]`, cost, 'must be a 32bit integer'));
  return errors;
}

/** The template of something that makes pods. */
export function validatePodTemplate(template: PodTemplateSpec, context: ValidationContext, path: string): Errors {
  const { metadata, spec } = template;
  return [
    ...validateLabels(metadata?.labels, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
    ...validatePodAnnotations(metadata?.annotations, spec, `${path}.annotations`),
    ...validatePodSpec(spec, { context }, `${path}.spec`),
    ...(spec.ephemeralContainers?.length
      ? [forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}

/** What controllers that keep pods running ask of their template besides. */
export function alwaysRestarts(template: PodTemplateSpec, owner: string, path: string): Errors {
  const { restartPolicy, activeDeadlineSeconds } = template.spec;
  return [
    ...(restartPolicy === 'Always' ? [] : [notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? '', ['Always'])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${owner} is not Supported`)]),
  ];
}
