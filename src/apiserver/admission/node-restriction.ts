/**
 * NodeRestriction: a kubelet changes its own Node, leases and the Pods bound to it, and takes tokens for those Pods alone.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
 */
import type { TokenRequest } from '../../api/types/authentication/v1.js';
import type { Node, Pod, PodSpec } from '../../api/types/core/v1.js';
import { forbiddenError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { references } from '../authorize/node.js';
import type { AdmissionPlugin } from './chain.js';
import { aboutThis, type Lookup } from './lookup.js';

const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]);
const within = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);

/** Labels that a kubelet may not give its node: those that isolate nodes, and Kubernetes' own but a few. */
function forbiddenLabel(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (within(domain, 'node-restriction.kubernetes.io')) return true;
  if (!within(domain, 'kubernetes.io') && !within(domain, 'k8s.io')) return false;
  return !KUBELET_LABELS.has(key) && !within(domain, 'kubelet.kubernetes.io') && !within(domain, 'node.kubernetes.io');
}

export const nodeRestriction = (lookup: Lookup): AdmissionPlugin => ({
  name: 'NodeRestriction',
  admit(a) {
    if (!a.user.groups.includes('system:nodes') || !a.user.name.startsWith('system:node:')) return;
    const node = a.user.name.slice('system:node:'.length);
    const quoted = JSON.stringify(node);
    const refuse = (why: string) => forbiddenError(aboutThis(a.definition), a.name, why);
    switch (`${a.definition.group}/${a.definition.plural}`) {
      case '/nodes': {
        if (a.name && a.name !== node) throw refuse(`node ${quoted} is not allowed to modify node ${JSON.stringify(a.name)}`);
        if (
          a.operation === 'UPDATE' &&
          !a.subresource &&
          JSON.stringify((a.object as unknown as Node).spec.taints ?? []) !==
            JSON.stringify((a.oldObject as unknown as Node).spec.taints ?? [])
        )
          throw refuse(`node ${quoted} is not allowed to modify taints`);
        if (!a.object) return;
        const [now, before] = [a.object.metadata.labels ?? {}, a.oldObject?.metadata.labels ?? {}];
        const changed = Object.keys({ ...before, ...now }).filter((k) => now[k] !== before[k] && forbiddenLabel(k));
        if (changed.length) throw refuse(`node ${quoted} is not allowed to modify labels: ${changed.sort().join(', ')}`);
        return;
      }
      case '/pods':
        return restrictPod(a.object ?? a.oldObject);
      case '/serviceaccounts': {
        if (a.subresource !== 'token' || a.operation !== 'CREATE') return;
        const ref = (a.object as unknown as TokenRequest).spec.boundObjectRef;
        if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) throw refuse(`node ${quoted} requested token not bound to a pod`);
        if (!ref.uid) throw refuse(`node ${quoted} requested token with a pod binding without a uid`);
        const pod = lookup.get<Pod>('', 'v1', 'pods', a.namespace, ref.name);
        if (!pod || pod.metadata.uid !== ref.uid)
          throw refuse(`the UID in the bound object reference (${ref.uid}) does not match the UID in record (${pod?.metadata.uid ?? ''})`);
        if (pod.spec.nodeName !== node) throw refuse(`node ${quoted} requested token bound to a pod scheduled on a different node`);
        return;
      }
      case 'coordination.k8s.io/leases':
        if (a.operation === 'CREATE' && a.name !== node)
          throw refuse(`can only access node lease with the same name as the requesting node`);
        return;
      case 'storage.k8s.io/csinodes':
        if (a.operation === 'CREATE' && a.name !== node) throw refuse(`can only access CSINode with the same name as the requesting node`);
    }

    function restrictPod(object: AnyObject | undefined): void {
      const pod = object as unknown as Pod | undefined;
      if (a.operation === 'CREATE' && !a.subresource) {
        if (!pod?.metadata.annotations?.['kubernetes.io/config.mirror'])
          throw refuse(`pod does not have "kubernetes.io/config.mirror" annotation, node ${quoted} can only create mirror pods`);
        if (pod.spec.nodeName !== node) throw refuse(`node ${quoted} can only create pods with spec.nodeName set to itself`);
        // What a Pod refers to, its node may read: it is not to choose that itself.
        if (pod.spec.serviceAccountName) throw refuse(`node ${quoted} can not create pods that reference a service account`);
        if (references(pod.spec, 'secret').length) throw refuse(`node ${quoted} can not create pods that reference secrets`);
        if (references(pod.spec, 'configmap').length) throw refuse(`node ${quoted} can not create pods that reference configmaps`);
        if (references(pod.spec, 'persistentvolumeclaim').length)
          throw refuse(`node ${quoted} can not create pods that reference persistentvolumeclaims`);
        if (pod.spec.resourceClaims?.length) throw refuse(`node ${quoted} can not create pods that reference resourceclaims`);
      } else if (
        a.operation !== 'CONNECT' &&
        a.subresource !== 'eviction' &&
        (a.oldObject as unknown as { spec?: PodSpec })?.spec?.nodeName !== node
      ) {
        throw refuse(`node ${quoted} can only ${a.operation === 'DELETE' ? 'delete' : 'update'} pods with spec.nodeName set to itself`);
      }
    }
  },
});
