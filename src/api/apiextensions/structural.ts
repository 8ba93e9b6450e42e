/**
 * Structural schemas: every field has a type of its own, outside of what only restricts values.
 * Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */

import { forbidden, invalid, required } from '../../meta/field-error.js';
import { regexProblem } from '../../meta/regex.js';
import { addAll } from '../../util/add-all.js';
import { table } from '../../util/own.js';
import { type Errors, same } from '../check.js';
import type { JSONSchemaProps } from '../types/apiextensions/v1.js';

type Level = 'root' | 'item' | 'field';

const NO_TYPE: Record<Level, string> = table({
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
});

export function validateStructural(schema: JSONSchemaProps, path: string): Errors {
  const errors = [...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)];
  const text = (e: Errors[number]) => `${e.field}: ${e.message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** Items of a schema; a list of schemas is refused elsewhere. */
export const itemsOf = (schema: JSONSchemaProps): JSONSchemaProps | undefined =>
  schema.items && !Array.isArray(schema.items) ? schema.items : undefined;
export const additionalOf = (schema: JSONSchemaProps): JSONSchemaProps | undefined =>
  typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
export const propertiesOf = (schema: JSONSchemaProps): [string, JSONSchemaProps][] => Object.entries(schema.properties ?? {});

function invariants(schema: JSONSchemaProps, level: Level, path: string): Errors {
  const { type = '', additionalProperties } = schema;
  const items = itemsOf(schema);
  const more = additionalOf(schema);
  const errors: Errors = type === 'array' && !schema.items ? [required(`${path}.items`, 'must be specified')] : [];
  if (items) addAll(errors, invariants(items, 'item', `${path}.items`));
  for (const [name, s] of propertiesOf(schema)) addAll(errors, invariants(s, 'field', `${path}.properties[${name}]`));
  if (additionalProperties && level === 'root') errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (more) addAll(errors, invariants(more, 'field', `${path}.additionalProperties`));
  addAll(errors, extensions(schema, path), valueValidation(schema, path), ownType(schema, level, path));
  if (level === 'root' && type && type !== 'object') errors.push(invalid(`${path}.type`, type, 'must be object at the root'));
  return [...errors, ...resourceFields(schema, level, path)];
}

function extensions(schema: JSONSchemaProps, path: string): Errors {
  if (!schema['x-kubernetes-int-or-string']) return [];
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((name) => schema[name])
    .map((name) => invalid(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true'));
}

function ownType(schema: JSONSchemaProps, level: Level, path: string): Errors {
  const { type = '' } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'];
  const at = `${path}.type`;
  if (embedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    return [type ? invalid(at, type, why) : required(at, why)];
  }
  const errors: Errors = [];
  if (!type && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    errors.push(required(at, NO_TYPE[level]));
  if (embedded && schema.additionalProperties)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  return errors;
}

/** Of a whole resource, metadata is known already: only its name may be restricted. */
function resourceFields(schema: JSONSchemaProps, level: Level, path: string): Errors {
  const embedded = schema['x-kubernetes-embedded-resource'];
  const whole = level === 'root' || embedded;
  const errors: Errors = [];
  for (const name of ['kind', 'apiVersion']) {
    const s = schema.properties?.[name];
    if (s && whole && s.type !== 'string') errors.push(invalid(`${path}.properties[${name}].type`, s.type ?? '', 'must be string'));
  }
  const metadata = schema.properties?.metadata;
  const at = `${path}.properties[metadata]`;
  if (metadata && whole && metadata.type !== 'object') errors.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'));
  if (metadata && level === 'root') {
    const { type: _type, properties, description: _text, default: _value, ...rest } = metadata;
    const others = Object.keys(properties ?? {}).filter((name) => name !== 'name' && name !== 'generateName');
    if (others.length || Object.values(rest).some((v) => v !== undefined && v !== false))
      errors.push(forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'));
  }
  if (embedded && !schema['x-kubernetes-preserve-unknown-fields'] && !propertiesOf(schema).length)
    errors.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  return errors;
}

const INT_OR_STRING: readonly JSONSchemaProps[] = [{ type: 'integer' }, { type: 'string' }];
const isIntOrString = (schema: JSONSchemaProps): boolean => same(schema.anyOf, INT_OR_STRING);

function valueValidation(schema: JSONSchemaProps, path: string, excepted = isIntOrString(schema)): Errors {
  const nested = (list: readonly JSONSchemaProps[] | undefined, name: string): Errors =>
    (list ?? []).flatMap((s, i) => nestedValidation(s, `${path}.${name}[${i}]`));
  const firstExcepted = schema.allOf?.[0] ? isIntOrString(schema.allOf[0]) : false;
  return [
    ...(excepted ? [] : nested(schema.anyOf, 'anyOf')),
    ...(schema.allOf ?? []).flatMap((s, i) => nestedValidation(s, `${path}.allOf[${i}]`, firstExcepted && i === 0)),
    ...nested(schema.oneOf, 'oneOf'),
    ...(schema.not ? nestedValidation(schema.not, `${path}.not`) : []),
    ...(schema.pattern ? patternErrors(schema.pattern, `${path}.pattern`) : []),
  ];
}

function patternErrors(pattern: string, path: string): Errors {
  const problem = regexProblem(pattern);
  return problem ? [invalid(path, pattern, `must be a valid regular expression, but isn't: ${problem}`)] : [];
}

/** What may not stand where values are only restricted. */
const OUTSIDE: readonly (readonly [keyof JSONSchemaProps, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];
const isSet = (v: unknown): boolean => v !== undefined && v !== null && v !== false && v !== '' && !(Array.isArray(v) && !v.length);

function nestedValidation(schema: JSONSchemaProps, path: string, excepted = false): Errors {
  const items = itemsOf(schema);
  return [
    ...valueValidation(schema, path, excepted),
    ...(items ? nestedValidation(items, `${path}.items`) : []),
    ...propertiesOf(schema).flatMap(([name, s]) => nestedValidation(s, `${path}.properties[${name}]`)),
    ...OUTSIDE.filter(([name]) => isSet(schema[name])).map(([name, why]) => forbidden(`${path}.${name}`, why)),
    ...(schema.properties?.metadata ? [forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context')] : []),
  ];
}

/** What restricts a value must have the structure of that value beside it. */
function completeness(restricting: JSONSchemaProps, structure: JSONSchemaProps, path: string, from: string): Errors {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
    (restricting[name] ?? []).flatMap((s, i) => nestedCompleteness(s, structure, path, `${from}.${name}[${i}]`)),
  );
  return [...(restricting.not ? nestedCompleteness(restricting.not, structure, path, `${from}.not`) : []), ...lists];
}

function nestedCompleteness(restricting: JSONSchemaProps, structure: JSONSchemaProps | undefined, path: string, from: string): Errors {
  if (!structure) return [required(path, `because it is defined in ${from}`)];
  const items = itemsOf(restricting);
  return [
    ...completeness(restricting, structure, path, from),
    ...(items ? nestedCompleteness(items, itemsOf(structure), `${path}.items`, `${from}.items`) : []),
    ...propertiesOf(restricting).flatMap(([name, s]) =>
      nestedCompleteness(s, structure.properties?.[name], `${path}.properties[${name}]`, `${from}.properties[${name}]`),
    ),
  ];
}
