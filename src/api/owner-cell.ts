/** Who an object belongs to, in a cell: `statefulset.apps/web`. */
import { groupResource, parseApiVersion } from '../meta/gvk.js';
import type { ApiObject } from '../meta/object.js';

export function controllerText({ metadata }: ApiObject): string {
  const owner = metadata.ownerReferences?.find((o) => o.controller);
  if (!owner) return '<none>';
  return `${groupResource(parseApiVersion(owner.apiVersion).group, owner.kind.toLowerCase())}/${owner.name}`;
}
