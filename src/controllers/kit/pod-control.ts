/** Making and deleting the Pods of an owner: each is told as an event, and waited for until it is seen. */
import type { Pod, PodTemplateSpec } from '../../api/types/core/v1.js';
import { PODS } from '../../client/kinds.js';
import { isNotFound } from '../../meta/errors.js';
import type { ApiObject } from '../../meta/object.js';
import { type ControllerContext, ownerReference } from '../framework.js';
import type { Expectations } from './expectations.js';
import { slowStart } from './slow-start.js';

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
    if (isNotFound(e)) return;
    c.events.failed(owner, 'FailedDelete', `Error deleting: ${(e as Error).message}`, e);
    throw e;
  }
}

/** So many pods by a slow start. Throws the first refusal; the pods that were not made are not waited for. */
export async function createPods(
  c: ControllerContext,
  owner: ApiObject,
  template: PodTemplateSpec,
  count: number,
  key: string,
  expectations: Expectations,
): Promise<void> {
  expectations.expectCreations(key, count, c.env.clock.now());
  const { done, error } = await slowStart(count, () => createPod(c, owner, template));
  expectations.created(key, count - done);
  if (error) throw error;
}

/** All of them at once. Throws the first refusal; the pods that stay are not waited for. */
export async function deletePods(
  c: ControllerContext,
  owner: ApiObject,
  pods: readonly Pod[],
  key: string,
  expectations: Expectations,
): Promise<void> {
  const uids = pods.map((p) => p.metadata.uid);
  expectations.expectDeletions(key, uids, c.env.clock.now());
  const results = await Promise.allSettled(pods.map((p) => deletePod(c, owner, p)));
  for (const [i, r] of results.entries()) if (r.status === 'rejected') expectations.deleted(key, uids[i]!);
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}
