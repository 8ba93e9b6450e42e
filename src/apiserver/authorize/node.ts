/**
 * What a kubelet may read and write: its own Node, and what the Pods bound to it refer to. What of these objects it may change is for
 * NodeRestriction to say: here only the path of the request is known.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.js';
import type { PolicyRule } from '../../api/types/rbac/v1.js';
import { parseFieldSelector } from '../../meta/fields.js';
import type { UserInfo } from '../request.js';
import { type AccessAttributes, type Authorizer, type Decision, NO_OPINION, type RuleSet } from './authorizer.js';
import type { NodeGraph, Referred } from './node-graph.js';
import { volumeSecrets } from './pod-references.js';
import { covers } from './rbac.js';

const NODES_GROUP = 'system:nodes';
const PREFIX = 'system:node:';
const ALLOW: Decision = { decision: 'allow', reason: '' };
const no = (reason = ''): Decision => ({ decision: 'no-opinion', reason });

/** The node a user is the kubelet of; '' for one that says it is a node and not which; undefined for everyone else. */
export const nodeOf = (user: Pick<UserInfo, 'name' | 'groups'>): string | undefined =>
  user.name.startsWith(PREFIX) && user.groups.includes(NODES_GROUP) ? user.name.slice(PREFIX.length) : undefined;

/** One stored object, where there is one. */
export type ObjectLookup = <T>(group: string, version: string, plural: string, namespace: string, name: string) => T | undefined;

export class NodeAuthorizer implements Authorizer {
  constructor(
    private readonly graph: Pick<NodeGraph, 'refers' | 'claims'>,
    /** The rules every node has for what is not divided among them: the same in every cluster, whatever the stored role says. */
    private readonly nodeRules: readonly PolicyRule[],
    private readonly get: ObjectLookup,
  ) {}

  authorize(a: AccessAttributes): Decision {
    const node = nodeOf(a.user);
    if (node === undefined) return NO_OPINION;
    if (!node) return no(`unknown node for user ${JSON.stringify(a.user.name)}`);
    if (a.isResource) {
      switch (`${a.group}/${a.resource}`) {
        case '/secrets':
          return readNamespaced(a) ?? this.related(a, node, this.secret(node, a.namespace, a.name));
        case '/configmaps':
          return readNamespaced(a) ?? this.refers(a, node, 'configmap');
        case '/persistentvolumeclaims':
          if (a.subresource !== 'status') return getOne(a) ?? this.refers(a, node, 'claim');
          return ['update', 'patch'].includes(a.verb) ? this.refers(a, node, 'claim') : no('can only get/update/patch this type');
        case '/persistentvolumes':
          return getOne(a) ?? this.related(a, node, this.volume(node, a.name));
        case '/serviceaccounts':
          return this.serviceAccount(a, node);
        case '/nodes':
          return ownNode(a, node);
        case '/pods':
          return this.pod(a, node);
        case 'coordination.k8s.io/leases':
          return lease(a, node);
        case 'storage.k8s.io/csinodes':
          return csiNode(a, node);
        case 'storage.k8s.io/volumeattachments':
          return getOne(a) ?? this.related(a, node, this.nodeNamed(a, 'v1') === node);
        case 'resource.k8s.io/resourceclaims':
          return getOne(a) ?? this.refers(a, node, 'resourceclaim');
        case 'resource.k8s.io/resourceslices':
          return this.slice(a, node);
        case 'certificates.k8s.io/podcertificaterequests':
          return this.podCertificate(a, node);
      }
    }
    return this.nodeRules.some((r) => covers(r, a)) ? ALLOW : NO_OPINION;
  }

