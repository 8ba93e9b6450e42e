/** How plugins refuse, and the questions many of them ask of a request. */
import type { ResourceDefinition } from '../../api/resource.js';
import { forbiddenError, type StatusError } from '../../meta/errors.js';
import type { Attributes } from './chain.js';

/** The 403 of a plugin. A name that is to be generated is known by its prefix until then. */
export const refusal = (a: Pick<Attributes, 'definition' | 'name' | 'object'>, why: string): StatusError => {
  const { name, generateName } = a.object?.metadata ?? {};
  return forbiddenError(aboutThis(a.definition), a.name || name || generateName || '', why);
};

export const isPod = (d: ResourceDefinition): boolean => d.group === '' && d.plural === 'pods';
const aboutThis = (d: ResourceDefinition): { group: string; resource: string } => ({ group: d.group, resource: d.plural });
