/** What of each resource, verb and subresource the kubelet of node `n` may ask for. Everything else is refused. */
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../../meta/object.js';
import { storedObjects } from '../admission/testing.js';
import { nodeRules } from '../bootstrap/rbac.js';
import type { AccessAttributes } from './authorizer.js';
import { NodeAuthorizer, nodeOf } from './node.js';
import { NodeGraph } from './node-graph.js';

const graph = new NodeGraph();
const pod = (name: string, node: string, spec: object): void =>
  graph.put(`/registry/pods/ns/${name}`, {
    metadata: { name, namespace: 'ns', uid: name },
    spec: { nodeName: node, containers: [], ...spec },
    status: {},
  } as unknown as AnyObject);
pod('mine', 'n', {
  serviceAccountName: 'sa',
  imagePullSecrets: [{ name: 'pull' }],
  volumes: [
    { name: 'c', configMap: { name: 'cm' } },
    { name: 'v', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'w', persistentVolumeClaim: { claimName: 'loose' } },
  ],
  resourceClaims: [{ name: 'r', resourceClaimName: 'rc' }],
});
pod('theirs', 'm', { serviceAccountName: 'other', imagePullSecrets: [{ name: 'far' }] });

const stored = storedObjects({
  'persistentvolumeclaims/ns/claim': { spec: { volumeName: 'pv' } },
  'persistentvolumeclaims/ns/loose': { spec: { volumeName: 'stolen' } },
  'persistentvolumes//pv': {
    spec: {
      claimRef: { namespace: 'ns', name: 'claim' },
      csi: {
        nodeStageSecretRef: { namespace: 'storage', name: 'stage' },
        controllerPublishSecretRef: { namespace: 'storage', name: 'controller' },
      },
    },
  },
  'persistentvolumes//stolen': {
    spec: { claimRef: { namespace: 'ns', name: 'another' }, csi: { nodeStageSecretRef: { namespace: 'storage', name: 'stolen' } } },
  },
  'persistentvolumes//free': { spec: {} },
  'volumeattachments//mine': { spec: { nodeName: 'n' } },
  'volumeattachments//theirs': { spec: { nodeName: 'm' } },
  'resourceslices//mine': { spec: { nodeName: 'n' } },
  'resourceslices//theirs': { spec: { nodeName: 'm' } },
  'podcertificaterequests/ns/mine': { spec: { nodeName: 'n' } },
  'podcertificaterequests/ns/theirs': { spec: { nodeName: 'm' } },
});
const authorizer = new NodeAuthorizer(graph, nodeRules(), (...named) => stored.get(...named));

