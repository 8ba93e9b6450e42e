/**
 * The chain in its order. Not built yet, and so not on: LimitRanger, PodSecurity, ResourceQuota, webhooks and CEL policies (docs/limits.md).
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#which-plugins-are-enabled-by-default
 */
import type { Env } from '../../util/component.js';
import type { Authorizer } from '../authorize/authorizer.js';
import type { Rbac } from '../authorize/rbac.js';
import { certificateApproval, certificateSignature, certificateSigning, certificateSubjectRestriction } from './certificates.js';
import { AdmissionChain, type AdmissionPlugin } from './chain.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import type { Lookup } from './lookup.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { nodeRestriction } from './node-restriction.js';
import { podTopologyLabels } from './pod-topology-labels.js';
import { priority, systemPriorityClasses } from './priority.js';
import { rbacGuard } from './rbac-escalation.js';
import { serviceAccount } from './service-account.js';
import { defaultStorageClass, runtimeClass, storageObjectInUseProtection, taintNodesByCondition } from './small.js';

/** Plugins of the original that do nothing here: they may be named where a plugin is turned off or on. */
export const NOT_BUILT: readonly string[] = [
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'ImagePolicyWebhook',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'NodeDeclaredFeatureValidator',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'PodNodeSelector',
  'PodSecurity',
  'PodTolerationRestriction',
  'ResourceQuota',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
];

export interface ChainParts {
  readonly lookup: Lookup;
  readonly env: Env;
  readonly rbac: Rbac;
  readonly authorizer: Authorizer;
  /** --disable-admission-plugins */
  readonly disabled?: readonly string[];
}

type Make = (parts: ChainParts) => AdmissionPlugin;

/** By name, in their order. */
const PLUGINS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['NamespaceLifecycle', (p) => namespaceLifecycle(p.lookup)],
  ['ServiceAccount', (p) => serviceAccount(p.lookup, p.env)],
  ['NodeRestriction', (p) => nodeRestriction(p.lookup, p.authorizer)],
  ['TaintNodesByCondition', () => taintNodesByCondition],
  ['Priority', (p) => priority(p.lookup)],
  ['DefaultTolerationSeconds', () => defaultTolerationSeconds],
  ['DefaultStorageClass', (p) => defaultStorageClass(p.lookup)],
  ['StorageObjectInUseProtection', () => storageObjectInUseProtection],
  ['RuntimeClass', (p) => runtimeClass(p.lookup)],
  ['PodTopologyLabels', (p) => podTopologyLabels(p.lookup)],
  ['CertificateApproval', (p) => certificateApproval(p.authorizer)],
  ['CertificateSigning', (p) => certificateSigning(p.authorizer)],
  ['CertificateSubjectRestriction', () => certificateSubjectRestriction],
]);
export const BUILT: readonly string[] = [...PLUGINS.keys()];

/** Throws a RangeError for a plugin that does not exist. */
export function defaultChain(parts: ChainParts): AdmissionChain {
  const { rbac, authorizer, disabled = [] } = parts;
  for (const name of disabled)
    if (!PLUGINS.has(name) && !NOT_BUILT.includes(name))
      throw new RangeError(`admission-control plugin ${JSON.stringify(name)} is unknown`);
  const plugins = [...PLUGINS].filter(([name]) => !disabled.includes(name)).map(([, make]) => make(parts));
  // What belongs to the kinds themselves stands with the plugins because it is asked at the same place; no flag turns it off.
  const always: AdmissionPlugin[] = [rbacGuard(rbac, authorizer), certificateSignature, systemPriorityClasses];
  return new AdmissionChain([...plugins, ...always]);
}
