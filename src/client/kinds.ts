/** Kinds as values: `client.list({ ...PODS, namespace })` is typed. */
import type { KindRef } from './client.js';

const kind = <const A extends string, const K extends string>(apiVersion: A, name: K): KindRef<A, K> => ({ apiVersion, kind: name });

export const PODS = kind('v1', 'Pod');
export const NODES = kind('v1', 'Node');
export const NAMESPACES = kind('v1', 'Namespace');
export const SERVICES = kind('v1', 'Service');
export const ENDPOINTS = kind('v1', 'Endpoints');
export const CONFIG_MAPS = kind('v1', 'ConfigMap');
export const SECRETS = kind('v1', 'Secret');
export const SERVICE_ACCOUNTS = kind('v1', 'ServiceAccount');
export const EVENTS = kind('v1', 'Event');
export const REPLICATION_CONTROLLERS = kind('v1', 'ReplicationController');
export const PERSISTENT_VOLUMES = kind('v1', 'PersistentVolume');
export const PERSISTENT_VOLUME_CLAIMS = kind('v1', 'PersistentVolumeClaim');
export const VOLUME_ATTRIBUTES_CLASSES = kind('storage.k8s.io/v1', 'VolumeAttributesClass');
export const DEPLOYMENTS = kind('apps/v1', 'Deployment');
export const REPLICA_SETS = kind('apps/v1', 'ReplicaSet');
export const STATEFUL_SETS = kind('apps/v1', 'StatefulSet');
export const DAEMON_SETS = kind('apps/v1', 'DaemonSet');
export const JOBS = kind('batch/v1', 'Job');
export const CRON_JOBS = kind('batch/v1', 'CronJob');
export const ENDPOINT_SLICES = kind('discovery.k8s.io/v1', 'EndpointSlice');
export const LEASES = kind('coordination.k8s.io/v1', 'Lease');
export const CLUSTER_ROLES = kind('rbac.authorization.k8s.io/v1', 'ClusterRole');
export const PRIORITY_CLASSES = kind('scheduling.k8s.io/v1', 'PriorityClass');
export const POD_DISRUPTION_BUDGETS = kind('policy/v1', 'PodDisruptionBudget');
export const CUSTOM_RESOURCE_DEFINITIONS = kind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
