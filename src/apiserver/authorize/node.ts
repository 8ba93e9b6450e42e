/**
 * What a kubelet may read and write: its own Node, and what the Pods bound to it refer to.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
 */
import type { Pod, PodSpec } from '../../api/types/core/v1.js';
import type { PolicyRule } from '../../api/types/rbac/v1.js';
import { parseFieldSelector } from '../../meta/fields.js';
import type { AnyObject } from '../../meta/object.js';
import type { UserInfo } from '../request.js';
import type { ResourceCache } from '../storage/cache.js';
import { type AccessAttributes, type Authorizer, type Decision, NO_OPINION, type RuleSet } from './authorizer.js';
import { covers } from './rbac.js';

const NODES_GROUP = 'system:nodes';
const PREFIX = 'system:node:';
const ALLOW: Decision = { decision: 'allow', reason: '' };
const no = (reason: string): Decision => ({ decision: 'no-opinion', reason });

export class NodeAuthorizer implements Authorizer {
  /** node -> key -> pod, kept by following the pods. */
  private readonly podsOf = new Map<string, Map<string, Pod>>();

  constructor(
    pods: ResourceCache,
    revision: number,
    /** The rules of the role system:node, read anew for each request that is not about references. */
    private readonly nodeRules: () => readonly PolicyRule[],
    private readonly claimVolume: (namespace: string, claim: string) => string | undefined,
  ) {
    for (const { key, object } of pods.list('')) this.put(key, object);
    pods.watch('', undefined, revision, revision).listen(
      (i) => {
        if (i.type === 'DELETED') this.drop(i.entry.key, i.entry.object);
        else if (i.type !== 'BOOKMARK') this.put(i.entry.key, i.entry.object);
        return true;
      },
      () => undefined,
    );
  }

  authorize(a: AccessAttributes): Decision {
    if (!a.user.name.startsWith(PREFIX) || !a.user.groups.includes(NODES_GROUP)) return NO_OPINION;
    const node = a.user.name.slice(PREFIX.length);
    if (a.isResource) {
      switch (`${a.group}/${a.resource}`) {
        case '/secrets':
          return this.referenced(a, node, 'secret');
        case '/configmaps':
          return this.referenced(a, node, 'configmap');
        case '/persistentvolumeclaims':
          if (a.subresource === 'status') break;
          return this.referenced(a, node, 'persistentvolumeclaim');
        case '/persistentvolumes':
          return this.referenced(a, node, 'persistentvolume');
        case '/serviceaccounts':
          if (a.subresource === 'token' && a.verb === 'create')
            return this.uses(node, (p) => p.metadata.namespace === a.namespace && (p.spec.serviceAccountName || 'default') === a.name)
              ? ALLOW
              : no(`no relationship found between node '${node}' and this object`);
          break;
        case 'coordination.k8s.io/leases':
          if (a.namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace');
          if (a.verb !== 'create' && a.name !== node) return no('can only access node lease with the same name as the requesting node');
          return ['get', 'create', 'update', 'patch', 'delete'].includes(a.verb)
            ? ALLOW
            : no('can only get, create, update, patch, or delete a node lease');
        case 'storage.k8s.io/csinodes':
          if (a.verb !== 'create' && a.name !== node) return no('can only access CSINode with the same name as the requesting node');
          return ['get', 'create', 'update', 'patch', 'delete'].includes(a.verb)
            ? ALLOW
            : no('can only get, create, update, patch, or delete a CSINode');
        case '/nodes':
          if ((a.verb === 'list' || a.verb === 'watch') && a.name !== node && !selects(a, 'metadata.name', node))
            return no(`node '${node}' cannot read all nodes, only its own Node object`);
          if (['get', 'update', 'patch', 'delete'].includes(a.verb) && a.name && a.name !== node)
            return no(`node '${node}' cannot read '${a.name}', only its own Node object`);
          break;
        case '/pods':
          if (['list', 'watch', 'deletecollection'].includes(a.verb) && !selects(a, 'spec.nodeName', node))
            return no(`can only list/watch pods with spec.nodeName field selector`);
          if (a.verb === 'get' && a.name && !this.uses(node, (p) => p.metadata.namespace === a.namespace && p.metadata.name === a.name))
            return no(`no relationship found between node '${node}' and this object`);
          break;
      }
    }
    return this.nodeRules().some((r) => covers(r, a)) ? ALLOW : NO_OPINION;
  }

  /** What a node may do depends on its Pods: there is no list. */
  rules(user: UserInfo): RuleSet {
    const isNode = user.name.startsWith(PREFIX) && user.groups.includes(NODES_GROUP);
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      ...(isNode ? { evaluationError: 'node authorizer does not support user rule resolution' } : {}),
    };
  }

