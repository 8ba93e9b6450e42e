/** What controllers of pods share: making them, and what their state means. */

import type { Pod, PodTemplateSpec } from '../api/types/core/v1.js';
import { PODS } from '../client/kinds.js';
import { isNamespaceTerminating, type StatusError } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { table } from '../util/own.js';
import type { ControllerContext } from './framework.js';
import { ownerReference } from './framework.js';

export const isFinished = (p: Pod): boolean => p.status.phase === 'Succeeded' || p.status.phase === 'Failed';
export const isActive = (p: Pod): boolean => !isFinished(p) && !p.metadata.deletionTimestamp;

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

/** Which of two pods goes first when there are too many: the one that is the lesser loss. Negative: a goes first. */
export function deletionOrder(a: Pod, b: Pod, onSameNode: (p: Pod) => number = () => 0): number {
  const steps: ((p: Pod) => number)[] = [
    (p) => (p.spec.nodeName ? 1 : 0),
    (p) => PHASE_ORDER[p.status.phase ?? 'Pending'] ?? 0,
    (p) => (isReady(p) ? 1 : 0),
    (p) => Number(p.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
    (p) => -onSameNode(p),
    // Ready, and created, for a shorter time.
    (p) => (isReady(p) ? -1 : 0) * (Date.parse(condition(p, 'Ready')?.lastTransitionTime ?? '') || 0),
    (p) => -(p.status.containerStatuses ?? []).reduce((n, c) => Math.max(n, c.restartCount), 0),
    (p) => -(Date.parse(p.metadata.creationTimestamp) || 0),
  ];
  for (const s of steps) {
    const d = s(a) - s(b);
    if (d) return d;
  }
  return 0;
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
    // A namespace that is going takes nothing any more: no event could be written either.
    if (!isNamespaceTerminating(e)) c.events.warning(owner, 'FailedCreate', `Error creating: ${(e as Error).message}`);
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
