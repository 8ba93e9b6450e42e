/** Services: one address for a changing set of pods. Source: https://kubernetes.io/docs/concepts/services-networking/service/ */
import { labelName } from '../../meta/names.js';
import { ageColumn, column, labelsCell, nameColumn, wide } from '../columns.js';
import { defineResource } from '../define.js';
import type { Service } from '../types/core/v1.js';
import { dropForType, initFamilies, keepAllocated, normalizeClusterIps } from './service/allocated-fields.js';
import { externalIpCell, portsCell } from './service/cells.js';
import { validateLoadBalancerStatus, validateService, validateServiceUpdate } from './service/validate.js';
import { serviceWarnings } from './service/warnings.js';

export const service = defineResource<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  keyPrefix: '/registry/services/specs',
  storageVersionHash: '0/CO1lhkEBI=',
  subresources: { status: true, other: { proxy: { kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] } } },
  createOnUpdate: true,
  validateName: labelName,
  defaults({ spec, status }) {
    spec.sessionAffinity ||= 'None';
    if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
    if (spec.sessionAffinity === 'ClientIP') {
      spec.sessionAffinityConfig ??= {};
      spec.sessionAffinityConfig.clientIP ??= {};
      spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
    }
    spec.type ||= 'ClusterIP';
    for (const port of spec.ports ?? []) if (!port.targetPort) port.targetPort = port.port;
    const outside = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
    if (outside || (spec.type === 'ClusterIP' && spec.externalIPs?.length)) spec.externalTrafficPolicy ||= 'Cluster';
    if (outside || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
    if (spec.type !== 'LoadBalancer') return;
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const i of status?.loadBalancer?.ingress ?? []) if (i.ip) i.ipMode ??= 'VIP';
  },
  prepareCreate(service) {
    service.status = { loadBalancer: {} };
    normalizeClusterIps(service, undefined);
    initFamilies(service, undefined);
  },
  prepareUpdate(service, old) {
    keepAllocated(service, old);
    normalizeClusterIps(service, old);
    initFamilies(service, old);
    dropForType(service, old);
  },
  validate: (service, context) => validateService(service, context),
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: ({ spec, status }) =>
    validateLoadBalancerStatus(status.loadBalancer ?? {}, spec.type === 'LoadBalancer', 'status.loadBalancer'),
  warnings: serviceWarnings,
  columns: [
    nameColumn,
    column('Type', ({ spec }) => spec.type ?? ''),
    column('Cluster-IP', ({ spec }) => spec.clusterIPs?.[0] ?? '<none>'),
    column('External-IP', externalIpCell),
    column('Port(s)', ({ spec }) => portsCell(spec.ports)),
    ageColumn,
    wide('Selector', ({ spec }) => labelsCell(spec.selector)),
  ],
  selectableFields: { 'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '', 'spec.type': ({ spec }) => spec.type ?? '' },
});
