/** Writing a status: only where it changed, and again where somebody else wrote the object meanwhile. */
import type { KindRef, ObjectOf } from '../../client/client.js';
import { isConflict, isNotFound } from '../../meta/errors.js';
import type { ApiObject } from '../../meta/object.js';
import type { ControllerContext } from '../framework.js';
import { canonical } from '../hash.js';

const TRIES = 5;

/** What is absent and what is zero are the same: the API leaves zeros out. */
const known = (status: object | undefined): string =>
  canonical(Object.fromEntries(Object.entries(status ?? {}).filter(([, v]) => v !== undefined && v !== 0)));

export const sameStatus = (a: object | undefined, b: object | undefined): boolean => known(a) === known(b);

/**
 * `status` was worked out from `object`. Where that is stale it is written all the same while what is wanted has not changed; otherwise the conflict
 * is thrown, and the next round starts from the new object.
 */
export async function writeStatus<R extends KindRef, S extends object>(
  c: ControllerContext,
  kind: R,
  object: ObjectOf<R> & ApiObject,
  status: S,
): Promise<void> {
  if (sameStatus((object as { status?: object }).status, status)) return;
  const { namespace, name, uid, generation } = object.metadata;
  let current: ApiObject = object;
  for (let tries = 1; ; tries++) {
    try {
      await c.client.update({ ...current, status } as ApiObject, { subresource: 'status' });
      return;
    } catch (e) {
      if (isNotFound(e)) return;
      if (!isConflict(e) || tries >= TRIES) throw e;
      const fresh = await c.client.get({ apiVersion: kind.apiVersion, kind: kind.kind, namespace, name }).catch((x) => {
        if (!isNotFound(x)) throw x;
      });
      if (!fresh || fresh.metadata.uid !== uid) return;
      if (fresh.metadata.generation !== generation) throw e;
      current = fresh;
    }
  }
}
