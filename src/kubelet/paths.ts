/** Where the kubelet keeps what: the layout that log collectors, CSI drivers and administrators know. Pure. */
import type { Pod } from '../api/types/core/v1.js';
import { nameOf, namespaceOf, uidOf } from './pods.js';

export interface Folders {
  /** `/var/lib/kubelet`. */
  readonly root: string;
  /** `/var/log/pods`. */
  readonly podLogs: string;
  /** `/var/log/containers`: links into the former, by names that collectors parse. */
  readonly containerLogs: string;
}

export const podDir = (f: Folders, uid: string): string => `${f.root}/pods/${uid}`;
export const volumesDir = (f: Folders, uid: string): string => `${podDir(f, uid)}/volumes`;
/** `kubernetes.io/empty-dir` is `kubernetes.io~empty-dir` on disk. */
export const volumeDir = (f: Folders, uid: string, plugin: string, name: string): string =>
  `${volumesDir(f, uid)}/kubernetes.io~${plugin}/${name}`;
export const subPathsDir = (f: Folders, uid: string): string => `${podDir(f, uid)}/volume-subpaths`;
export const subPathDir = (f: Folders, uid: string, volume: string, container: string, index: number): string =>
  `${subPathsDir(f, uid)}/${volume}/${container}/${index}`;
export const containerDir = (f: Folders, uid: string, container: string): string => `${podDir(f, uid)}/containers/${container}`;
export const etcHosts = (f: Folders, uid: string): string => `${podDir(f, uid)}/etc-hosts`;

export const podLogDir = (f: Folders, pod: Pod): string => `${f.podLogs}/${namespaceOf(pod)}_${nameOf(pod)}_${uidOf(pod)}`;
export const logPath = (container: string, restartCount: number): string => `${container}/${restartCount}.log`;

const MAX_LINK_NAME = 255;

export function logLink(f: Folders, pod: Pod, container: string, id: string): string {
  const suffix = `_${container}-${id}.log`;
  return `${f.containerLogs}/${`${nameOf(pod)}_${namespaceOf(pod)}`.slice(0, MAX_LINK_NAME - suffix.length)}${suffix}`;
}
