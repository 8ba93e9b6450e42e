/** `import { Cluster } from 'k8ts'` */

export type * as api from './api/types/index.js';
export type { Client } from './client/client.js';
export * as kinds from './client/kinds.js';
export { Cluster, type ClusterOptions } from './cluster/cluster.js';
export { ImageBehaviours } from './kubelet/simulated/behaviour.js';
export { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound, StatusError } from './meta/errors.js';
export { parseDuration, VirtualClock } from './util/virtual-clock.js';
