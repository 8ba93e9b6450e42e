/** What an update may change of a pod, and through which subresource. */

import { forbidden, invalid } from '../../../meta/field-error.js';
import { between } from '../../../meta/names.js';
import { addAll } from '../../../util/add-all.js';
import { differences, type Errors, firstBy, requiredText, same } from '../../check.js';
import type { ContainerStatus, Pod, PodSpec, Toleration } from '../../types/core/v1.js';
import { qosClass } from './qos.js';
import { imageWhitespace } from './validate/containers.js';

const INT32_MAX = 2_147_483_647;
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** The rules of a plain update of a Pod's spec, beyond its being right in itself. */
export function validatePodSpecUpdate(spec: PodSpec, old: PodSpec): Errors {
  const errors: Errors = [];
  for (const list of ['containers', 'initContainers'] as const) {
    const now = spec[list] ?? [];
    if (now.length !== (old[list] ?? []).length)
      return [...errors, forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
    for (const [i, c] of now.entries()) addAll(errors, requiredText(c.image, `spec.${list}[${i}].image`));
    addAll(errors, imageWhitespace(now, `spec.${list}`));
  }
  const { activeDeadlineSeconds: deadline } = spec;
  const oldDeadline = old.activeDeadlineSeconds;
  if (deadline !== undefined) {
    if (deadline < 0 || deadline > INT32_MAX) return [...errors, invalid('spec.activeDeadlineSeconds', deadline, between(0, INT32_MAX))];
    if (oldDeadline !== undefined && oldDeadline < deadline)
      return [...errors, invalid('spec.activeDeadlineSeconds', deadline, 'must be less than or equal to previous value')];
  } else if (oldDeadline !== undefined)
    errors.push(invalid('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value'));
  addAll(errors, onlyAdded(spec.tolerations ?? [], old.tolerations ?? []), onlyRemovedGates(spec, old));
  const comparable = withFixed(spec, old);
  if (old.schedulingGates?.length) addAll(errors, gatedChanges(comparable, old));
  if (!same(comparable, old))
    errors.push(forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\n${differences(old, comparable)}`));
  return errors;
}

/** The new spec with what may change put back. */
function withFixed(spec: PodSpec, old: PodSpec): PodSpec {
  const images = <T extends { image?: string }>(list: T[] | undefined, before: T[] | undefined) =>
    list?.map((c, i) => ({ ...c, image: before?.[i]?.image }));
  const grace = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1 ? old : spec;
  return {
    ...spec,
    containers: images(spec.containers, old.containers) ?? [],
    initContainers: images(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    terminationGracePeriodSeconds: grace.terminationGracePeriodSeconds,
  };
}

function onlyAdded(now: readonly Toleration[], old: readonly Toleration[]): Errors {
  const identity = ({ key, operator, value, effect }: Toleration) => JSON.stringify([key, operator, value, effect]);
  const there = new Set(now.map(identity));
  return old.every((o) => there.has(identity(o)))
    ? []
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function onlyRemovedGates(spec: PodSpec, old: PodSpec): Errors {
  const known = new Set((old.schedulingGates ?? []).map((g) => g.name));
  return (spec.schedulingGates ?? []).flatMap((g, i) =>
    known.has(g.name)
      ? []
      : [forbidden(`spec.schedulingGates[${i}].name`, `only deletion is allowed, but found new scheduling gate '${g.name}'`)],
  );
}

/** While a pod is held back its node selector and node affinity may become narrower. Puts both back in `spec`. */
function gatedChanges(spec: PodSpec, old: PodSpec): Errors {
  const errors: Errors = [];
  if (!same(spec.nodeSelector, old.nodeSelector)) {
    for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
      if (spec.nodeSelector?.[key] !== value) {
        errors.push(
          invalid('spec.nodeSelector', spec.nodeSelector, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'),
        );
        break;
      }
    }
    spec.nodeSelector = old.nodeSelector;
  }
  const wanted = old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const now = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';
  if (wanted && !same(now, wanted)) {
    if (now?.nodeSelectorTerms.length !== wanted.nodeSelectorTerms.length)
      errors.push(
        invalid(
          `${at}.nodeSelectorTerms`,
          now?.nodeSelectorTerms ?? null,
          'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
        ),
      );
    else {
      for (const [i, term] of wanted.nodeSelectorTerms.entries()) {
        const kept = (list: 'matchExpressions' | 'matchFields') =>
          (term[list] ?? []).every((r, j) => same(r, now.nodeSelectorTerms[i]![list]?.[j]));
        if (!kept('matchExpressions') || !kept('matchFields'))
          errors.push(
            invalid(`${at}.nodeSelectorTerms[${i}]`, now.nodeSelectorTerms[i], 'only additions are allowed (no mutations or deletions)'),
          );
      }
    }
  }
  if (!same(spec.affinity, old.affinity)) {
    const rest = { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity };
    spec.affinity = old.affinity === undefined && !rest.podAffinity && !rest.podAntiAffinity ? undefined : rest;
  }
  return errors;
}

/** Of the ephemeralcontainers subresource: containers are added, never changed. */
export function validateEphemeralUpdate(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  const byName = new Map((pod.spec.ephemeralContainers ?? []).map((c) => [c.name, c]));
  for (const c of old.spec.ephemeralContainers ?? []) {
    const now = byName.get(c.name);
    if (!now)
      errors.push(forbidden('spec.ephemeralContainers', `existing ephemeral containers ${JSON.stringify(c.name)} may not be removed`));
    else if (!same(now, c))
      errors.push(forbidden('spec.ephemeralContainers', `existing ephemeral containers ${JSON.stringify(c.name)} may not be changed`));
  }
  return errors;
}

/** Of the resize subresource: cpu and memory of containers, and the class of service stays. */
export function validateResize(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  const before = old.status?.qosClass || qosClass(old.spec);
  if (qosClass(pod.spec) !== before) errors.push(invalid('spec', before, 'Pod QOS Class may not change as a result of resizing'));
  const plain = (spec: PodSpec) => ({
    ...spec,
    containers: spec.containers.map((c) => ({ ...c, resources: null, resizePolicy: null })),
    initContainers: spec.initContainers?.map((c) => ({ ...c, resources: null, resizePolicy: null })),
  });
  if (!same(plain(pod.spec), plain(old.spec))) errors.push(forbidden('spec', 'only cpu and memory resources are mutable'));
  return errors;
}

/** A container that ended stays ended, unless it is one that is started again. */
export function validateStatusTransition(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  spec: PodSpec,
  path: string,
): Errors {
  if (spec.restartPolicy === 'Always') return [];
  const errors: Errors = [];
  const containers = firstBy([...(spec.containers ?? []), ...(spec.initContainers ?? [])], (c) => c.name);
  const statuses = firstBy(now ?? [], (s) => s.name);
  for (const [i, was] of (old ?? []).entries()) {
    const ended = was.state?.terminated;
    const container = containers.get(was.name);
    const policy = container?.restartPolicy ?? spec.restartPolicy;
    if (!ended || policy === 'Always' || container?.restartPolicyRules?.length || (policy === 'OnFailure' && ended.exitCode !== 0))
      continue;
    const next = statuses.get(was.name);
    if (next && !next.state?.terminated) errors.push(forbidden(`${path}[${i}].state`, 'may not be transitioned to non-terminated state'));
  }
  return errors;
}
