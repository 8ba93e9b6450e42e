/** What a schema of a custom resource may say, beside being structural. Rules (CEL) are not compiled here. */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, repeats } from '../check.js';
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions/v1.js';
import { additionalOf, itemsOf, propertiesOf } from './structural.js';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const META_FIELDS = ['metadata', 'kind', 'apiVersion'];

interface Around {
  readonly root: boolean;
  readonly insideMeta: boolean;
  /** Why defaults may not be given here. */
  readonly noDefaults?: string;
}

export function validateOpenApiSchema(schema: JSONSchemaProps, path: string, around: Around = { root: true, insideMeta: false }): Errors {
  const below: Around = { ...around, root: false };
  const nested = (list: readonly JSONSchemaProps[] | undefined, name: string): Errors =>
    (list ?? []).flatMap((s, i) => validateOpenApiSchema(s, `${path}.${name}[${i}]`, below));
  const items = itemsOf(schema);
  const more = additionalOf(schema);
  const noDefaults = around.insideMeta ? { noDefaults: 'inside additionalProperties applying to object metadata' } : {};
  return [
    ...unsupported(schema, around, path),
    ...(schema.uniqueItems
      ? [forbidden(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic')]
      : []),
    ...(propertiesOf(schema).length && schema.additionalProperties !== undefined && schema.additionalProperties !== true
      ? [forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...(more ? validateOpenApiSchema(more, `${path}.additionalProperties`, { ...below, ...noDefaults }) : []),
    ...propertiesOf(schema).flatMap(([name, s]) =>
      validateOpenApiSchema(s, `${path}.properties[${name}]`, inProperty(schema, name, around)),
    ),
    ...(schema.not ? validateOpenApiSchema(schema.not, `${path}.not`, below) : []),
    ...nested(schema.allOf, 'allOf'),
    ...nested(schema.oneOf, 'oneOf'),
    ...nested(schema.anyOf, 'anyOf'),
    ...(items ? validateOpenApiSchema(items, `${path}.items`, below) : []),
    ...mapAndListTypes(schema, path),
    ...mapKeys(schema, path),
    ...itemsOfSets(schema, path),
    ...(schema['x-kubernetes-validations'] ?? []).flatMap((r, i) => rule(r, schema, `${path}.x-kubernetes-validations[${i}]`)),
  ];
}

function inProperty(schema: JSONSchemaProps, name: string, around: Around): Around {
  const meta = (around.root || schema['x-kubernetes-embedded-resource']) && META_FIELDS.includes(name);
  if (!meta) return { ...around, root: false };
  return { root: false, insideMeta: true, ...(around.root ? { noDefaults: `in top-level ${name}` } : {}) };
}

function unsupported(schema: JSONSchemaProps, { insideMeta, noDefaults }: Around, path: string): Errors {
  const errors: Errors = [];
  const refuse = (name: string, text = `${name} is not supported`) => errors.push(forbidden(`${path}.${name}`, text));
  if (schema.type && !TYPES.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, TYPES));
  if (schema.default !== undefined && noDefaults) refuse('default', `must not be set ${noDefaults}`);
  if (schema.id) refuse('id');
  if (schema.additionalItems !== undefined) refuse('additionalItems');
  if (Object.keys(schema.patternProperties ?? {}).length) refuse('patternProperties');
  if (Object.keys(schema.definitions ?? {}).length) refuse('definitions');
  if (schema.dependencies) refuse('dependencies');
  if (schema.$ref !== undefined) refuse('$ref');
  if (schema.type === 'null') refuse('type', 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items) && schema.items.length) refuse('items', 'items must be a schema object and not an array');
  if (insideMeta && schema['x-kubernetes-embedded-resource'])
    refuse('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  return errors;
}

function mapAndListTypes(schema: JSONSchemaProps, path: string): Errors {
  const { type = '' } = schema;
  const errors: Errors = [];
  const needs = (wanted: string, because: string) => {
    const text = `must be ${wanted} if ${because} is specified`;
    errors.push(type ? invalid(`${path}.type`, type, text) : required(`${path}.type`, text));
  };
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (type !== 'object') needs('object', 'x-kubernetes-map-type');
    const known = ['atomic', 'granular'];
    if (!known.includes(mapType)) errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, known));
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType === undefined) return errors;
  if (type !== 'array') needs('array', 'x-kubernetes-list-type');
  else if (listType === 'set') addAll(errors, atomicItems(itemsOf(schema), `${path}.items`));
  const known = ['atomic', 'set', 'map'];
  if (!known.includes(listType)) errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, known));
  return errors;
}

