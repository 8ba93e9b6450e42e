/**
 * Which objects are an owner's: those it controls, and those of nobody that its selector finds, which it adopts. What its selector finds no more
 * it releases. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#how-a-replicaset-works
 */
import type { KindRef } from '../../client/client.js';
import type { Informer } from '../../client/informer.js';
import { isNotFound } from '../../meta/errors.js';
import { selectorFromObject } from '../../meta/labels.js';
import type { ApiObject } from '../../meta/object.js';
import type { LabelSelector } from '../../meta/types/v1.js';
import { type ControllerContext, controllerOf, ownerReference } from '../framework.js';
import { controlledBy, controlledByNobody } from './owners.js';

export interface Claim<T> {
  readonly mine: readonly T[];
  readonly adopt: readonly T[];
  readonly release: readonly T[];
}

interface Owner extends ApiObject {
  readonly spec: { readonly selector?: LabelSelector };
}

/** Pure. An object that is not `eligible` stays whose it is. An owner that is being deleted neither adopts nor releases. */
export function decideClaim<T extends ApiObject>(owner: Owner, objects: readonly T[], eligible: (o: T) => boolean = () => true): Claim<T> {
  const selector = selectorFromObject(owner.spec.selector);
  const going = owner.metadata.deletionTimestamp !== undefined;
  const [mine, adopt, release]: T[][] = [[], [], []];
  for (const o of objects) {
    const controller = controllerOf(o);
    const matches = selector.matches(o.metadata.labels);
    if (controller && controller.uid !== owner.metadata.uid) continue;
    if (controller && matches) mine!.push(o);
    else if (controller && !going && eligible(o)) release!.push(o);
    else if (!controller && matches && !going && !o.metadata.deletionTimestamp && eligible(o)) adopt!.push(o);
  }
  return { mine: mine!, adopt: adopt!, release: release! };
}

/** The objects of an informer that are the owner's, after what had to be adopted or released was. The informer is indexed by controller. */
export async function claim<T extends ApiObject>(
  c: ControllerContext,
  owner: Owner,
  kind: KindRef,
  informer: Informer<T>,
  eligible?: (o: T) => boolean,
): Promise<T[]> {
  const { uid, namespace } = owner.metadata;
  const { mine, adopt, release } = decideClaim(
    owner,
    [...controlledBy(informer, uid), ...controlledByNobody(informer, namespace)],
    eligible,
  );
  for (const o of release) await patchOwners(c, kind, o, [{ $patch: 'delete', uid }]);
  const adopted: T[] = [];
  // Asked anew: adopting cannot be taken back, and what is being deleted, or another one of its name, must not.
  if (adopt.length && (await stillThere(c, owner)))
    for (const o of adopt) if (await patchOwners(c, kind, o, [ownerReference(owner)])) adopted.push(o);
  return [...mine, ...adopted];
}

async function stillThere(c: ControllerContext, owner: ApiObject): Promise<boolean> {
  const { apiVersion, kind, metadata } = owner;
  try {
    const fresh = await c.client.get({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name });
    return fresh.metadata.uid === metadata.uid && !fresh.metadata.deletionTimestamp;
  } catch (e) {
    if (isNotFound(e)) return false;
    throw e;
  }
}

/** False: the object is gone. The uid makes it the very one that was seen. */
async function patchOwners(c: ControllerContext, kind: KindRef, o: ApiObject, ownerReferences: readonly object[]): Promise<boolean> {
  const { name, namespace, uid } = o.metadata;
  const { apiVersion, kind: kindName } = kind;
  try {
    await c.client.patch(
      { apiVersion, kind: kindName, namespace, name },
      { metadata: { uid, ownerReferences } },
      { type: 'application/strategic-merge-patch+json' },
    );
    return true;
  } catch (e) {
    if (isNotFound(e)) return false;
    throw e;
  }
}
