/** What was wrong with JSON that did not fit its type, and which of its fields the type does not have. Only looked for when it is known that there is something. */
import { Mismatch } from './decode-scalars.js';
import type { TypeSchema, ValueSchema } from './schema/schema.js';

/** More unknown fields than these are not listed. */
const PROBLEM_LIMIT = 100;

type Fails = (value: ValueSchema, json: unknown) => boolean;

/** What was wrong, in Go's words. `fails` tells whether a part fits. */
export function describe(type: TypeSchema, json: unknown, e: Error, fails: Fails): string {
  if (!(e instanceof Mismatch) || !e.named) return e.message;
  const at = locate({ is: 'message', message: type }, json, '', goName(type), fails);
  return at
    ? `json: cannot unmarshal ${e.message} into Go struct field ${at.struct}.${at.path} of type ${at.type}`
    : `json: cannot unmarshal ${e.message} into Go value of type ${goName(type)}`;
}

interface Place {
  readonly struct: string;
  readonly path: string;
  readonly type: string;
}

/** The innermost field that does not fit, found by decoding part after part. Only after a failure. */
function locate(value: ValueSchema, json: unknown, path: string, struct: string, fails: Fails): Place | undefined {
  if (value.is === 'message' && value.message.alias) return locate(value.message.alias, json, path, struct, fails);
  if (value.is === 'message' && typeof json === 'object' && json !== null && !Array.isArray(json)) {
    for (const [key, inner] of Object.entries(json)) {
      const field: ValueSchema | undefined =
        value.message.byName.get(key)?.value ?? (key === 'kind' || key === 'apiVersion' ? { is: 'scalar', scalar: 'string' } : undefined);
      if (!field || !fails(field, inner)) continue;
      const at = path ? `${path}.${key}` : key;
      const owner = shortName(value.message);
      return locate(field, inner, at, owner, fails) ?? { struct: owner, path: at, type: goType(field) };
    }
    return undefined;
  }
  if (
    (value.is === 'list' && Array.isArray(json)) ||
    (value.is === 'map' && typeof json === 'object' && json !== null && !Array.isArray(json))
  ) {
    for (const inner of Object.values(json as object))
      if (fails(value.of, inner)) return locate(value.of, inner, path, struct, fails) ?? { struct, path, type: goType(value.of) };
  }
  return undefined;
}

const shortName = (type: TypeSchema): string => type.name.slice(type.name.lastIndexOf('.') + 1);
const goName = (type: TypeSchema): string => type.name.split('.').slice(-2).join('.');

function goType(value: ValueSchema): string {
  switch (value.is) {
    case 'scalar':
      return value.enum
        ? `v1.${value.enum.name}`
        : value.scalar === 'bytes'
          ? '[]uint8'
          : value.scalar === 'double'
            ? 'float64'
            : value.scalar;
    case 'special':
      return value.special;
    case 'message':
      return goName(value.message);
    case 'list':
      return `[]${goType(value.of)}`;
    case 'map':
      return `map[string]${goType(value.of)}`;
  }
}

/** `unknown field "spec.foo"`, in document order. */
export function listUnknown(value: ValueSchema, json: unknown, path: string, problems: string[]): void {
  if (problems.length >= PROBLEM_LIMIT || typeof json !== 'object' || json === null) return;
  if (value.is === 'message') {
    const { message } = value;
    if (message.alias) {
      listUnknown(message.alias, json, path, problems);
      return;
    }
    for (const [key, inner] of Object.entries(json)) {
      if (problems.length >= PROBLEM_LIMIT) return;
      const at = path ? `${path}.${key}` : key;
      const field = message.byName.get(key);
      // Forms of schemas that may be something else read themselves, and say nothing.
      if (field) {
        if (field.value.is !== 'special') listUnknown(field.value, inner, at, problems);
      } else if (!((message.kind || message.everywhere) && (key === 'kind' || key === 'apiVersion')) && !message.preserveUnknown)
        problems.push(`unknown field ${JSON.stringify(at)}`);
    }
  } else if (value.is === 'list' && Array.isArray(json)) {
    for (const [i, inner] of json.entries()) listUnknown(value.of, inner, `${path}[${i}]`, problems);
  } else if (value.is === 'map') {
    for (const [key, inner] of Object.entries(json)) listUnknown(value.of, inner, `${path}.${key}`, problems);
  }
}
