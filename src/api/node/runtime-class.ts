/** RuntimeClasses: which container runtime a pod is run by. Source: https://kubernetes.io/docs/concepts/containers/runtime-class/ */
import { duplicate, required } from '../../meta/field-error.js';
import { validateLabels } from '../../meta/metadata.js';
import { type Errors, immutable, label } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { validateResources } from '../core/pod-spec/validate/resources.js';
import { validateTolerations } from '../core/pod-spec/validate/scheduling.js';
import { defineResource } from '../define.js';
import type { Toleration } from '../types/core/v1.js';
import type { RuntimeClass } from '../types/node/v1.js';

export const runtimeClass = defineResource<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  storageVersionHash: 'WQTu1GL3T2Q=',
  createOnUpdate: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  metadataLooks: 2,
  validate: (object) => validateClass(object),
  validateUpdate: (object, old) => [...validateClass(object), ...immutable(object.handler, old.handler, 'handler')],
  columns: [nameColumn, column('Handler', (o) => o.handler), ageColumn],
});

const validateClass = ({ handler, overhead, scheduling }: RuntimeClass): Errors => [
  ...(handler ? label(handler, 'handler') : [required('handler')]),
  ...(overhead ? validateResources({ limits: overhead.podFixed }, new Set(), 'overhead') : []),
  ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
  ...tolerations(scheduling?.tolerations ?? []),
];

function tolerations(list: readonly Toleration[]): Errors {
  const path = 'scheduling.tolerations';
  const seen = new Set<string>();
  const errors = validateTolerations(list, path);
  for (const [i, { key = '', operator = '', value = '', effect = '', tolerationSeconds }] of list.entries()) {
    const id = JSON.stringify([key, operator, value, effect]);
    if (seen.has(id))
      errors.push(
        duplicate(`${path}[${i}]`, {
          Key: key,
          Operator: operator,
          Value: value,
          Effect: effect,
          TolerationSeconds: tolerationSeconds ?? null,
        }),
      );
    seen.add(id);
  }
  return errors;
}
