/** What controllers of pods share: making them, and what their state means. */

import type { Pod, PodTemplateSpec } from '../api/types/core/v1.js';
import type { Informer } from '../client/informer.js';
import { PODS } from '../client/kinds.js';
import type { StatusError } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { table } from '../util/own.js';
import type { ControllerContext } from './framework.js';
import { controllerOf, ownerReference } from './framework.js';

export const isFinished = (p: Pod): boolean => p.status.phase === 'Succeeded' || p.status.phase === 'Failed';
export const isActive = (p: Pod): boolean => !isFinished(p) && !p.metadata.deletionTimestamp;

const BY_CONTROLLER = 'controller';
const nobodyIn = (namespace: string | undefined): string => `none/${namespace}`;
/** Before the informer starts. */
export const indexByController = (pods: Informer<Pod>): void =>
  pods.index(BY_CONTROLLER, (p) => [controllerOf(p as never)?.uid ?? nobodyIn(p.metadata.namespace)]);
export const podsOf = (pods: Informer<Pod>, uid: string): Pod[] => pods.byIndex(BY_CONTROLLER, uid);
/** Those of a namespace that have no controller. */
export const podsOfNobody = (pods: Informer<Pod>, namespace: string | undefined): Pod[] => pods.byIndex(BY_CONTROLLER, nobodyIn(namespace));

const condition = (p: Pod, type: string) => p.status.conditions?.find((c) => c.type === type);
export const isReady = (p: Pod): boolean => condition(p, 'Ready')?.status === 'True';

/** Ready for at least `minReadySeconds`. */
export function isAvailable(p: Pod, minReadySeconds: number, now: number): boolean {
  const ready = condition(p, 'Ready');
  if (ready?.status !== 'True') return false;
  return minReadySeconds === 0 || Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 <= now;
}

/** Milliseconds until the pod is available; undefined where it is not ready. */
export function availableIn(p: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = condition(p, 'Ready');
  if (ready?.status !== 'True') return undefined;
  return Math.max(Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 - now, 0);
}

const PHASE_ORDER: Readonly<Record<string, number>> = table({ Pending: 0, Unknown: 1, Running: 2 });

/** What a pod's loss weighs, the weightiest first. Worked out once a pod: sorting asks again and again. */
const loss = (p: Pod, onSameNode: (p: Pod) => number): number[] => [
  p.spec.nodeName ? 1 : 0,
  PHASE_ORDER[p.status.phase ?? 'Pending'] ?? 0,
  isReady(p) ? 1 : 0,
  Number(p.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
  -onSameNode(p),
  // Ready, and created, for a shorter time.
  (isReady(p) ? -1 : 0) * (Date.parse(condition(p, 'Ready')?.lastTransitionTime ?? '') || 0),
  -(p.status.containerStatuses ?? []).reduce((n, c) => Math.max(n, c.restartCount), 0),
  -(Date.parse(p.metadata.creationTimestamp) || 0),
];

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** Which pods go first when there are too many: those that are the lesser loss. */
export function inDeletionOrder(pods: readonly Pod[], onSameNode: (p: Pod) => number = () => 0): Pod[] {
  return pods
    .map((pod) => ({ pod, loss: loss(pod, onSameNode) }))
    .sort((a, b) => compare(a.loss, b.loss))
    .map((x) => x.pod);
}

/** A pod of a template, owned by `owner`. Throws the API's refusal after it was told as an event. */
export async function createPod(
  c: ControllerContext,
  owner: ApiObject,
  template: PodTemplateSpec,
  more: { name?: string; labels?: Record<string, string>; nodeName?: string } = {},
): Promise<Pod> {
  const meta = template.metadata;
  const prefix = `${owner.metadata.name}-`;
  const pod = {
    ...PODS,
    metadata: {
      ...(more.name ? { name: more.name } : { generateName: prefix }),
      namespace: owner.metadata.namespace,
      labels: { ...meta?.labels, ...more.labels },
      annotations: { ...meta?.annotations },
      finalizers: meta?.finalizers ? [...meta.finalizers] : undefined,
      ownerReferences: [ownerReference(owner)],
    },
    spec: structuredClone(template.spec),
  };
  try {
    const made = await c.client.create(pod as never);
    c.events.normal(owner, 'SuccessfulCreate', `Created pod: ${(made as Pod).metadata.name}`);
    return made as Pod;
  } catch (e) {
    c.events.failed(owner, 'FailedCreate', `Error creating: ${(e as Error).message}`, e);
    throw e;
  }
}

export async function deletePod(c: ControllerContext, owner: ApiObject, pod: Pod): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  try {
    await c.client.delete({ ...PODS, namespace, name }, { preconditions: { uid } });
    c.events.normal(owner, 'SuccessfulDelete', `Deleted pod: ${name}`);
  } catch (e) {
    if ((e as StatusError).code === 404) return;
    c.events.warning(owner, 'FailedDelete', `Error deleting: ${(e as Error).message}`);
    throw e;
  }
}

/**
 * Runs `work` for `count` items, in batches of 1, 2, 4, …: where the first one fails the others are not tried.
 * Returns how many succeeded; throws the first error.
 */
export async function slowStart(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let done = 0;
  for (let batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done);
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => work(done + i)));
    const failed = results.find((r) => r.status === 'rejected');
    done += results.filter((r) => r.status === 'fulfilled').length;
    if (failed?.status === 'rejected') throw Object.assign(failed.reason as Error, { done });
  }
  return done;
}
