/** What of the objects it may ask for the kubelet of node `n` may change. */
import { expect, it } from 'vitest';
import { nodeRestriction } from './node-restriction.js';
import { type Asked, allowing, answerOf, storedObjects } from './testing.js';

const user = { name: 'system:node:n', groups: ['system:nodes'] };
const MIRROR = { 'kubernetes.io/config.mirror': 'x' };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'node-uid', controller: true };
const pod = (meta: object = {}, spec: object = {}, status: object = {}) => ({
  metadata: { name: 'mine', namespace: 'ns', uid: 'pod-uid', ...meta },
  spec: { nodeName: 'n', containers: [], ...spec },
  status,
});
const node = (meta: object = {}, spec: object = {}) => ({ metadata: { name: 'n', ...meta }, spec });
const claim = (status: object = {}, meta: object = {}, spec: object = { volumeName: 'pv' }) => ({
  metadata: { name: 'claim', resourceVersion: '1', ...meta },
  spec,
  status,
});
const tokenVolume = (audience?: string) => ({
  name: 't',
  projected: { sources: [{ serviceAccountToken: { ...(audience ? { audience } : {}), path: 'p' } }] },
});

const lookup = storedObjects({
  'nodes//n': { metadata: { uid: 'node-uid' } },
  'pods/ns/mine': pod(
    {},
    {
      serviceAccountName: 'sa',
      volumes: [
        tokenVolume('vault'),
        tokenVolume(),
        { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'd', csi: { driver: 'inline' } },
        { name: 'e', ephemeral: {} },
      ],
    },
  ),
  'pods/ns/plain': pod({ name: 'plain', uid: 'plain-uid' }),
  'pods/ns/theirs': pod({ name: 'theirs', uid: 'their-uid' }, { nodeName: 'm' }),
  'pods/ns/mirror': pod({ name: 'mirror', uid: 'mirror-uid', annotations: MIRROR }, { serviceAccountName: 'sa' }),
  'persistentvolumeclaims/ns/claim': claim(),
  'persistentvolumeclaims/ns/mine-e': claim({}, {}, { volumeName: 'pv2' }),
  'persistentvolumes//pv': { spec: { csi: { driver: 'disk' } } },
  'persistentvolumes//pv2': { spec: { csi: { driver: 'own' } } },
  'csidrivers//disk': { spec: { tokenRequests: [{ audience: 'disk-aud' }] } },
  'csidrivers//inline': { spec: { tokenRequests: [{ audience: 'inline-aud' }] } },
  'csidrivers//own': { spec: { tokenRequests: [{ audience: 'own-aud' }] } },
  'serviceaccounts/ns/sa': { metadata: { uid: 'sa-uid' } },
});
const plugin = nodeRestriction(lookup, allowing('request-serviceaccounts-token-audience /bank ns/sa'));

const mirror = (meta: object = {}, spec: object = {}) => ({
  object: pod({ annotations: MIRROR, ownerReferences: [owner], ...meta }, spec),
});
const status = (object: object, old: object = pod()): Asked => ({ operation: 'UPDATE', what: '/v1/pods/status', object, old });
const onNode = (object: object, old?: object): Asked => ({ operation: old ? 'UPDATE' : 'CREATE', what: '/v1/nodes', object, old });
const claimStatus = (object: object): Asked => ({
  operation: 'UPDATE',
  what: '/v1/persistentvolumeclaims/status',
  object,
  old: claim({ phase: 'Bound' }),
});
const ref = (more: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'pod-uid', ...more });
const token = (spec: object): Asked => ({ what: '/v1/serviceaccounts/token', name: 'sa', object: { metadata: {}, spec } });
const csr = (signerName: string, cn: string): Asked => ({
  what: 'certificates.k8s.io/v1/certificatesigningrequests',
  object: { metadata: { name: 'c' }, spec: { signerName, request: cn } },
});
const pcr = (more: object = {}): Asked => ({
  what: 'certificates.k8s.io/v1beta1/podcertificaterequests',
  object: {
    metadata: { name: 'r' },
    spec: {
      nodeName: 'n',
      nodeUID: 'node-uid',
      podName: 'mine',
      podUID: 'pod-uid',
      serviceAccountName: 'sa',
      serviceAccountUID: 'sa-uid',
      ...more,
    },
  },
});
const SLICES = 'resource.k8s.io/v1/resourceslices';
const LEASES = 'coordination.k8s.io/v1/leases';
const OWNER = '403 node "n" can only create pods with an owner reference set to itself';
const FIELDS = '403 node "n" is not allowed to update fields other than status.quantity and status.conditions';
const LEASE = '403 can only access node lease with the same name as the requesting node';
const CSI = '403 can only access CSINode with the same name as the requesting node';