const user = { name: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] };
/** `verb group/resource/subresource namespace/name?selector`, or `verb /path`. */
function asked(text: string): AccessAttributes {
  const [verb = '', what = '', target = '/'] = text.split(' ');
  const none = { user, verb, group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  if (what.startsWith('//')) return { ...none, isResource: false, path: what.slice(1) };
  const [group = '', resource = '', subresource = ''] = what.split('/');
  const [object = '', fieldSelector = ''] = target.split('?');
  const [namespace = '', name = ''] = object.split('/');
  return { ...none, isResource: true, path: '', group, resource, subresource, namespace, name, fieldSelector };
}
const said = (text: string): string => {
  const { decision, reason } = authorizer.authorize(asked(text));
  return decision === 'allow' ? 'yes' : reason || 'no';
};
const NONE = "no relationship found between node 'n' and this object";
const READ = 'can only read resources of this type';
const GET = 'can only get individual resources of this type';
const LEASE = 'can only access node lease with the same name as the requesting node';
const CSI = 'can only access CSINode with the same name as the requesting node';
const LEASES = 'coordination.k8s.io/leases';
const SLICES = 'resource.k8s.io/resourceslices';
const PCRS = 'certificates.k8s.io/podcertificaterequests';

describe('the kubelet of node n', () => {
  it.each<[string, string]>([
    ['get /secrets ns/pull', 'yes'],
    ['list /secrets ns/pull', 'yes'],
    ['watch /secrets ns/pull', 'yes'],
    ['get /secrets ns/far', NONE],
    ['get /secrets other/pull', NONE],
    ['list /secrets ns/', 'No Object name found'],
    ['list /secrets /', 'can only read namespaced object of this type'],
    ['get /secrets/x ns/pull', 'cannot read subresource'],
    ['create /secrets ns/', READ],
    ['update /secrets ns/pull', READ],
    ['delete /secrets ns/pull', READ],
    ['get /secrets storage/stage', 'yes'],
    ['get /secrets storage/controller', NONE],
    ['get /secrets storage/stolen', NONE],
    ['get /configmaps ns/cm', 'yes'],
    ['get /configmaps ns/kube-root-ca.crt', NONE],
    ['list /configmaps ns/', 'No Object name found'],
    ['patch /configmaps ns/cm', READ],
    ['get /persistentvolumeclaims ns/claim', 'yes'],
    ['get /persistentvolumeclaims ns/other', NONE],
    ['list /persistentvolumeclaims ns/claim', GET],
    ['update /persistentvolumeclaims ns/claim', GET],
    ['get /persistentvolumeclaims/x ns/claim', 'cannot get subresource'],
    ['get /persistentvolumeclaims ns/', 'No Object name found'],
    ['update /persistentvolumeclaims/status ns/claim', 'yes'],
    ['patch /persistentvolumeclaims/status ns/claim', 'yes'],
    ['patch /persistentvolumeclaims/status ns/other', NONE],
    ['get /persistentvolumeclaims/status ns/claim', 'can only get/update/patch this type'],
    ['get /persistentvolumes /pv', 'yes'],
    ['get /persistentvolumes /stolen', NONE],
    ['get /persistentvolumes /free', NONE],
    ['get /persistentvolumes /gone', NONE],
    ['list /persistentvolumes /', GET],
    ['get /serviceaccounts ns/sa', 'yes'],
    ['get /serviceaccounts ns/other', NONE],
    ['list /serviceaccounts ns/sa', 'can only create tokens for individual service accounts'],
    ['create /serviceaccounts/token ns/sa', 'yes'],
    ['create /serviceaccounts/token ns/other', NONE],
    ['create /serviceaccounts/token ns/', 'can only create tokens for individual service accounts'],
    ['create /serviceaccounts ns/sa', 'can only create token subresource of serviceaccount'],
    ['get /serviceaccounts/token ns/sa', 'can only create tokens for individual service accounts'],
    ['get /nodes /n', 'yes'],
    ['list /nodes /n', 'yes'],
    ['watch /nodes /n', 'yes'],
    ['get /nodes /m', "node 'n' cannot read 'm', only its own Node object"],
    ['list /nodes /', "node 'n' cannot read all nodes, only its own Node object"],
    ['watch /nodes /', "node 'n' cannot read all nodes, only its own Node object"],
    ['create /nodes /', 'yes'],
    ['update /nodes /n', 'yes'],
    ['patch /nodes /n', 'yes'],
    ['update /nodes/status /n', 'yes'],
    ['patch /nodes/status /n', 'yes'],
    ['delete /nodes /n', 'no'],
    ['deletecollection /nodes /', 'no'],
    ['get /nodes/proxy /n', 'no'],
    ['get /nodes/status /n', 'no'],
    ['get /pods ns/mine', 'yes'],
    ['get /pods ns/theirs', NONE],
    ['list /pods /?spec.nodeName=n', 'yes'],
    ['watch /pods /?spec.nodeName=n', 'yes'],
    ['list /pods ns/?spec.nodeName=n,status.phase=Running', 'yes'],
    ['list /pods /?spec.nodeName=m', 'can only list/watch pods with spec.nodeName field selector'],
    ['list /pods /?spec.nodeName!=n', 'can only list/watch pods with spec.nodeName field selector'],
    ['list /pods /?metadata.namespace=n', 'can only list/watch pods with spec.nodeName field selector'],
    ['list /pods /?nonsense', 'can only list/watch pods with spec.nodeName field selector'],
    ['list /pods /', 'can only list/watch pods with spec.nodeName field selector'],
    ['watch /pods ns/mine', 'yes'],
    ['watch /pods ns/theirs', NONE],
    ['create /pods ns/', 'yes'],
    ['delete /pods ns/mine', 'yes'],
    ['update /pods/status ns/mine', 'yes'],
    ['patch /pods/status ns/mine', 'yes'],
    ['create /pods/eviction ns/mine', 'yes'],
    ['update /pods ns/mine', 'no'],
    ['patch /pods ns/mine', 'no'],
    ['deletecollection /pods ns/?spec.nodeName=n', 'no'],
    ['create /pods/binding ns/mine', 'no'],
    ['create /pods/exec ns/mine', 'no'],
    ['get /pods/log ns/mine', 'no'],
    ['get /pods/status ns/mine', 'no'],
    ['update /pods/ephemeralcontainers ns/mine', 'no'],
    [`get ${LEASES} kube-node-lease/n`, 'yes'],
    [`create ${LEASES} kube-node-lease/`, 'yes'],
    [`update ${LEASES} kube-node-lease/n`, 'yes'],
    [`patch ${LEASES} kube-node-lease/n`, 'yes'],
    [`delete ${LEASES} kube-node-lease/n`, 'yes'],
    [`get ${LEASES} kube-node-lease/m`, LEASE],
    [`update ${LEASES} kube-node-lease/m`, LEASE],
    [`update ${LEASES} kube-system/n`, 'can only access leases in the "kube-node-lease" system namespace'],
    [`create ${LEASES} kube-system/`, 'can only access leases in the "kube-node-lease" system namespace'],
    [`list ${LEASES} kube-node-lease/`, 'can only get, create, update, patch, or delete a node lease'],
    ['get storage.k8s.io/csinodes /n', 'yes'],
    ['create storage.k8s.io/csinodes /', 'yes'],
    ['patch storage.k8s.io/csinodes /n', 'yes'],
    ['get storage.k8s.io/csinodes /m', CSI],
    ['delete storage.k8s.io/csinodes /m', CSI],
    ['get storage.k8s.io/csinodes/x /n', 'cannot authorize CSINode subresources'],
    ['watch storage.k8s.io/csinodes /n', 'can only get, create, update, patch, or delete a CSINode'],
    ['get storage.k8s.io/volumeattachments /mine', 'yes'],
    ['get storage.k8s.io/volumeattachments /theirs', NONE],
    ['get storage.k8s.io/volumeattachments /gone', NONE],
    ['list storage.k8s.io/volumeattachments /', GET],
    ['get resource.k8s.io/resourceclaims ns/rc', 'yes'],
    ['get resource.k8s.io/resourceclaims ns/other', NONE],
    ['update resource.k8s.io/resourceclaims/status ns/rc', GET],
    [`create ${SLICES} /`, 'yes'],
    [`get ${SLICES} /mine`, 'yes'],
    [`update ${SLICES} /mine`, 'yes'],
    [`patch ${SLICES} /mine`, 'yes'],
    [`delete ${SLICES} /mine`, 'yes'],
    [`delete ${SLICES} /theirs`, NONE],
    [`list ${SLICES} /?spec.nodeName=n`, 'yes'],
    [`watch ${SLICES} /?spec.nodeName=n`, 'yes'],
    [`deletecollection ${SLICES} /?spec.nodeName=n`, 'yes'],
    [`list ${SLICES} /`, 'can only list/watch/deletecollection resourceslices with nodeName field selector'],
    [`get ${SLICES}/x /mine`, 'cannot authorize ResourceSlice subresources'],
    [
      `proxy ${SLICES} /mine`,
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    ],
    [`create ${PCRS} ns/`, 'yes'],
    [`get ${PCRS} ns/mine`, 'yes'],
    [`get ${PCRS} ns/theirs`, NONE],
    [`list ${PCRS} ns/?spec.nodeName=n`, 'yes'],
    [`watch ${PCRS} ns/?spec.nodeName=n`, 'yes'],
    [`list ${PCRS} ns/`, 'can only list/watch podcertificaterequests with nodeName field selector'],
    [`update ${PCRS} ns/mine`, 'nodes may not update podcertificaterequests'],
    [`update ${PCRS}/status ns/mine`, 'nodes may not access the status subresource of PodCertificateRequests'],
    ['list /services /', 'yes'],
    ['watch node.k8s.io/runtimeclasses /', 'yes'],
    ['create /events ns/', 'yes'],
    ['create authentication.k8s.io/tokenreviews /', 'yes'],
    ['create certificates.k8s.io/certificatesigningrequests /', 'yes'],
    ['get apps/deployments ns/x', 'no'],
    ['create rbac.authorization.k8s.io/clusterrolebindings /', 'no'],
    ['impersonate /users /root', 'no'],
    ['get //healthz', 'no'],
  ])('%s: %s', (text, right) => {
    expect(said(text)).toBe(right);
  });
});

it.each<[string, string[], string | undefined]>([
  ['system:node:n', ['system:nodes'], 'n'],
  ['system:node:', ['system:nodes'], ''],
  ['system:node:n', ['system:authenticated'], undefined],
  ['n', ['system:nodes'], undefined],
])('%s of %j', (name, groups, right) => {
  expect(nodeOf({ name, groups })).toBe(right);
});

it('has no opinion of others, and none of a node without a name', () => {
  const of = (name: string, groups = ['system:nodes']) =>
    authorizer.authorize({ ...asked('get /secrets ns/pull'), user: { name, groups } });
  expect(of('eve')).toEqual({ decision: 'no-opinion', reason: '' });
  expect(of('system:node:n', [])).toEqual({ decision: 'no-opinion', reason: '' });
  expect(of('system:node:')).toEqual({ decision: 'no-opinion', reason: 'unknown node for user "system:node:"' });
  expect(of('system:node:m')).toEqual({ decision: 'no-opinion', reason: "no relationship found between node 'm' and this object" });
});

it('cannot list what a node may do', () => {
  expect(authorizer.rules(user)).toMatchObject({
    incomplete: true,
    resourceRules: [],
    nonResourceRules: [],
    evaluationError: 'node authorizer does not support user rule resolution',
  });
  expect(authorizer.rules({ name: 'eve', groups: [] })).toEqual({ incomplete: false, resourceRules: [], nonResourceRules: [] });
});
