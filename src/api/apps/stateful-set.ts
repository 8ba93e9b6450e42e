/** StatefulSets: pods with a name and storage of their own. Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { validateAnnotations, validateLabels } from '../../meta/metadata.js';
import { labelName } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { atLeastZero, type Errors, label, same } from '../check.js';
import { ageColumn, column, containerImages, containerNames, nameColumn, wide } from '../columns.js';
import { validateClaimSpec } from '../core/claim-spec.js';
import { defaultClaim } from '../core/persistent-volume-claim.js';
import { defaultPodSpec } from '../core/pod-spec/defaults.js';
import { alwaysRestarts, validatePodAnnotations, validatePodTemplate } from '../core/pod-spec/validate/pod-spec.js';
import { defineResource } from '../define.js';
import { amountOf, atMostWhole, validateIntOrPercent } from '../int-or-percent.js';
import { matchesTemplate, ownerWarnings, readSelector, validateOwnSelector } from '../pod-owner.js';
import type { ValidationContext } from '../resource.js';
import { atMost, notDecremented, notNegative } from '../status-counts.js';
import type { StatefulSet, StatefulSetSpec } from '../types/apps/v1.js';
import type { PodTemplateSpec } from '../types/core/v1.js';

export const statefulSet = defineResource<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  storageVersionHash: 'H+vl74LkKdo=',
  subresources: { status: true, scale: { replicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' } },
  hasGeneration: true,
  validateName: labelName,
  defaults({ spec }) {
    defaultPodSpec(spec.template.spec);
    const strategy = spec.updateStrategy;
    if (!strategy.type) {
      strategy.type = 'RollingUpdate';
      strategy.rollingUpdate ??= {};
    }
    if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion ||= 'v1';
      claim.kind ||= 'PersistentVolumeClaim';
      defaultClaim(claim);
    }
  },
  // maxUnavailable of a StatefulSet is a feature that is off in 1.36: it is dropped unless it stood before.
  prepareCreate(set) {
    set.status = { replicas: 0, availableReplicas: 0 };
    delete set.spec.updateStrategy.rollingUpdate?.maxUnavailable;
  },
  prepareUpdate(set, old) {
    if (old.spec.updateStrategy.rollingUpdate?.maxUnavailable === undefined) delete set.spec.updateStrategy.rollingUpdate?.maxUnavailable;
  },
  validate: ({ spec }, context) => [
    ...validateSpec(spec, context),
    ...claims(spec),
    ...(spec.serviceName ? label(spec.serviceName, 'spec.serviceName') : []),
  ],
  validateUpdate({ spec }, old, context) {
    const errors = validateSpec(spec, context);
    const { replicas, template, updateStrategy, minReadySeconds, ordinals, revisionHistoryLimit, persistentVolumeClaimRetentionPolicy } =
      old.spec;
    const fixed = {
      ...spec,
      replicas,
      template,
      updateStrategy,
      minReadySeconds,
      ordinals,
      revisionHistoryLimit,
      persistentVolumeClaimRetentionPolicy,
    };
    if (!same(fixed, old.spec)) {
      errors.push(
        forbidden(
          'spec',
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      );
    }
    return errors;
  },
  validateStatusUpdate: ({ status }, old) => [
    ...notNegative(status, [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ]),
    ...atMost(status, ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], 'replicas'),
    ...atMost(status, ['availableReplicas'], 'readyReplicas'),
    ...notDecremented(status, old.status, 'collisionCount'),
  ],
  warnings: (o, old) => [
    ...ownerWarnings(o, old, false),
    ...((o.spec.revisionHistoryLimit ?? 0) < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ],
  columns: [
    nameColumn,
    column('Ready', ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    ageColumn,
    wide('Containers', ({ spec }) => containerNames(spec.template)),
    wide('Images', ({ spec }) => containerImages(spec.template)),
  ],
});

const claims = (spec: StatefulSetSpec): Errors =>
  (spec.volumeClaimTemplates ?? []).flatMap((c, i) => validateClaimSpec(c.spec, `spec.volumeClaimTemplates[${i}].spec`));

function validateSpec(spec: StatefulSetSpec, context: ValidationContext): Errors {
  const path = 'spec.template';
  const errors = [
    ...strategy(spec),
    ...retention(spec),
    ...atLeastZero(spec.replicas, 'spec.replicas'),
    ...atLeastZero(spec.minReadySeconds, 'spec.minReadySeconds'),
  ];
  addAll(
    errors,
    atLeastZero(spec.ordinals?.start, 'spec.ordinals.start'),
    validateOwnSelector(spec.selector, 'statefulset', 'spec.selector'),
  );
  const selector = readSelector(spec.selector);
  if (!selector) errors.push(invalid('spec.selector', spec.selector));
  else {
    const template = asMade(spec);
    addAll(errors, matchesTemplate(selector, template, path), validatePodTemplate(template, context, path));
    // The original looks at labels and annotations twice.
    addAll(
      errors,
      validateLabels(template.metadata?.labels, `${path}.labels`),
      validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    );
    addAll(errors, validatePodAnnotations(template.metadata?.annotations, template.spec, `${path}.annotations`));
  }
  return [...errors, ...alwaysRestarts(spec.template, 'StatefulSet', path)];
}

/** The template as the controller completes it: host name and subdomain are its own, and each claim template is a volume. */
function asMade({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { subdomain: _s, hostname: _h, ...spec } = template.spec;
  const names = new Set(volumeClaimTemplates.map((c) => c.metadata.name));
  const own = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return {
    ...template,
    spec: names.size ? { ...spec, volumes: [...own, ...(spec.volumes ?? []).filter((v) => !names.has(v.name))] } : spec,
  };
}

function strategy(spec: StatefulSetSpec): Errors {
  const errors: Errors = [];
  if (!spec.podManagementPolicy) errors.push(required('spec.podManagementPolicy'));
  else if (!['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy))
    errors.push(invalid('spec.podManagementPolicy', spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  const { type, rollingUpdate } = spec.updateStrategy;
  const path = 'spec.updateStrategy';
  if (!type) errors.push(required(path));
  else if (type === 'OnDelete') {
    if (rollingUpdate) errors.push(invalid(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (type !== 'RollingUpdate') errors.push(invalid(path, spec.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"));
  else if (rollingUpdate) {
    addAll(errors, atLeastZero(rollingUpdate.partition, `${path}.rollingUpdate.partition`));
    const unavailable = rollingUpdate.maxUnavailable;
    const at = `${path}.rollingUpdate.maxUnavailable`;
    if (unavailable !== undefined)
      addAll(
        errors,
        validateIntOrPercent(unavailable, at),
        amountOf(unavailable) === 0 ? [invalid(at, unavailable, 'cannot be 0')] : [],
        atMostWhole(unavailable, at),
      );
  }
  return errors;
}

function retention({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec): Errors {
  const words = ['Retain', 'Delete'];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((f) =>
    words.includes(policy?.[f] ?? 'Retain') ? [] : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${f}`, policy![f], words)],
  );
}
