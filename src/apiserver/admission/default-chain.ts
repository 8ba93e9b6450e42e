/**
 * The chain in its order. Not built yet, and so not on: LimitRanger, PodSecurity, ResourceQuota, webhooks and CEL policies (docs/limits.md).
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#which-plugins-are-enabled-by-default
 */
import type { Env } from '../../util/component.js';
import { AdmissionChain, type AdmissionPlugin } from './chain.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import type { Lookup } from './lookup.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { nodeRestriction } from './node-restriction.js';
import { podTopologyLabels } from './pod-topology-labels.js';
import { priority } from './priority.js';
import { serviceAccount } from './service-account.js';
import { defaultStorageClass, runtimeClass, storageObjectInUseProtection, taintNodesByCondition } from './small.js';

export function defaultChain(
  lookup: Lookup,
  env: Env,
  disabled: readonly string[] = [],
  more: readonly AdmissionPlugin[] = [],
): AdmissionChain {
  const plugins: AdmissionPlugin[] = [
    namespaceLifecycle(lookup),
    serviceAccount(lookup, env),
    nodeRestriction(lookup),
    taintNodesByCondition,
    priority(lookup),
    defaultTolerationSeconds,
    defaultStorageClass(lookup),
    storageObjectInUseProtection,
    runtimeClass(lookup),
    podTopologyLabels(lookup),
    ...more,
  ];
  return new AdmissionChain(plugins.filter((p) => !disabled.includes(p.name)));
}
