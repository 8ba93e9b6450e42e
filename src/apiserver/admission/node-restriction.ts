/**
 * NodeRestriction: a kubelet changes its own Node, leases and the Pods bound to it, and takes tokens for those Pods alone. The Node authorizer
 * let the request in by its path; here it is judged by what is in it.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
 */

import { MIRROR } from '../../api/core/mirror.js';
import type { TokenRequest } from '../../api/types/authentication/v1.js';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.js';
import type { PodCertificateRequest } from '../../api/types/certificates/v1beta1.js';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, ServiceAccount } from '../../api/types/core/v1.js';
import type { ResourceSlice } from '../../api/types/resource/v1.js';
import type { CSIDriver } from '../../api/types/storage/v1.js';
import { equal } from '../../meta/apply/plan.js';
import { internalError, notFoundError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { table } from '../../util/own.js';
import type { Authorizer } from '../authorize/authorizer.js';
import { nodeOf } from '../authorize/node.js';
import { apiObjectReference, ephemeralClaimName } from '../authorize/pod-references.js';
import { requestOf } from './certificates.js';
import type { AdmissionPlugin, Attributes } from './chain.js';
import type { Lookup } from './lookup.js';
import { refusal } from './refusal.js';

const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
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

/** Signers whose certificates say which node someone is. */
const NODE_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
const NODE_LEASES = 'kube-node-lease';

/** One request of a node. */
interface Asked {
  readonly a: Attributes;
  readonly node: string;
  /** The node's name in quotes. */
  readonly quoted: string;
  readonly lookup: Lookup;
  readonly authorizer: Authorizer;
  refuse(why: string): never;
}

type Rule = (asked: Asked) => void | Promise<void>;

const RULES: Readonly<Record<string, Rule>> = table({
  '/pods': pods,
  '/nodes': ownNode,
  '/persistentvolumeclaims': claimStatus,
  '/serviceaccounts': token,
  'coordination.k8s.io/leases': lease,
  'storage.k8s.io/csinodes': (r) => ownName(r, 'can only access CSINode with the same name as the requesting node'),
  'resource.k8s.io/resourceslices': slice,
  'certificates.k8s.io/certificatesigningrequests': certificate,
  'certificates.k8s.io/podcertificaterequests': podCertificate,
});

export const nodeRestriction = (lookup: Lookup, authorizer: Authorizer): AdmissionPlugin => ({
  name: 'NodeRestriction',
  admit(a) {
    const node = nodeOf(a.user);
    if (node === undefined) return;
    const refuse = (why: string): never => {
      throw refusal(a, why);
    };
    if (!node) refuse(`could not determine node from user ${JSON.stringify(a.user.name)}`);
    return RULES[`${a.definition.group}/${a.definition.plural}`]?.({ a, node, quoted: JSON.stringify(node), lookup, authorizer, refuse });
  },
});

const podNamed = ({ a, lookup }: Asked, name: string): Pod => {
  const pod = lookup.get<Pod>('', 'v1', 'pods', a.namespace, name);
  if (!pod) throw notFoundError({ group: '', resource: 'pods' }, name);
  return pod;
};

function pods(asked: Asked): void {
  const { a, node, quoted, refuse } = asked;
  switch (a.subresource) {
    case '':
      if (a.operation === 'CREATE') return mirror(asked, a.object as unknown as Pod);
      if (a.operation !== 'DELETE')
        refuse(`unexpected operation ${JSON.stringify(a.operation)}, node ${quoted} can only create and delete mirror pods`);
      if ((a.oldObject as unknown as Pod).spec.nodeName !== node)
        refuse(`node ${quoted} can only delete pods with spec.nodeName set to itself`);
      return;
    case 'status':
      return podStatus(asked, a.object as unknown as Pod, a.oldObject as unknown as Pod);
    case 'eviction':
      if (a.operation !== 'CREATE') refuse(`unexpected operation ${a.operation}`);
      if (podNamed(asked, a.name).spec.nodeName !== node) refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
      return;
    default:
      refuse(`unexpected pod subresource ${JSON.stringify(a.subresource)}, only 'status' and 'eviction' are allowed`);
  }
}

/** The one Pod that a node makes itself: the image of a static Pod, owned by the node and opening nothing to it. */
function mirror({ node, quoted, lookup, refuse }: Asked, pod: Pod): void {
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    refuse(`pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`);
  if (pod.spec.nodeName !== node) refuse(`node ${quoted} can only create pods with spec.nodeName set to itself`);
  const [owner, second] = pod.metadata.ownerReferences ?? [];
  if (second) refuse(`node ${quoted} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return refuse(`node ${quoted} can only create pods with an owner reference set to itself`);
  if (!owner.controller) refuse(`node ${quoted} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion) refuse(`node ${quoted} must not set blockOwnerDeletion on an owner reference`);
  const registered = lookup.get<Node>('', 'v1', 'nodes', '', node);
  if (!registered) throw notFoundError({ group: '', resource: 'nodes' }, node);
  if (owner.uid !== registered.metadata.uid) refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${registered.metadata.uid}`);
  const opens = apiObjectReference(pod);
  if (opens) refuse(`node ${quoted} can not create pods that reference ${opens}`);
}

function podStatus({ a, node, quoted, refuse }: Asked, pod: Pod, old: Pod): void {
  if (a.operation !== 'UPDATE') refuse(`unexpected operation ${JSON.stringify(a.operation)}`);
  if (old.spec.nodeName !== node) refuse(`node ${quoted} can only update pod status for pods with spec.nodeName set to itself`);
  // A label would have another tenant's controller adopt the Pod, or a Service send it traffic.
  if (!equal(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) refuse(`node ${quoted} cannot update labels through pod status`);
  const [now, before] = [pod.status ?? {}, old.status ?? {}] as Pod['status'][];
  const claims = (s: Pod['status']) => (s.resourceClaimStatuses ?? []).map((c) => [c.name, c.resourceClaimName ?? null]);
  if (!equal(claims(now!), claims(before!))) refuse(`node ${quoted} cannot update resource claim statues`);
  if (!equal(now!.extendedResourceClaimStatus ?? null, before!.extendedResourceClaimStatus ?? null))
    refuse(`node ${quoted} cannot update extended resource claim status`);
}

function ownNode({ a, node, quoted, refuse }: Asked): void {
  const name = a.operation === 'CREATE' ? (a.object!.metadata.name ?? '') : a.name;
  if (name !== node) refuse(`node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`);
  if (a.operation !== 'CREATE' && a.operation !== 'UPDATE') return;
  const [now, old] = [a.object, a.oldObject] as unknown as [Node, Node | undefined];
  if (!old && now.spec.configSource) refuse(`node ${quoted} is not allowed to create pods with a non-nil configSource`);
  if (old) {
    if (now.spec.configSource && !equal(now.spec.configSource, old.spec.configSource ?? null))
      refuse(`node ${quoted} is not allowed to update configSource to a new non-nil configSource`);
    if (!equal(now.spec.taints ?? [], old.spec.taints ?? [])) refuse(`node ${quoted} is not allowed to modify taints`);
    if (!equal(now.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? []))
      refuse(`node ${quoted} is not allowed to modify ownerReferences`);
  }
  const [labels, before] = [now.metadata.labels ?? {}, old?.metadata.labels ?? {}];
  const wrong = Object.keys({ ...before, ...labels })
    .filter((k) => labels[k] !== before[k] && forbiddenLabel(k))
    .sort()
    .join(', ');
  if (wrong)
    refuse(old ? `is not allowed to modify labels: ${wrong}` : `node ${quoted} is not allowed to set the following labels: ${wrong}`);
}

/** Growing a volume is told in the status of its claim; nothing else of it is the node's. */
function claimStatus({ a, quoted, refuse }: Asked): void {
  if (a.subresource !== 'status') refuse('may only update PVC status');
  if (a.operation !== 'UPDATE') refuse(`unexpected operation ${JSON.stringify(a.operation)}`);
  const rest = (o: AnyObject | undefined): object => {
    const { metadata, status, ...claim } = o as unknown as PersistentVolumeClaim;
    const { resourceVersion: _r, managedFields: _m, ...meta } = metadata;
    const { capacity: _c, conditions: _d, allocatedResources: _a, allocatedResourceStatuses: _s, ...others } = status ?? {};
    return { ...claim, meta, others };
  };
  if (!equal(rest(a.object), rest(a.oldObject)))
    refuse(`node ${quoted} is not allowed to update fields other than status.quantity and status.conditions`);
}

async function token(asked: Asked): Promise<void> {
  const { a, node, refuse } = asked;
  if (a.subresource !== 'token' || a.operation !== 'CREATE') return;
  const { spec } = a.object as unknown as TokenRequest;
  const ref = spec.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) return refuse('node requested token not bound to a pod');
  if (!ref.uid) refuse('node requested token with a pod binding without a uid');
  const pod = podNamed(asked, ref.name);
  if (pod.metadata.uid !== ref.uid)
    refuse(
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec.nodeName !== node) refuse('node requested token bound to a pod scheduled on a different node');
  const audiences = spec.audiences ?? [];
  if (audiences.length > 1) refuse('node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  if (mountsAudience(asked, pod, audience)) return;
  const { decision } = await asked.authorizer.authorize({
    user: a.user,
    verb: 'request-serviceaccounts-token-audience',
    isResource: true,
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace: a.namespace,
    name: a.name,
    path: '',
  });
  if (decision !== 'allow')
    refuse(
      `audience ${JSON.stringify(audience)} not found in pod spec volume, ${a.user.name} is not authorized to request tokens for this audience`,
    );
}

/** Whether a volume of the Pod needs a token for the audience: projected, or through the driver of a CSI volume. */
function mountsAudience({ lookup }: Asked, pod: Pod, audience: string): boolean {
  const namespace = pod.metadata.namespace ?? '';
  const driverOfClaim = (claim: string): string | undefined => {
    const volume = lookup.get<PersistentVolumeClaim>('', 'v1', 'persistentvolumeclaims', namespace, claim)?.spec.volumeName;
    return volume ? lookup.get<PersistentVolume>('', 'v1', 'persistentvolumes', '', volume)?.spec.csi?.driver : undefined;
  };
  return (pod.spec.volumes ?? []).some((v) => {
    if (v.projected?.sources?.some((s) => s.serviceAccountToken && (s.serviceAccountToken.audience ?? '') === audience)) return true;
    const claim = v.persistentVolumeClaim?.claimName ?? (v.ephemeral && ephemeralClaimName(pod.metadata.name, v.name));
    const driver = v.csi?.driver ?? (claim && driverOfClaim(claim));
    if (!driver) return false;
    const requests = lookup.get<CSIDriver>('storage.k8s.io', 'v1', 'csidrivers', '', driver)?.spec.tokenRequests;
    return requests?.some((t) => t.audience === audience) ?? false;
  });
}

function ownName({ a, node, refuse }: Asked, why: string): void {
  if ((a.operation === 'CREATE' ? a.object!.metadata.name : a.name) !== node) refuse(why);
}

function lease(asked: Asked): void {
  if (asked.a.namespace !== NODE_LEASES) asked.refuse(`can only access leases in the ${JSON.stringify(NODE_LEASES)} system namespace`);
  ownName(asked, 'can only access node lease with the same name as the requesting node');
}

function slice({ a, node, refuse }: Asked): void {
  const of = (o: AnyObject | undefined) => (o as unknown as ResourceSlice).spec.nodeName;
  if (a.operation === 'CREATE' && of(a.object) !== node)
    refuse('can only create ResourceSlice with the same NodeName as the requesting node');
  if (a.operation === 'DELETE' && of(a.oldObject) !== node)
    refuse('can only delete ResourceSlice with the same NodeName as the requesting node');
}

function certificate({ a, node, refuse }: Asked): void {
  const { spec } = (a.object ?? {}) as unknown as CertificateSigningRequest;
  if (a.operation !== 'CREATE' || !NODE_SIGNERS.includes(spec.signerName ?? '')) return;
  if (requestOf(spec.request, 'unable to parse csr', refuse).commonName !== `system:node:${node}`)
    refuse(`can only create a node CSR with CN=system:node:${node}`);
}

function podCertificate(asked: Asked): void {
  const { a, node, lookup, refuse } = asked;
  if (a.operation !== 'CREATE') refuse(`unexpected operation ${a.operation}`);
  if (a.subresource) refuse(`unexpected subresource ${a.subresource}`);
  const { spec } = a.object as unknown as PodCertificateRequest;
  if (spec.nodeName !== node)
    refuse(
      `PodCertificateRequest.Spec.NodeName=${JSON.stringify(spec.nodeName)}, which is not the requesting node ${JSON.stringify(node)}`,
    );
  const podName = JSON.stringify(`${a.namespace}/${spec.podName}`);
  const registered = lookup.get<Node>('', 'v1', 'nodes', '', node);
  if (registered?.metadata.uid !== spec.nodeUID)
    throw internalError(
      `PodCertificateRequest for pod ${podName} names node UID ${JSON.stringify(spec.nodeUID)}, inconsistent with the running node (${JSON.stringify(registered?.metadata.uid ?? '')})`,
    );
  const pod = podNamed(asked, spec.podName);
  if (pod.metadata.uid !== spec.podUID)
    throw internalError(
      `PodCertificateRequest for pod ${podName} contains pod UID (${JSON.stringify(spec.podUID)}) which differs from running pod ${JSON.stringify(pod.metadata.uid)}`,
    );
  if (pod.spec.nodeName !== node)
    refuse(`pod ${podName} is not running on node ${JSON.stringify(node)} named in the PodCertificateRequest`);
  if (pod.metadata.annotations?.[MIRROR] !== undefined) refuse(`pod ${podName} is a mirror pod`);
  if (pod.spec.serviceAccountName !== spec.serviceAccountName)
    refuse(
      `PodCertificateRequest for pod ${podName} contains serviceAccountName (${JSON.stringify(spec.serviceAccountName)}) that differs from running pod (${JSON.stringify(pod.spec.serviceAccountName)})`,
    );
  const account = lookup.get<ServiceAccount>('', 'v1', 'serviceaccounts', a.namespace, spec.serviceAccountName);
  if (account?.metadata.uid !== spec.serviceAccountUID)
    throw internalError(
      `PodCertificateRequest for pod ${podName} names service account UID ${JSON.stringify(spec.serviceAccountUID)}, which differs from the running service account (${JSON.stringify(account?.metadata.uid ?? '')})`,
    );
}
