/** Checks that kinds of classes for volumes share. */
import { invalid, required, tooLong } from '../../meta/field-error.js';
import { qualifiedName } from '../../meta/names.js';
import { type Errors, invalidAll } from '../check.js';

const MAX_PARAMETERS = 512;
const MAX_PARAMETERS_SIZE = 256 * 1024;

export const provisioner = (name: string | undefined, path: string): Errors =>
  name ? invalidAll(path, name.toLowerCase(), qualifiedName(name.toLowerCase())) : [required(path)];

export function parameters(given: Record<string, string> | undefined, path: string): Errors {
  const entries = Object.entries(given ?? {});
  if (entries.length > MAX_PARAMETERS) return [tooLong(path, MAX_PARAMETERS)];
  const size = entries.reduce((sum, [k, v]) => sum + k.length + v.length, 0);
  return [
    ...entries.flatMap(([k]) => (k ? [] : [invalid(path, k, 'field can not be empty.')])),
    ...(size > MAX_PARAMETERS_SIZE ? [tooLong(path, MAX_PARAMETERS_SIZE)] : []),
  ];
}
