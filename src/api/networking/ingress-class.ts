/** IngressClasses: who serves which Ingresses. Source: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class */
import { forbidden, required, tooLong } from '../../meta/field-error.js';
import { labelName } from '../../meta/names.js';
import { domainPrefixedPath, type Errors, immutable, invalidAll, oneOf } from '../check.js';
import { ageColumn, column } from '../columns.js';
import { defineResource } from '../define.js';
import type { IngressClass, IngressClassParametersReference } from '../types/networking/v1.js';
import { typedReference } from './reference.js';

const MAX_CONTROLLER = 250;
const DEFAULT = 'ingressclass.kubernetes.io/is-default-class';

export const ingressClass = defineResource<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  storageVersionHash: 'l/iqIbDgFyQ=',
  hasGeneration: true,
  metadataLooks: 2,
  defaults({ spec }) {
    if (spec.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => [
    ...immutable(spec.controller ?? '', old.spec.controller ?? '', 'spec.controller'),
    ...validateSpec(spec),
  ],
  columns: [
    column('Name', ({ metadata }) => (metadata.name ?? '') + (metadata.annotations?.[DEFAULT] === 'true' ? ' (default)' : ''), {
      format: 'name',
    }),
    column('Controller', ({ spec }) => spec.controller ?? ''),
    column('Parameters', ({ spec: { parameters: p } }) =>
      p ? `${p.kind}${p.apiGroup === undefined ? '' : `.${p.apiGroup}`}/${p.name}` : '<none>',
    ),
    ageColumn,
  ],
});

const validateSpec = ({ controller = '', parameters }: IngressClass['spec']): Errors => [
  ...(controller.length > MAX_CONTROLLER ? [tooLong('spec.controller', MAX_CONTROLLER)] : []),
  ...domainPrefixedPath(controller, 'spec.controller'),
  ...(parameters ? [...typedReference(parameters, 'spec.parameters'), ...scope(parameters)] : []),
];

function scope({ scope: value, namespace }: IngressClassParametersReference): Errors {
  const path = 'spec.parameters';
  if (value === undefined) return [required(`${path}.scope`)];
  if (value === 'Cluster') return namespace === undefined ? [] : [forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'")];
  if (value !== 'Namespace') return oneOf(value, ['Cluster', 'Namespace'], `${path}.scope`);
  if (namespace === undefined) return [required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")];
  return invalidAll(`${path}.namespace`, namespace, labelName(namespace, false));
}
