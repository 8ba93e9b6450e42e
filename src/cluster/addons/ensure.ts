/** What an add-on brings: made where it is missing, left alone where somebody has it already. */
import type { Client } from '../../client/client.js';
import { isNotFound } from '../../meta/errors.js';
import type { AnyObject, Draft } from '../../meta/object.js';

export async function ensure(
  client: Client,
  object: Draft<AnyObject> & { metadata: { name: string; namespace?: string; labels?: Record<string, string> } },
): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  try {
    await client.get({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name });
    return;
  } catch (e) {
    if (!isNotFound(e)) throw e;
  }
  await client.create(object as never);
}
