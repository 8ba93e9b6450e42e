/**
 * The API server's way to its kubelets: a certificate of its own, that may do with kubelets what it must, and nothing in the API. Were it one of
 * an administrator, whoever can write a Node's address would have it shown to himself, or turned against the API server.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
 */
import type { Client } from '../../client/client.js';
import { KUBELET_CLIENT } from '../files.js';
import { ensure } from './ensure.js';

const RBAC = 'rbac.authorization.k8s.io';

export const kubeletClientRights = (client: Client): Promise<void> =>
  ensure(client, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:kube-apiserver-to-kubelet' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'system:kubelet-api-admin' },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: KUBELET_CLIENT }],
  });
