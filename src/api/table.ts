/** Every built-in resource, in the order of discovery. To add one: its schema table, its file, a line here. */
import { groupVersion } from '../meta/gvk.js';
import { mutatingAdmissionPolicy, mutatingAdmissionPolicyV1beta1 } from './admissionregistration/mutating-admission-policy.js';
import {
  mutatingAdmissionPolicyBinding,
  mutatingAdmissionPolicyBindingV1beta1,
} from './admissionregistration/mutating-admission-policy-binding.js';
import { mutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration.js';
import { validatingAdmissionPolicy } from './admissionregistration/validating-admission-policy.js';
import { validatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding.js';
import { validatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration.js';
import { customResourceDefinition } from './apiextensions/custom-resource-definition.js';
import { apiService } from './apiregistration/api-service.js';
import { controllerRevision } from './apps/controller-revision.js';
import { daemonSet } from './apps/daemon-set.js';
import { deployment } from './apps/deployment.js';
import { replicaSet } from './apps/replica-set.js';
import { statefulSet } from './apps/stateful-set.js';
import { selfSubjectReview } from './authentication/self-subject-review.js';
import { tokenReview } from './authentication/token-review.js';
import { localSubjectAccessReview } from './authorization/local-subject-access-review.js';
import { selfSubjectAccessReview } from './authorization/self-subject-access-review.js';
import { selfSubjectRulesReview } from './authorization/self-subject-rules-review.js';
import { subjectAccessReview } from './authorization/subject-access-review.js';
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './autoscaling/horizontal-pod-autoscaler.js';
import { cronJob } from './batch/cron-job.js';
import { job } from './batch/job.js';
import { certificateSigningRequest } from './certificates/certificate-signing-request.js';
import { clusterTrustBundle } from './certificates/cluster-trust-bundle.js';
import { podCertificateRequest } from './certificates/pod-certificate-request.js';
import { lease } from './coordination/lease.js';
import { leaseCandidate } from './coordination/lease-candidate.js';
import { binding } from './core/binding.js';
import { componentStatus } from './core/component-status.js';
import { configMap } from './core/config-map.js';
import { endpoints } from './core/endpoints.js';
import { event } from './core/event.js';
import { limitRange } from './core/limit-range.js';
import { namespace } from './core/namespace.js';
import { node } from './core/node.js';
import { persistentVolume } from './core/persistent-volume.js';
import { persistentVolumeClaim } from './core/persistent-volume-claim.js';
import { pod } from './core/pod.js';
import { podTemplate } from './core/pod-template.js';
import { replicationController } from './core/replication-controller.js';
import { resourceQuota } from './core/resource-quota.js';
import { secret } from './core/secret.js';
import { service } from './core/service.js';
import { serviceAccount } from './core/service-account.js';
import { endpointSlice } from './discovery/endpoint-slice.js';
import { event as eventV1 } from './events/event.js';
import { flowSchema } from './flowcontrol/flow-schema.js';
import { priorityLevelConfiguration } from './flowcontrol/priority-level-configuration.js';
import { ingress } from './networking/ingress.js';
import { ingressClass } from './networking/ingress-class.js';
import { ipAddress, ipAddressV1beta1 } from './networking/ip-address.js';
import { networkPolicy } from './networking/network-policy.js';
import { serviceCIDR, serviceCIDRV1beta1 } from './networking/service-cidr.js';
import { runtimeClass } from './node/runtime-class.js';
import { podDisruptionBudget } from './policy/pod-disruption-budget.js';
import { clusterRole } from './rbac/cluster-role.js';
import { clusterRoleBinding } from './rbac/cluster-role-binding.js';
import { role } from './rbac/role.js';
import { roleBinding } from './rbac/role-binding.js';
import { deviceClass, deviceClassV1beta1, deviceClassV1beta2 } from './resource/device-class.js';
import { deviceTaintRule } from './resource/device-taint-rule.js';
import { resourceClaim, resourceClaimV1beta1, resourceClaimV1beta2 } from './resource/resource-claim.js';
import { resourceClaimTemplate, resourceClaimTemplateV1beta1, resourceClaimTemplateV1beta2 } from './resource/resource-claim-template.js';
import { resourceSlice, resourceSliceV1beta1, resourceSliceV1beta2 } from './resource/resource-slice.js';
import type { ResourceDefinition } from './resource.js';
import { priorityClass } from './scheduling/priority-class.js';
import { csiDriver } from './storage/csi-driver.js';
import { csiNode } from './storage/csi-node.js';
import { csiStorageCapacity } from './storage/csi-storage-capacity.js';
import { storageClass } from './storage/storage-class.js';
import { volumeAttachment } from './storage/volume-attachment.js';
import { volumeAttributesClass, volumeAttributesClassV1beta1 } from './storage/volume-attributes-class.js';
import { storageVersionMigration } from './storagemigration/storage-version-migration.js';

/** In the order in which discovery lists groups and their resources. */
export const builtInResources = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  apiService,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  eventV1,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  clusterTrustBundle,
  podCertificateRequest,
  ingressClass,
  ingress,
  ipAddress,
  ipAddressV1beta1,
  networkPolicy,
  serviceCIDR,
  serviceCIDRV1beta1,
  podDisruptionBudget,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
  volumeAttributesClassV1beta1,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyV1beta1,
  mutatingAdmissionPolicyBinding,
  mutatingAdmissionPolicyBindingV1beta1,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  customResourceDefinition,
  priorityClass,
  lease,
  leaseCandidate,
  runtimeClass,
  endpointSlice,
  deviceClass,
  deviceClassV1beta2,
  deviceClassV1beta1,
  resourceClaim,
  resourceClaimV1beta2,
  resourceClaimV1beta1,
  resourceClaimTemplate,
  resourceClaimTemplateV1beta2,
  resourceClaimTemplateV1beta1,
  resourceSlice,
  resourceSliceV1beta2,
  resourceSliceV1beta1,
  deviceTaintRule,
  flowSchema,
  priorityLevelConfiguration,
  storageVersionMigration,
] as unknown as readonly ResourceDefinition[];

const byKind = new Map<string, ResourceDefinition>();
const byPath = new Map<string, ResourceDefinition>();
for (const d of builtInResources) {
  byKind.set(`${groupVersion(d.group, d.version)}/${d.kind}`, d);
  byPath.set(`${groupVersion(d.group, d.version)}/${d.plural}`, d);
}

/** ('apps/v1', 'Deployment'). */
export const resourceOfKind = (apiVersion: string, kind: string): ResourceDefinition | undefined => byKind.get(`${apiVersion}/${kind}`);
/** ('apps', 'v1', 'deployments'). */
export const resourceOf = (group: string, version: string, plural: string): ResourceDefinition | undefined =>
  byPath.get(`${groupVersion(group, version)}/${plural}`);