/** Items of a set are compared as a whole. */
function atomicItems(items: JSONSchemaProps | undefined, path: string): Errors {
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const [list, map] = [items?.['x-kubernetes-list-type'], items?.['x-kubernetes-map-type']];
  if (items?.type === 'array' && list !== undefined && list !== 'atomic') return [invalid(`${path}.x-kubernetes-list-type`, list, text)];
  if (items?.type === 'object' && map !== 'atomic') return [invalid(`${path}.x-kubernetes-map-type`, list ?? null, text)];
  return [];
}

function mapKeys(schema: JSONSchemaProps, path: string): Errors {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const listType = schema['x-kubernetes-list-type'];
  const errors: Errors = [];
  if (keys.length && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, text) : invalid(at, listType, text));
  }
  if (listType !== 'map') return errors;
  const at = `${path}.x-kubernetes-list-map-keys`;
  if (!keys.length) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'));
  if (!schema.items) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  if (Array.isArray(schema.items))
    errors.push(invalid(`${path}.items`, schema.items, 'must only have a single schema if x-kubernetes-list-type is map'));
  const items = itemsOf(schema);
  if (!items) return errors;
  if (items.type !== 'object') {
    errors.push(invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"));
    return errors;
  }
  const again = repeats(keys);
  for (const [i, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (!property) errors.push(invalid(at, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object')
      errors.push(
        invalid(
          `${path}.items.properties[${key}].type`,
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (again[i]) errors.push(invalid(at, keys, 'must not contain duplicate entries'));
  }
  return errors;
}

/** Items that are told apart by something are there, and have it. */
function itemsOfSets(schema: JSONSchemaProps, path: string): Errors {
  const listType = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (!items || (listType !== 'set' && listType !== 'map')) return [];
  const errors: Errors = items.nullable
    ? [forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
    : [];
  if (listType === 'set') return errors;
  const needed = new Set(items.required ?? []);
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties?.[key];
    const at = `${path}.items.properties[${key}]`;
    if (!property) continue;
    if (!needed.has(key) && property.default === undefined)
      errors.push(
        required(`${at}.default`, 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'),
      );
    if (property.nullable)
      errors.push(forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'));
  }
  return errors;
}

const hasNewline = (text: string): boolean => /[\n\r]/.test(text);

function rule(r: ValidationRule, schema: JSONSchemaProps, path: string): Errors {
  const { message = '', messageExpression = '', fieldPath = '', reason } = r;
  const errors: Errors = [];
  if (!r.rule?.trim()) errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (message && !message.trim()) errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'));
  else if (hasNewline(message.trim())) errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
  else if (hasNewline(r.rule.trim()) && !message.trim())
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  if (messageExpression && !messageExpression.trim())
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS));
  const at = `${path}.fieldPath`;
  if (fieldPath && !fieldPath.trim()) errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  if (hasNewline(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  if (fieldPath && typeof follow(schema, fieldPath, true) === 'string') errors.push(invalid(at, fieldPath, 'must be a valid path'));
  return errors;
}

const STEP = /^(?:\.([A-Za-z_][A-Za-z0-9_]*)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\])/;

/** The schema of a field by its path (`.spec.a['b']`), or what is wrong with the path. */
export function follow(schema: JSONSchemaProps, path: string, throughLists = false): JSONSchemaProps | string {
  let at: JSONSchemaProps = schema;
  let rest = path;
  while (rest) {
    const step = STEP.exec(rest);
    if (!step) return `expected [ or . but got: ${rest}`;
    rest = rest.slice(step[0].length);
    const name = step[1] ?? step[2]?.replace(/\\(.)/g, '$1');
    const next: JSONSchemaProps | undefined =
      name === undefined ? (throughLists ? itemsOf(at) : undefined) : (at.properties?.[name] ?? additionalOf(at));
    if (!next) return 'does not refer to a valid field';
    at = next;
  }
  return at;
}
