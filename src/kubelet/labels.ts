/**
 * What the kubelet writes on sandboxes and containers, so that all it needs to go on after a restart is read back from the runtime.
 * The names are Kubernetes' own: crictl and log collectors look for them.
 */
import type { Container, ContainerPort, LifecycleHandler, Pod } from '../api/types/core/v1.js';
import { CONFIG_SOURCE, isStatic, nameOf, namespaceOf, uidOf } from './pods.js';
import type { ContainerStatus, Container as RuntimeContainer, Sandbox } from './runtime.js';

export const POD_NAME = 'io.kubernetes.pod.name';
export const POD_NAMESPACE = 'io.kubernetes.pod.namespace';
export const POD_UID = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME = 'io.kubernetes.container.name';
const HASH = 'io.kubernetes.container.hash';
const RESTART_COUNT = 'io.kubernetes.container.restartCount';
const MESSAGE_PATH = 'io.kubernetes.container.terminationMessagePath';
const MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
const PORTS = 'io.kubernetes.container.ports';
const PRE_STOP = 'io.kubernetes.container.preStopHandler';
const GRACE = 'io.kubernetes.pod.terminationGracePeriod';
const DELETION_GRACE = 'io.kubernetes.pod.deletionGracePeriod';

type Texts = Record<string, string>;

const identity = (pod: Pod): Texts => ({ [POD_NAME]: nameOf(pod), [POD_NAMESPACE]: namespaceOf(pod), [POD_UID]: uidOf(pod) });

export const sandboxLabels = (pod: Pod): Texts => ({ ...pod.metadata.labels, ...identity(pod) });
export const sandboxAnnotations = (pod: Pod): Texts => ({
  ...pod.metadata.annotations,
  ...(isStatic(pod) ? {} : { [CONFIG_SOURCE]: 'api' }),
});
export const containerLabels = (pod: Pod, c: Container): Texts => ({ ...identity(pod), [CONTAINER_NAME]: c.name });

export function containerAnnotations(pod: Pod, c: Container, restartCount: number): Texts {
  const grace = pod.spec.terminationGracePeriodSeconds;
  const deletion = pod.metadata.deletionGracePeriodSeconds;
  return {
    [HASH]: containerHash(c),
    [RESTART_COUNT]: String(restartCount),
    [MESSAGE_PATH]: c.terminationMessagePath ?? '/dev/termination-log',
    [MESSAGE_POLICY]: c.terminationMessagePolicy ?? 'File',
    ...(c.ports?.length ? { [PORTS]: JSON.stringify(c.ports) } : {}),
    ...(c.lifecycle?.preStop ? { [PRE_STOP]: JSON.stringify(c.lifecycle.preStop) } : {}),
    ...(grace !== undefined ? { [GRACE]: String(grace) } : {}),
    ...(deletion !== undefined ? { [DELETION_GRACE]: String(deletion) } : {}),
  };
}

/** Changes when a container of this spec must be made anew: name and image alone, all else of a pod's container cannot change or is applied in place. */
export function containerHash(c: Container): string {
  const text = JSON.stringify({ image: c.image ?? '', name: c.name });
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16);
}

export const hashOf = (c: { annotations: Readonly<Texts> }): string => c.annotations[HASH] ?? '';
export const restartCountOf = (c: { annotations: Readonly<Texts>; attempt: number }): number =>
  Number(c.annotations[RESTART_COUNT] ?? c.attempt);
export const messagePathOf = (c: ContainerStatus): string => c.annotations[MESSAGE_PATH] ?? '';
export const messagePolicyOf = (c: ContainerStatus): string => c.annotations[MESSAGE_POLICY] ?? 'File';
export const podUidOf = (s: Sandbox | RuntimeContainer | ContainerStatus): string => s.labels[POD_UID] ?? '';

/** As much of a pod as its containers tell: enough to stop it when the API knows it no more. */
export function podFromLabels(sandbox: Sandbox, containers: readonly RuntimeContainer[]): Pod {
  const a = containers[0]?.annotations ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: sandbox.metadata.name,
      namespace: sandbox.metadata.namespace,
      uid: sandbox.metadata.uid,
      resourceVersion: '',
      creationTimestamp: '',
    },
    spec: {
      ...(a[GRACE] ? { terminationGracePeriodSeconds: Number(a[GRACE]) } : {}),
      containers: containers.map((c) => ({
        name: c.name,
        image: c.image,
        resources: {},
        ...(c.annotations[PORTS] ? { ports: JSON.parse(c.annotations[PORTS]) as ContainerPort[] } : {}),
        ...(c.annotations[PRE_STOP] ? { lifecycle: { preStop: JSON.parse(c.annotations[PRE_STOP]) as LifecycleHandler } } : {}),
      })),
    },
    status: {},
  };
}
