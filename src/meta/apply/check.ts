/**
 * Whether an apply configuration has the shape of its type: every field declared, values of their kind, lists without the same item twice.
 * The words are the original's; null stands for any value. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
import { plain, syntax, typeName } from '../go-print.js';
import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/schema.js';
import { elementText } from './field-set.js';
import { elementOf, isObject, type Key, listKeysOf } from './plan.js';

/** More than so many problems are not looked for. */
const LIMIT = 50;

type Problems = string[];

/** What is wrong, each with its path (`.spec.replicas: expected numeric (int or float), got string`), as one text; undefined: nothing. */
export function checkApplied(type: TypeSchema, object: unknown): string | undefined {
  const problems: Problems = [];
  checkFields(type, object, '', problems, true);
  if (!problems.length) return undefined;
  return problems.length === 1 ? problems[0] : ['errors:', ...problems.map((p) => `  ${p}`)].join('\n');
}

const say = (problems: Problems, path: string, text: string): void => void problems.push(path ? `${path}: ${text}` : text);

/** Go shows the value inside its own wrapper. */
const wrapped = (v: unknown): string => `&{${plain(v)}}`;

function checkFields(type: TypeSchema, json: unknown, path: string, problems: Problems, root = false): void {
  if (json === null || json === undefined) return;
  if (!isObject(json)) return say(problems, path, `expected map, got ${wrapped(json)}`);
  for (const name of Object.keys(json).sort()) {
    if (problems.length >= LIMIT) return;
    const at = `${path}.${name}`;
    const field = type.byName.get(name);
    if (field) checkField(field, json[name], at, problems);
    else if (root && (name === 'apiVersion' || name === 'kind')) checkScalar('string', json[name], at, problems);
    else if (!type.preserveUnknown) say(problems, at, 'field not declared in schema');
  }
}

function checkField(field: FieldSchema, json: unknown, path: string, problems: Problems): void {
  const { value } = field;
  if (value.is !== 'list') return checkValue(value, json, path, problems);
  const keys = listKeysOf(field);
  checkList(value.of, keys, json, path, problems);
}

function checkList(of: ValueSchema, keys: readonly Key[] | 'values' | undefined, json: unknown, path: string, problems: Problems): void {
  if (json === null || json === undefined) return;
  if (!Array.isArray(json)) return say(problems, path, `expected list, got ${wrapped(json)}`);
  const seen = new Set<string>();
  for (const [i, item] of json.entries()) {
    if (problems.length >= LIMIT) return;
    let element = `[${i}]`;
    if (keys) {
      const wrong = itemProblem(keys, item);
      // Without its name nothing can be said of the item, nor of those behind it.
      if (wrong) return say(problems, path, `element ${i}: ${wrong}`);
      const id = elementOf(keys === 'values' ? undefined : keys, item)!;
      element = elementText(id);
      if (seen.has(id)) say(problems, path, `duplicate entries for key ${element}`);
      seen.add(id);
    }
    checkValue(of, item, `${path}${element}`, problems);
  }
}

/** Why an item of an associative list cannot be told from others. */
function itemProblem(keys: readonly Key[] | 'values', item: unknown): string | undefined {
  if (keys === 'values') {
    if (item === null || item === undefined) return `associative list without keys has an element that's an explicit null`;
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
    return isObject(item) ? `associative list without keys has an element that's a map type` : undefined;
  }
  if (item === null || item === undefined) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  if (keys.some((k) => (item[k.name] ?? k.default) !== undefined)) return undefined;
  const names = keys.map((k) => JSON.stringify(k.name)).join(' ');
  return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
}

function checkValue(value: ValueSchema, json: unknown, path: string, problems: Problems): void {
  if (json === null || json === undefined) return;
  switch (value.is) {
    case 'message':
      if (value.message.alias) checkValue(value.message.alias, json, path, problems);
      else checkFields(value.message, json, path, problems);
      return;
    case 'list':
      return checkList(value.of, undefined, json, path, problems);
    case 'map':
      if (!isObject(json)) return say(problems, path, `expected map, got ${wrapped(json)}`);
      for (const name of Object.keys(json).sort()) {
        if (problems.length >= LIMIT) return;
        checkValue(value.of, json[name], `${path}.${name}`, problems);
      }
      return;
    case 'scalar':
      return checkScalar(value.scalar === 'bytes' ? 'string' : value.scalar, json, path, problems);
    case 'special':
      if (UNTYPED_SCALARS.has(value.special) && typeof json === 'object') say(problems, path, `expected any scalar, got ${wrapped(json)}`);
  }
}

/** Written as texts or numbers; what they may be is said when they are read. */
const UNTYPED_SCALARS = new Set(['Time', 'MicroTime', 'Duration', 'Quantity', 'IntOrString']);

function checkScalar(scalar: string, json: unknown, path: string, problems: Problems): void {
  if (json === null || json === undefined) return;
  if (scalar === 'string') {
    if (typeof json !== 'string') say(problems, path, `expected string, got &value.valueUnstructured{Value:${syntax(json)}}`);
  } else if (scalar === 'bool') {
    if (typeof json !== 'boolean') say(problems, path, `expected boolean, got ${wrapped(json)}`);
  } else if (typeof json !== 'number' && typeof json !== 'bigint')
    say(problems, path, `expected numeric (int or float), got ${typeName(json)}`);
}
