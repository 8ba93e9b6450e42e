/** Small questions about a Pod that many parts of the kubelet ask. Pure. */
import { MIRROR } from '../api/core/mirror.js';
import type { Container, EphemeralContainer, Pod } from '../api/types/core/v1.js';
import { named } from '../util/named.js';

/** A container of any of the three lists, with what the lists share. */
export type AnyContainer = Container;

export const initContainers = (pod: Pod): readonly Container[] => pod.spec.initContainers ?? [];
export const ephemeralContainers = (pod: Pod): readonly Container[] =>
  (pod.spec.ephemeralContainers ?? []) as (EphemeralContainer & Container)[];
export const allContainers = (pod: Pod): readonly Container[] => [
  ...initContainers(pod),
  ...pod.spec.containers,
  ...ephemeralContainers(pod),
];
export const findContainer = (pod: Pod, name: string): Container | undefined =>
  named(initContainers(pod), name) ?? named(pod.spec.containers, name) ?? named(ephemeralContainers(pod), name);

/** An init container that runs on beside the others. */
export const isSidecar = (c: Container): boolean => c.restartPolicy === 'Always';
export const hasSidecar = (pod: Pod): boolean => initContainers(pod).some(isSidecar);

export const CONFIG_SOURCE = 'kubernetes.io/config.source';
export const CONFIG_HASH = 'kubernetes.io/config.hash';
export const CONFIG_SEEN = 'kubernetes.io/config.seen';

/** Read from the manifest folder. */
export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.[CONFIG_SOURCE];
  return source !== undefined && source !== 'api';
};
/** The image in the API of a static pod. */
export const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.[MIRROR] !== undefined;

export const uidOf = (pod: Pod): string => pod.metadata.uid ?? '';
export const namespaceOf = (pod: Pod): string => pod.metadata.namespace ?? 'default';
export const nameOf = (pod: Pod): string => pod.metadata.name ?? '';
/** `web-1_default(5f0c…)`: how messages name a pod. */
export const describePod = (pod: Pod): string => `${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})`;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';
export const usesHostNetwork = (pod: Pod): boolean => pod.spec.hostNetwork === true;

/** The grace that a pod's containers have, in seconds. */
export function gracePeriod(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}

/** What comes of a container that has ended with `exitCode`: its own rules first, then its policy, then the pod's. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const codes = rule.exitCodes;
    if (!codes || (rule.action ?? 'Restart') !== 'Restart') continue;
    const within = (codes.values ?? []).includes(exitCode);
    if ((codes.operator === 'In' && within) || (codes.operator === 'NotIn' && !within)) return true;
  }
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy === 'Always' ? !runsToEnd(pod, container) || exitCode !== 0 : exitCode !== 0;
}

function runsToEnd(pod: Pod, { name }: Container): boolean {
  const init = named(initContainers(pod), name);
  return init !== undefined && !isSidecar(init);
}

/** Whether a running container that a probe failed may start again: rules need an exit code, so only the policies count. */
export const restartsAfterKill = (pod: Pod, container: Container): boolean =>
  (container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always') !== 'Never';
