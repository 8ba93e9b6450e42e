/** ResourceClaimTemplates: a claim of its own for each pod. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#resourceclaims-templates */
import { immutable } from '../check.js';
import { ageColumn, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { ResourceClaimTemplate } from '../types/resource/v1.js';
import type { ResourceClaimTemplate as ResourceClaimTemplateV1beta1 } from '../types/resource/v1beta1.js';
import type { ResourceClaimTemplate as ResourceClaimTemplateV1beta2 } from '../types/resource/v1beta2.js';
import { defaultDevices, validateDevices } from './device-claim.js';
import { withRequests } from './v1beta1-conversion.js';

const V1 = 'resource.k8s.io/v1';
const V1BETA1 = 'resource.k8s.io/v1beta1';
const storedAs = { apiVersion: V1, kind: 'ResourceClaimTemplate' };
const shared = {
  group: 'resource.k8s.io',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  storageVersionHash: 'TuzjC49aUfM=',
  columns: [nameColumn, ageColumn],
};

export const resourceClaimTemplate = defineResource<ResourceClaimTemplate>({
  ...shared,
  version: 'v1',
  defaults: ({ spec }) => defaultDevices(spec.spec.devices),
  validate: ({ spec }) => validateDevices(spec.spec.devices ?? { requests: [] }, 'spec.spec.devices'),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
});

export const resourceClaimTemplateV1beta2 = defineResource<ResourceClaimTemplateV1beta2>({
  ...shared,
  version: 'v1beta2',
  enabledByDefault: false,
  storedAs,
  convert: renamed('resource.k8s.io', 'v1beta2', 'v1'),
  defaults: ({ spec }) => defaultDevices(spec.spec.devices as ResourceClaimTemplate['spec']['spec']['devices']),
  validate: (object, context) => resourceClaimTemplate.validate(object as unknown as ResourceClaimTemplate, context),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
});

const toV1 = (object: ResourceClaimTemplateV1beta1): ResourceClaimTemplate => {
  const template = withRequests(object as never, V1, 'template', 'nested') as unknown as ResourceClaimTemplate;
  defaultDevices(template.spec.spec.devices);
  return template;
};

export const resourceClaimTemplateV1beta1 = defineResource<ResourceClaimTemplateV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs,
  convert: {
    toStored: (object) => toV1(object) as never,
    fromStored: (object) => withRequests(object, V1BETA1, 'template', 'flat') as unknown as ResourceClaimTemplateV1beta1,
  },
  validate: (object, context) => resourceClaimTemplate.validate(toV1(object), context),
  validateUpdate: ({ spec }, old) => immutable(spec, old.spec, 'spec'),
});