  /** What a node may do depends on its Pods: there is no list. */
  rules(user: UserInfo): RuleSet {
    const isNode = nodeOf(user) !== undefined;
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      ...(isNode ? { evaluationError: 'node authorizer does not support user rule resolution' } : {}),
    };
  }

  private related(a: AccessAttributes, node: string, found: boolean): Decision {
    if (!a.name) return no('No Object name found');
    return found ? ALLOW : no(`no relationship found between node '${node}' and this object`);
  }

  private refers(a: AccessAttributes, node: string, kind: Referred): Decision {
    return this.related(a, node, this.graph.refers(node, kind, a.namespace, a.name));
  }

  /** Of a Pod, or of a volume that a claim of a Pod is bound to. */
  private secret(node: string, namespace: string, name: string): boolean {
    if (this.graph.refers(node, 'secret', namespace, name)) return true;
    for (const claim of this.graph.claims(node)) {
      const [ns = '', claimName = ''] = claim.split('/');
      const volume = this.get<PersistentVolumeClaim>('', 'v1', 'persistentvolumeclaims', ns, claimName)?.spec.volumeName;
      const pv = volume ? this.get<PersistentVolume>('', 'v1', 'persistentvolumes', '', volume) : undefined;
      const { claimRef } = pv?.spec ?? {};
      if (pv && claimRef?.namespace === ns && claimRef.name === claimName && volumeSecrets(pv).includes(`${namespace}/${name}`))
        return true;
    }
    return false;
  }

  private volume(node: string, name: string): boolean {
    const claim = this.get<PersistentVolume>('', 'v1', 'persistentvolumes', '', name)?.spec.claimRef;
    return claim !== undefined && this.graph.refers(node, 'claim', claim.namespace ?? '', claim.name ?? '');
  }

  private nodeNamed(a: AccessAttributes, version: string): string | undefined {
    return this.get<{ spec: { nodeName?: string } }>(a.group, version, a.resource, a.namespace, a.name)?.spec.nodeName;
  }

  private serviceAccount(a: AccessAttributes, node: string): Decision {
    if (a.verb === 'get' && !a.subresource) return readNamespaced(a) ?? this.refers(a, node, 'serviceaccount');
    if (a.verb !== 'create' || !a.name) return no('can only create tokens for individual service accounts');
    if (a.subresource !== 'token') return no('can only create token subresource of serviceaccount');
    return this.refers(a, node, 'serviceaccount');
  }

  private pod(a: AccessAttributes, node: string): Decision {
    switch (`${a.verb}/${a.subresource}`) {
      case 'get/':
        return this.refers(a, node, 'pod');
      case 'list/':
      case 'watch/':
        if (selects(a, 'spec.nodeName', node)) return ALLOW;
        return a.name ? this.refers(a, node, 'pod') : no('can only list/watch pods with spec.nodeName field selector');
      case 'create/':
      case 'delete/':
      case 'update/status':
      case 'patch/status':
      case 'create/eviction':
        return ALLOW;
      default:
        return no();
    }
  }

  private slice(a: AccessAttributes, node: string): Decision {
    if (a.subresource) return no('cannot authorize ResourceSlice subresources');
    switch (a.verb) {
      case 'create':
        return ALLOW;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.related(a, node, this.nodeNamed(a, 'v1') === node);
      case 'watch':
      case 'list':
      case 'deletecollection':
        return selects(a, 'spec.nodeName', node)
          ? ALLOW
          : no('can only list/watch/deletecollection resourceslices with nodeName field selector');
      default:
        return no(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        );
    }
  }

  private podCertificate(a: AccessAttributes, node: string): Decision {
    if (a.subresource) return no('nodes may not access the status subresource of PodCertificateRequests');
    switch (a.verb) {
      case 'create':
        return ALLOW;
      case 'get':
        return this.related(a, node, this.nodeNamed(a, 'v1beta1') === node);
      case 'list':
      case 'watch':
        return selects(a, 'spec.nodeName', node) ? ALLOW : no('can only list/watch podcertificaterequests with nodeName field selector');
      default:
        return no(`nodes may not ${a.verb} podcertificaterequests`);
    }
  }
}

/** The refusal of all but reading one object of a namespace. */
function readNamespaced(a: AccessAttributes): Decision | undefined {
  if (!['get', 'list', 'watch'].includes(a.verb)) return no('can only read resources of this type');
  if (a.subresource) return no('cannot read subresource');
  return a.namespace ? undefined : no('can only read namespaced object of this type');
}

function getOne(a: AccessAttributes): Decision | undefined {
  if (a.verb !== 'get') return no('can only get individual resources of this type');
  return a.subresource ? no('cannot get subresource') : undefined;
}

function ownNode(a: AccessAttributes, node: string): Decision {
  switch (`${a.verb}/${a.subresource}`) {
    case 'create/':
    case 'update/':
    case 'patch/':
    case 'update/status':
    case 'patch/status':
      return ALLOW;
    case 'get/':
    case 'list/':
    case 'watch/':
      if (a.name === node) return ALLOW;
      return no(`node '${node}' cannot read ${a.name ? `'${a.name}'` : 'all nodes'}, only its own Node object`);
    default:
      return no();
  }
}

const OWN_VERBS = ['get', 'create', 'update', 'patch', 'delete'];

function lease(a: AccessAttributes, node: string): Decision {
  if (!OWN_VERBS.includes(a.verb)) return no('can only get, create, update, patch, or delete a node lease');
  if (a.namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace');
  if (a.verb !== 'create' && a.name !== node) return no('can only access node lease with the same name as the requesting node');
  return ALLOW;
}

function csiNode(a: AccessAttributes, node: string): Decision {
  if (!OWN_VERBS.includes(a.verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (a.subresource) return no('cannot authorize CSINode subresources');
  if (a.verb !== 'create' && a.name !== node) return no('can only access CSINode with the same name as the requesting node');
  return ALLOW;
}

/** Whether the request is for objects with this value in the field alone. */
function selects(a: AccessAttributes, field: string, value: string): boolean {
  try {
    return parseFieldSelector(a.fieldSelector ?? '').some((f) => f.field === field && f.equal && f.value === value);
  } catch {
    return false;
  }
}
