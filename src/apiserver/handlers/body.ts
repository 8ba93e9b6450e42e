/** From a request's body to an object of the resource's type. */
import type { Read } from '../../meta/decode.js';
import { badRequest, StatusError, tooLarge, unsupportedMediaType } from '../../meta/errors.js';
import { parseApiVersion } from '../../meta/gvk.js';
import { parseJson } from '../../meta/json.js';
import type { AnyObject } from '../../meta/object.js';
import { readYaml } from '../../meta/yaml.js';
import { text } from '../../util/bytes.js';
import { duplicateFields, inDocumentOrder } from '../encode/duplicate-fields.js';
import { decodeProtobuf, PROTOBUF } from '../encode/protobuf.js';
import { type ApiRequest, header } from '../request.js';

/** Larger bodies are refused with 413. */
export const BODY_LIMIT = 3 * 1024 * 1024;

export type Validation = 'Strict' | 'Warn' | 'Ignore';

export interface Expected {
  readonly apiVersion: string;
  readonly kind: string;
  readonly read: Read;
  readonly group: string;
  /** Former versions in which the kind, unchanged since, may come, too (`policy/v1beta1`). */
  readonly olderVersions?: readonly string[];
}

export interface ParsedBody {
  readonly value: unknown;
  /** Fields that are there twice, by their paths. */
  readonly duplicates: readonly string[];
  /** The JSON text, where it was one. */
  readonly source?: string;
  /** What a strict reader of YAML says about it. */
  readonly yaml?: string;
}

/** The parsed body, whatever its format, and what of it a strict reader refuses. */
export function parseBody(request: ApiRequest, kind: string): ParsedBody {
  const body = request.body;
  if (body === undefined) return { value: undefined, duplicates: [] };
  if (!(body instanceof Uint8Array)) return { value: body.object, duplicates: [] };
  if (body.length === 0) return { value: undefined, duplicates: [] };
  if (body.length > BODY_LIMIT) throw tooLarge(`Request entity too large: limit is ${BODY_LIMIT}`);
  const type = (header(request, 'content-type') ?? 'application/json').split(';')[0]!.trim();
  if (type === PROTOBUF) return { value: decodeProtobuf(body), duplicates: [] };
  if (type === 'application/yaml') {
    try {
      const [first] = readYaml(text(body));
      const twice = first?.duplicates ?? [];
      const yaml = twice.length ? `yaml: unmarshal errors:\n${twice.map((d) => `  ${d}`).join('\n')}` : undefined;
      return { value: first?.value ?? null, duplicates: [], yaml };
    } catch (e) {
      throw badRequest(`the object provided is unrecognized (must be of type ${kind}): yaml: ${(e as Error).message.split('\n')[0]}`);
    }
  }
  if (type !== 'application/json') {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${PROTOBUF}`,
    );
  }
  const source = text(body);
  return { value: json(source, kind), duplicates: duplicateFields(source), source };
}

function json(source: string, kind: string): unknown {
  try {
    return parseJson(source);
  } catch (e) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${(e as Error).message}`,
    );
  }
}

/** Decodes a parsed body as `expected`; unknown and double fields become errors or warnings as asked. */
export function decodeAs(
  value: unknown,
  expected: Expected,
  validation: Validation,
  warnings: string[],
  { duplicates, source, yaml }: Omit<ParsedBody, 'value'> = { duplicates: [] },
): AnyObject {
  const { kind, apiVersion } = expected;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const given = value as { kind?: unknown; apiVersion?: unknown };
  for (const field of ['kind', 'apiVersion'] as const) {
    const v = given[field];
    if (v === undefined || v === null || typeof v === 'string') continue;
    const type = Array.isArray(v) ? 'array' : typeof v === 'boolean' ? 'bool' : typeof v;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go struct field .${field} of type string`,
    );
  }
  const gotKind = (given.kind as string) || kind;
  const gotVersion = (given.apiVersion as string) || apiVersion;
  if (gotVersion !== apiVersion && !expected.olderVersions?.includes(gotVersion)) {
    throw badRequest(
      `${gotKind} in version ${JSON.stringify(parseApiVersion(gotVersion).version)} cannot be handled as a ${kind}: no kind ${JSON.stringify(gotKind)} is registered for version ${JSON.stringify(gotVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  const version = parseApiVersion(apiVersion).version;
  if (gotKind !== kind) {
    const home = parseApiVersion(apiVersion).group || 'core';
    const pkg = home.split('.')[0]!;
    throw badRequest(
      `${gotKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: converting (${version}.${gotKind}) to (${pkg}.${kind}): unknown conversion`,
    );
  }
  try {
    const { object, problems } = expected.read({ ...value, kind, apiVersion }, validation);
    const all = [...(yaml ? [yaml] : []), ...refused(problems, duplicates, source)];
    if (all.length && validation === 'Strict') {
      throw badRequest(`strict decoding error: ${all.join(', ')}`);
    }
    if (validation === 'Warn') for (const problem of all) warnings.push(problem);
    return object;
  } catch (e) {
    if (e instanceof StatusError && e.code === 400)
      throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${e.message}`);
    throw e;
  }
}

/** What is wrong with a text for a strict reader, in the text's order. */
function refused(unknown: readonly string[], duplicates: readonly string[], source = ''): readonly string[] {
  if (duplicates.length === 0) return unknown;
  const left = new Map(unknown.map((problem) => [JSON.parse(problem.slice('unknown field '.length)) as string, problem]));
  const found = inDocumentOrder(source, new Set(left.keys())).map(({ path, again }) => {
    if (again) return `duplicate field ${JSON.stringify(path)}`;
    left.delete(path);
    return `unknown field ${JSON.stringify(path)}`;
  });
  // A patch may lead to unknown fields that its text does not have.
  return [...found, ...left.values()];
}

/** The body as the call's own kind. */
export function readObject(request: ApiRequest, expected: Expected, validation: Validation, warnings: string[]): AnyObject {
  const { value, ...text } = parseBody(request, expected.kind);
  if (value === undefined || value === null)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: unexpected end of JSON input`,
    );
  return decodeAs(value, expected, validation, warnings, text);
}
