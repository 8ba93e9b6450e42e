/** References to an object of any kind, as Ingresses and IngressClasses make them. */

import { required } from '../../meta/field-error.js';
import { dns1123Subdomain, pathSegment } from '../../meta/names.js';
import { type Errors, invalidAll } from '../check.js';

/** A name that becomes part of a path, and must be there. */
export const segment = (value: string | undefined, path: string): Errors =>
  value ? invalidAll(path, value, pathSegment(value)) : [required(path)];

interface TypedReference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
}
export const typedReference = ({ apiGroup, kind, name }: TypedReference, path: string): Errors => [
  ...(apiGroup === undefined || apiGroup === null ? [] : invalidAll(`${path}.apiGroup`, apiGroup, dns1123Subdomain(apiGroup))),
  ...segment(kind, `${path}.kind`),
  ...segment(name, `${path}.name`),
];