it.each<[string, Asked, string]>([
  // Pods
  ['a mirror Pod', mirror(), 'ok'],
  [
    'a Pod of its own',
    { object: pod({ ownerReferences: [owner] }) },
    '403 pod does not have "kubernetes.io/config.mirror" annotation, node "n" can only create mirror pods',
  ],
  ['a mirror Pod on another node', mirror({}, { nodeName: 'm' }), '403 node "n" can only create pods with spec.nodeName set to itself'],
  ['one without owners', mirror({ ownerReferences: [] }), OWNER],
  [
    'one of two owners',
    mirror({ ownerReferences: [owner, owner] }),
    '403 node "n" can only create pods with a single owner reference set to itself',
  ],
  ['one of a Pod', mirror({ ownerReferences: [{ ...owner, kind: 'Pod' }] }), OWNER],
  ['one of another node', mirror({ ownerReferences: [{ ...owner, name: 'm' }] }), OWNER],
  ['one of another API', mirror({ ownerReferences: [{ ...owner, apiVersion: 'v2' }] }), OWNER],
  [
    'one not controlled',
    mirror({ ownerReferences: [{ ...owner, controller: undefined }] }),
    '403 node "n" can only create pods with a controller owner reference set to itself',
  ],
  [
    'one that blocks',
    mirror({ ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
    '403 node "n" must not set blockOwnerDeletion on an owner reference',
  ],
  ['one that says it does not block', mirror({ ownerReferences: [{ ...owner, blockOwnerDeletion: false }] }), 'ok'],
  ['one of an old node', mirror({ ownerReferences: [{ ...owner, uid: 'old' }] }), '403 node n UID mismatch: expected old got node-uid'],
  ['one that opens a secret', mirror({}, { imagePullSecrets: [{ name: 's' }] }), '403 node "n" can not create pods that reference secrets'],
  ['its Pod deleted', { operation: 'DELETE', old: pod() }, 'ok'],
  [
    'a foreign Pod deleted',
    { operation: 'DELETE', old: pod({}, { nodeName: 'm' }) },
    '403 node "n" can only delete pods with spec.nodeName set to itself',
  ],
  [
    'its Pod changed',
    { operation: 'UPDATE', object: pod(), old: pod() },
    '403 unexpected operation "UPDATE", node "n" can only create and delete mirror pods',
  ],
  [
    'its Pod opened',
    { operation: 'CONNECT', what: '/v1/pods/exec', name: 'mine' },
    `403 unexpected pod subresource "exec", only 'status' and 'eviction' are allowed`,
  ],
  [
    'a Pod bound',
    { what: '/v1/pods/binding', name: 'mine', object: {} },
    `403 unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
  ],
  ['the status of its Pod', status(pod({}, {}, { phase: 'Running' })), 'ok'],
  ['annotations of its Pod', status(pod({ annotations: { a: 'b' } })), 'ok'],
  ['labels of its Pod', status(pod({ labels: { a: 'b' } })), '403 node "n" cannot update labels through pod status'],
  ['labels taken off its Pod', status(pod(), pod({ labels: { a: 'b' } })), '403 node "n" cannot update labels through pod status'],
  [
    'the status of a foreign Pod',
    status(pod(), pod({}, { nodeName: 'm' })),
    '403 node "n" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'claims of its Pod',
    status(pod({}, {}, { resourceClaimStatuses: [{ name: 'r', resourceClaimName: 'c' }] })),
    '403 node "n" cannot update resource claim statues',
  ],
  [
    'claims of its Pod left',
    status(pod({}, {}, { resourceClaimStatuses: [{ name: 'r' }] }), pod({}, {}, { resourceClaimStatuses: [{ name: 'r' }] })),
    'ok',
  ],
  [
    'extended claims of its Pod',
    status(pod({}, {}, { extendedResourceClaimStatus: { resourceClaimName: 'c' } })),
    '403 node "n" cannot update extended resource claim status',
  ],
  ['a status made', { what: '/v1/pods/status', object: pod() }, '403 unexpected operation "CREATE"'],
  ['its Pod evicted', { what: '/v1/pods/eviction', name: 'mine', object: {} }, 'ok'],
  [
    'a foreign Pod evicted',
    { what: '/v1/pods/eviction', name: 'theirs', object: {} },
    '403 node n can only evict pods with spec.nodeName set to itself',
  ],
  ['a missing Pod evicted', { what: '/v1/pods/eviction', name: 'gone', object: {} }, '404 pods "gone" not found'],
  ['an eviction changed', { operation: 'UPDATE', what: '/v1/pods/eviction', name: 'mine', object: {} }, '403 unexpected operation UPDATE'],
  // Nodes
  ['its Node', onNode(node()), 'ok'],
  [
    'its Node with labels of its own',
    onNode(
      node({
        labels: {
          'kubernetes.io/hostname': 'n',
          'node.kubernetes.io/x': '',
          'a.kubelet.kubernetes.io/x': '',
          'node.kubernetes.io/instance-type': 't',
          x: 'y',
          'example.com/kubernetes.io': '',
        },
      }),
    ),
    'ok',
  ],
  [
    'its Node with a role',
    onNode(node({ labels: { 'node-role.kubernetes.io/control-plane': '', 'a.k8s.io/x': '' } })),
    '403 node "n" is not allowed to set the following labels: a.k8s.io/x, node-role.kubernetes.io/control-plane',
  ],
  [
    'its Node isolated',
    onNode(node({ labels: { 'x.node-restriction.kubernetes.io/a': '' } })),
    '403 node "n" is not allowed to set the following labels: x.node-restriction.kubernetes.io/a',
  ],
  [
    'its Node configured from elsewhere',
    onNode(node({}, { configSource: {} })),
    '403 node "n" is not allowed to create pods with a non-nil configSource',
  ],
  ['another Node', onNode(node({ name: 'm' })), '403 node "n" is not allowed to modify node "m"'],
  ['a Node with a generated name', onNode({ metadata: { generateName: 'n' }, spec: {} }), '403 node "n" is not allowed to modify node ""'],
  ['its Node changed', onNode(node({ labels: { a: 'b' } }), node()), 'ok'],
  [
    'its Node changed, with an old label of a role',
    onNode(node({ labels: { 'node-role.kubernetes.io/x': '' } }), node({ labels: { 'node-role.kubernetes.io/x': '' } })),
    'ok',
  ],
  [
    'its role taken off',
    onNode(node(), node({ labels: { 'node-role.kubernetes.io/x': '' } })),
    '403 is not allowed to modify labels: node-role.kubernetes.io/x',
  ],
  [
    'its taints',
    onNode(node({}, { taints: [] }), node({}, { taints: [{ key: 'k', effect: 'NoSchedule' }] })),
    '403 node "n" is not allowed to modify taints',
  ],
  ['its owners', onNode(node({ ownerReferences: [owner] }), node()), '403 node "n" is not allowed to modify ownerReferences'],
  [
    'its source',
    onNode(node({}, { configSource: { a: 1 } }), node()),
    '403 node "n" is not allowed to update configSource to a new non-nil configSource',
  ],
  ['its source left', onNode(node({}, { configSource: { a: 1 } }), node({}, { configSource: { a: 1 } })), 'ok'],
  ['its Node deleted', { operation: 'DELETE', what: '/v1/nodes', old: node() }, 'ok'],
  [
    'another Node deleted',
    { operation: 'DELETE', what: '/v1/nodes', old: node({ name: 'm' }) },
    '403 node "n" is not allowed to modify node "m"',
  ],
  // Claims
  [
    'the size of its claim',
    claimStatus(
      claim(
        { phase: 'Bound', capacity: { storage: '1Gi' }, conditions: [], allocatedResources: {}, allocatedResourceStatuses: {} },
        { resourceVersion: '2', managedFields: [] },
      ),
    ),
    'ok',
  ],
  ['the phase of its claim', claimStatus(claim({ phase: 'Lost' })), FIELDS],
  ['a finalizer of its claim', claimStatus(claim({ phase: 'Bound' }, { finalizers: ['a/b'] })), FIELDS],
  ['the volume of its claim', claimStatus(claim({ phase: 'Bound' }, {}, { volumeName: 'other' })), FIELDS],
  ['a claim', { what: '/v1/persistentvolumeclaims', object: claim() }, '403 may only update PVC status'],
  [
    'a claim deleted',
    { operation: 'DELETE', what: '/v1/persistentvolumeclaims/status', old: claim() },
    '403 unexpected operation "DELETE"',
  ],
  // Tokens
  ['a token', token({ boundObjectRef: ref() }), 'ok'],
  ['a token for an audience of its volumes', token({ audiences: ['vault'], boundObjectRef: ref() }), 'ok'],
  ["a token for its volume's driver", token({ audiences: ['disk-aud'], boundObjectRef: ref() }), 'ok'],
  ['a token for the driver of a volume of its own', token({ audiences: ['own-aud'], boundObjectRef: ref() }), 'ok'],
  ['a token for the driver in the Pod', token({ audiences: ['inline-aud'], boundObjectRef: ref() }), 'ok'],
  ['a token for an audience it may ask for', token({ audiences: ['bank'], boundObjectRef: ref() }), 'ok'],
  [
    'a token for another audience',
    token({ audiences: ['other'], boundObjectRef: ref() }),
    '403 audience "other" not found in pod spec volume, system:node:n is not authorized to request tokens for this audience',
  ],
  [
    'a token for the API server, of a Pod that mounts none',
    token({ boundObjectRef: ref({ name: 'plain', uid: 'plain-uid' }) }),
    '403 audience "" not found in pod spec volume, system:node:n is not authorized to request tokens for this audience',
  ],
  ['a token for two', token({ audiences: ['vault', 'bank'], boundObjectRef: ref() }), '403 node may only request 0 or 1 audiences'],
  ['a token of nothing', token({}), '403 node requested token not bound to a pod'],
  ['a token of a Secret', token({ boundObjectRef: ref({ kind: 'Secret' }) }), '403 node requested token not bound to a pod'],
  ['a token of another API', token({ boundObjectRef: ref({ apiVersion: 'v2' }) }), '403 node requested token not bound to a pod'],
  ['a token without a name', token({ boundObjectRef: ref({ name: '' }) }), '403 node requested token not bound to a pod'],
  [
    'a token without a uid',
    token({ boundObjectRef: ref({ uid: undefined }) }),
    '403 node requested token with a pod binding without a uid',
  ],
  [
    'a token of an older Pod',
    token({ boundObjectRef: ref({ uid: 'old' }) }),
    '403 the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated',
  ],
  ['a token of a missing Pod', token({ boundObjectRef: ref({ name: 'gone' }) }), '404 pods "gone" not found'],
  [
    'a token of a foreign Pod',
    token({ boundObjectRef: ref({ name: 'theirs', uid: 'their-uid' }) }),
    '403 node requested token bound to a pod scheduled on a different node',
  ],
  ['an account', { what: '/v1/serviceaccounts', object: { metadata: { name: 'x' } } }, 'ok'],
  // Leases, CSINodes, slices
  ['its lease', { what: LEASES, namespace: 'kube-node-lease', object: { metadata: { name: 'n' } } }, 'ok'],
  [
    'its lease changed',
    { operation: 'UPDATE', what: LEASES, namespace: 'kube-node-lease', name: 'n', object: { metadata: { name: 'n' } } },
    'ok',
  ],
  ['another lease', { what: LEASES, namespace: 'kube-node-lease', object: { metadata: { name: 'm' } } }, LEASE],
  ['another lease deleted', { operation: 'DELETE', what: LEASES, namespace: 'kube-node-lease', name: 'm' }, LEASE],
  ['a lease with a generated name', { what: LEASES, namespace: 'kube-node-lease', object: { metadata: { generateName: 'n' } } }, LEASE],
  [
    'a lease elsewhere',
    { what: LEASES, namespace: 'kube-system', object: { metadata: { name: 'n' } } },
    '403 can only access leases in the "kube-node-lease" system namespace',
  ],
  ['its CSINode', { what: 'storage.k8s.io/v1/csinodes', object: { metadata: { name: 'n' } } }, 'ok'],
  ['another CSINode', { what: 'storage.k8s.io/v1/csinodes', object: { metadata: { name: 'm' } } }, CSI],
  [
    'another CSINode changed',
    { operation: 'UPDATE', what: 'storage.k8s.io/v1/csinodes', name: 'm', object: { metadata: { name: 'm' } } },
    CSI,
  ],
  ['its slice', { what: SLICES, object: { metadata: { name: 's' }, spec: { nodeName: 'n' } } }, 'ok'],
  [
    'another slice',
    { what: SLICES, object: { metadata: { name: 's' }, spec: { nodeName: 'm' } } },
    '403 can only create ResourceSlice with the same NodeName as the requesting node',
  ],
  [
    'a slice of all nodes',
    { what: SLICES, object: { metadata: { name: 's' }, spec: { allNodes: true } } },
    '403 can only create ResourceSlice with the same NodeName as the requesting node',
  ],
  ['its slice deleted', { operation: 'DELETE', what: SLICES, old: { metadata: { name: 's' }, spec: { nodeName: 'n' } } }, 'ok'],
  [
    'another slice deleted',
    { operation: 'DELETE', what: SLICES, old: { metadata: { name: 's' }, spec: { nodeName: 'm' } } },
    '403 can only delete ResourceSlice with the same NodeName as the requesting node',
  ],
  // Certificates
  ['a request for another signer', csr('example.com/x', ''), 'ok'],
  [
    'a request that cannot be read',
    csr('kubernetes.io/kubelet-serving', btoa('x')),
    '403 unable to parse csr: PEM block type must be CERTIFICATE REQUEST',
  ],
  ["a Pod's certificate", pcr(), 'ok'],
  [
    "a Pod's certificate for another node",
    pcr({ nodeName: 'm' }),
    '403 PodCertificateRequest.Spec.NodeName="m", which is not the requesting node "n"',
  ],
  [
    "a Pod's certificate of an old node",
    pcr({ nodeUID: 'old' }),
    '500 Internal error occurred: PodCertificateRequest for pod "ns/mine" names node UID "old", inconsistent with the running node ("node-uid")',
  ],
  ['a certificate of a missing Pod', pcr({ podName: 'gone' }), '404 pods "gone" not found'],
  [
    'a certificate of an older Pod',
    pcr({ podUID: 'old' }),
    '500 Internal error occurred: PodCertificateRequest for pod "ns/mine" contains pod UID ("old") which differs from running pod "pod-uid"',
  ],
  [
    'a certificate of a foreign Pod',
    pcr({ podName: 'theirs', podUID: 'their-uid' }),
    '403 pod "ns/theirs" is not running on node "n" named in the PodCertificateRequest',
  ],
  ['a certificate of a mirror Pod', pcr({ podName: 'mirror', podUID: 'mirror-uid' }), '403 pod "ns/mirror" is a mirror pod'],
  [
    'a certificate of another account',
    pcr({ serviceAccountName: 'other' }),
    '403 PodCertificateRequest for pod "ns/mine" contains serviceAccountName ("other") that differs from running pod ("sa")',
  ],
  [
    'a certificate of an older account',
    pcr({ serviceAccountUID: 'old' }),
    '500 Internal error occurred: PodCertificateRequest for pod "ns/mine" names service account UID "old", which differs from the running service account ("sa-uid")',
  ],
  ["a Pod's certificate changed", { ...pcr(), operation: 'UPDATE' }, '403 unexpected operation UPDATE'],
  [
    "the status of a Pod's certificate",
    { ...pcr(), what: 'certificates.k8s.io/v1beta1/podcertificaterequests/status' },
    '403 unexpected subresource status',
  ],
  // All else
  ['an event', { what: '/v1/events', object: { metadata: { name: 'e' } } }, 'ok'],
])('%s', async (_what, asked, right) => {
  expect(await answerOf(plugin, { ...asked, user })).toBe(right);
});

it('is for nodes alone', async () => {
  const asked = { object: pod() };
  expect(await answerOf(plugin, asked)).toBe('ok');
  expect(await answerOf(plugin, { ...asked, user: { name: 'system:node:n', groups: [] } })).toBe('ok');
  expect(await answerOf(plugin, { ...asked, user: { name: 'system:node:', groups: ['system:nodes'] } })).toBe(
    '403 could not determine node from user "system:node:"',
  );
});

it('a mirror Pod of a node that is not registered', async () => {
  expect(await answerOf(nodeRestriction(storedObjects({}), allowing()), { ...mirror(), user })).toBe('404 nodes "n" not found');
});