  private referenced(
    a: AccessAttributes,
    node: string,
    kind: 'secret' | 'configmap' | 'persistentvolumeclaim' | 'persistentvolume',
  ): Decision {
    if (!['get', 'list', 'watch'].includes(a.verb)) return no(`can only read resources of this type`);
    if (!a.name) return no(`No Object name found`);
    const found = this.uses(node, (p) => {
      if (kind === 'persistentvolume')
        return references(p.spec, 'persistentvolumeclaim').some((c) => this.claimVolume(p.metadata.namespace ?? '', c) === a.name);
      return (
        p.metadata.namespace === a.namespace &&
        (references(p.spec, kind).includes(a.name) || (kind === 'configmap' && a.name === 'kube-root-ca.crt'))
      );
    });
    return found ? ALLOW : no(`no relationship found between node '${node}' and this object`);
  }

  private uses(node: string, test: (pod: Pod) => boolean): boolean {
    for (const pod of this.podsOf.get(node)?.values() ?? []) if (test(pod)) return true;
    return false;
  }

  private put(key: string, object: AnyObject): void {
    const pod = object as unknown as Pod;
    const node = pod.spec.nodeName;
    if (!node) return;
    let own = this.podsOf.get(node);
    if (!own) this.podsOf.set(node, (own = new Map()));
    own.set(key, pod);
  }

  private drop(key: string, object: AnyObject): void {
    const node = (object as unknown as Pod).spec.nodeName;
    if (node) this.podsOf.get(node)?.delete(key);
  }
}

/** Whether the request is for objects with this value in the field alone. */
function selects(a: AccessAttributes, field: string, value: string): boolean {
  try {
    return parseFieldSelector(a.fieldSelector ?? '').some((f) => f.field === field && f.equal && f.value === value);
  } catch {
    return false;
  }
}

/** Names of the secrets, config maps or claims a pod refers to. */
export function references(spec: PodSpec, kind: 'secret' | 'configmap' | 'persistentvolumeclaim'): string[] {
  const out: (string | undefined)[] = [];
  for (const v of spec.volumes ?? []) {
    const sources = v.projected?.sources ?? [];
    if (kind === 'secret') {
      out.push(v.secret?.secretName, ...sources.map((s) => s.secret?.name));
      out.push(
        v.csi?.nodePublishSecretRef?.name,
        v.cephfs?.secretRef?.name,
        v.flexVolume?.secretRef?.name,
        v.iscsi?.secretRef?.name,
        v.rbd?.secretRef?.name,
        v.scaleIO?.secretRef?.name,
        v.storageos?.secretRef?.name,
        v.azureFile?.secretName,
      );
    } else if (kind === 'configmap') out.push(v.configMap?.name, ...sources.map((s) => s.configMap?.name));
    else out.push(v.persistentVolumeClaim?.claimName);
  }
  if (kind === 'persistentvolumeclaim') return out.filter((n): n is string => Boolean(n));
  if (kind === 'secret') out.push(...(spec.imagePullSecrets ?? []).map((s) => s.name));
  for (const c of [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]) {
    for (const e of c.envFrom ?? []) out.push(kind === 'secret' ? e.secretRef?.name : e.configMapRef?.name);
    for (const e of c.env ?? []) out.push(kind === 'secret' ? e.valueFrom?.secretKeyRef?.name : e.valueFrom?.configMapKeyRef?.name);
  }
  return out.filter((n): n is string => Boolean(n));
}
