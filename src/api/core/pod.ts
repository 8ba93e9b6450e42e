/** Pods: containers that run together on one node. Source: https://kubernetes.io/docs/concepts/workloads/pods/ */

import { forbidden, invalid } from '../../meta/field-error.js';
import { ipAddress } from '../../meta/ip.js';
import { dns1123Label } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll } from '../check.js';
import { defineResource } from '../define.js';
import type { ValidationContext } from '../resource.js';
import type { Pod } from '../types/core/v1.js';
import { podColumns } from './pod-columns.js';
import { defaultPod } from './pod-spec/defaults.js';
import { mergeMatchLabelKeys } from './pod-spec/match-label-keys.js';
import { qosClass } from './pod-spec/qos.js';
import { validateEphemeralUpdate, validatePodSpecUpdate, validateResize, validateStatusTransition } from './pod-spec/update.js';
import { imageWhitespace } from './pod-spec/validate/containers.js';
import { validatePodAnnotations, validatePodSpec } from './pod-spec/validate/pod-spec.js';
import { podWarnings } from './pod-spec/warnings.js';

export const pod = defineResource<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  storageVersionHash: 'xPOwRZ+Yhw8=',
  subresources: {
    status: true,
    other: {
      attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
      binding: { kind: 'Binding', verbs: ['create'] },
      ephemeralcontainers: { kind: 'Pod', verbs: ['get', 'patch', 'update'] },
      eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
      exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
      log: { kind: 'Pod', verbs: ['get'] },
      portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
      proxy: { kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
      resize: { kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    },
  },
  hasGeneration: true,
  metadataLooks: 2,
  returnsDeleted: true,
  gracePeriod: ({ spec, status }, asked) => {
    const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded';
    const seconds = spec.nodeName && !ended ? (asked ?? spec.terminationGracePeriodSeconds ?? 0) : 0;
    return seconds < 0 ? 1 : seconds;
  },
  defaults(pod) {
    defaultPod(pod);
    const { status } = pod;
    if (status?.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
    else if (status?.podIPs?.length) status.podIP ||= status.podIPs[0]!.ip;
  },
  prepareCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) };
    if (pod.spec.schedulingGates?.length) pod.status.conditions = [gated()];
    mergeMatchLabelKeys(pod);
  },
  prepareStatusUpdate(pod, old) {
    pod.metadata.ownerReferences = old.metadata.ownerReferences;
    if (pod.status) pod.status.qosClass ||= old.status?.qosClass;
  },
  validate(pod, context) {
    const errors = validateWhole(pod, context);
    if (pod.spec.ephemeralContainers?.length) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
    if (pod.spec.nodeName && pod.spec.schedulingGates?.length)
      errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
    return errors;
  },
  validateUpdate(pod, old, context) {
    const errors = validateWhole(pod, context);
    if (context.subresource === 'ephemeralcontainers') return [...errors, ...validateEphemeralUpdate(pod, old)];
    if (context.subresource === 'resize') return [...errors, ...validateResize(pod, old)];
    return [...errors, ...validatePodSpecUpdate(pod.spec, old.spec)];
  },
  validateStatusUpdate(pod, old) {
    const errors: Errors = [];
    const { status = {} } = pod;
    const was = old.status ?? {};
    const nominated = status.nominatedNodeName ?? '';
    if (nominated && dns1123Label(nominated.split('.')[0]!).length)
      addAll(errors, invalidAll('status.nominatedNodeName', nominated, dns1123Label(nominated)));
    if (pod.spec.nodeName !== old.spec.nodeName) errors.push(forbidden('spec.nodeName', 'may not be changed directly'));
    for (const [i, { ip }] of (status.podIPs ?? []).entries()) addAll(errors, invalidAll(`status.podIPs[${i}]`, ip, ipAddress(ip)));
    for (const [i, { ip }] of (status.hostIPs ?? []).entries()) addAll(errors, invalidAll(`status.hostIPs[${i}]`, ip, ipAddress(ip)));
    if (status.hostIPs?.length && status.hostIP !== status.hostIPs[0]!.ip)
      errors.push(invalid('status.hostIPs[0].ip', status.hostIPs[0]!.ip, 'must be equal to `hostIP`'));
    for (const list of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const)
      addAll(errors, validateStatusTransition(status[list], was[list], pod.spec, `status.${list}`));
    return errors;
  },
  warnings: (pod, old) => (old ? [] : podWarnings(pod)),
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': (p) => p.spec.nodeName ?? '',
    'spec.restartPolicy': (p) => p.spec.restartPolicy ?? '',
    'spec.schedulerName': (p) => p.spec.schedulerName ?? '',
    'spec.serviceAccountName': (p) => p.spec.serviceAccountName ?? '',
    'spec.hostNetwork': (p) => String(p.spec.hostNetwork === true),
    'status.phase': (p) => p.status?.phase ?? '',
    'status.podIP': (p) => p.status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': (p) => p.status?.nominatedNodeName ?? '',
  },
  indexedFields: ['spec.nodeName'],
});

function validateWhole(pod: Pod, context: ValidationContext): Errors {
  const { metadata, spec } = pod;
  const errors = [
    ...validatePodAnnotations(metadata.annotations, spec, 'metadata.annotations'),
    ...validatePodSpec(spec, { context, podName: metadata.name, isPod: true }, 'spec'),
    ...imageWhitespace(spec.containers, 'spec.containers'),
    ...imageWhitespace(spec.initContainers, 'spec.initContainers'),
  ];
  if (!spec.serviceAccountName) {
    for (const [i, v] of (spec.volumes ?? []).entries()) {
      for (const [j, s] of (v.projected?.sources ?? []).entries()) {
        if (s.serviceAccountToken)
          errors.push(
            forbidden(
              `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          );
      }
    }
  }
  return errors;
}

/** A pod that is held back says so from the start. */
const gated = () => ({
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null as never,
  lastTransitionTime: null as never,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
});
