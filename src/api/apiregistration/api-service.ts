/** APIServices: who serves which group and version of the API. Source: https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/ */

import { invalid, notSupported, required } from '../../meta/field-error.js';
import { dns1035Label, dns1123Subdomain, pathSegment, pathSegmentName, portNumber } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { APIService, ServiceReference } from '../types/apiregistration/v1.js';

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;
const STATUSES = ['True', 'False', 'Unknown'];

export const apiService = defineResource<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  validateName: pathSegmentName,
  categories: ['api-extensions'],
  namespaced: false,
  keyPrefix: '/registry/apiregistration.k8s.io/apiservices',
  storageVersionHash: 'InPBPD7+PqM=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validate: validateService,
  validateUpdate: (object) => validateService(object),
  validateStatusUpdate: ({ status }) =>
    (status.conditions ?? []).flatMap((c, i) =>
      STATUSES.includes(c.status) ? [] : [notSupported(`status.conditions[${i}].status`, c.status, STATUSES)],
    ),
  columns: [
    nameColumn,
    column('Service', ({ spec: { service } }) => (service ? `${service.namespace}/${service.name}` : 'Local')),
    column('Available', ({ status }) => {
      const available = (status.conditions ?? []).find((c) => c.type === 'Available');
      if (!available) return 'Unknown';
      return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`;
    }),
    ageColumn,
  ],
});

function validateService({ metadata, spec }: APIService): Errors {
  const { group = '', version = '', service, insecureSkipTLSVerify: insecure, caBundle } = spec;
  const expected = `${version}.${group}`;
  const priority = (n: number | undefined, field: string, most: number): Errors =>
    (n ?? 0) <= 0 || n! > most ? [invalid(`spec.${field}`, n ?? 0, `must be positive and less than ${most}`)] : [];
  const errors: Errors = [];
  for (const field of ['generateName', 'name'] as const) {
    const name = metadata[field];
    if (name && !pathSegment(name).length && name !== expected)
      errors.push(invalid(`metadata.${field}`, name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`));
  }
  if (!group && version !== 'v1') errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  addAll(
    errors,
    group ? invalidAll('spec.group', group, dns1123Subdomain(group)) : [],
    invalidAll('spec.version', version, dns1035Label(version)),
    priority(spec.groupPriorityMinimum, 'groupPriorityMinimum', MAX_GROUP_PRIORITY),
    priority(spec.versionPriority, 'versionPriority', MAX_VERSION_PRIORITY),
  );
  if (service) {
    addAll(errors, reference(service));
    if (insecure && caBundle) errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
    return errors;
  }
  if (caBundle) errors.push(invalid('spec.caBundle', `${atob(caBundle).length} bytes`, 'local APIServices may not have a caBundle'));
  if (insecure) errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'));
  return errors;
}

function reference({ namespace, name, port = 0 }: ServiceReference): Errors {
  const wrong = portNumber(port);
  return [
    ...(namespace ? [] : [required('spec.service.namespace')]),
    ...(name ? [] : [required('spec.service.name')]),
    ...(wrong.length ? [invalid('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`)] : []),
  ];
}
