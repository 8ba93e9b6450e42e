/** The patches: which there are, what each makes of an object, and what is said when that does not fit its type. Every resource and subresource that is patched comes here. */
import { badRequest, invalidError, StatusError, unsupportedMediaType } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import { plain } from '../../meta/go-print.js';
import type { AnyObject } from '../../meta/object.js';
import { jsonPatch } from '../../meta/patch/json-patch.js';
import { mergePatch } from '../../meta/patch/merge-patch.js';
import { strategicMergePatch } from '../../meta/patch/strategic.js';
import type { TypeSchema } from '../../meta/schema/schema.js';
import { conversionProblem } from '../../meta/unstructured.js';
import { type ApiRequest, header } from '../request.js';
import { decodeAs, type Expected, type ParsedBody, parseBody, type Validation } from './body.js';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const TYPES: ReadonlyMap<string, PatchType> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
  ['application/apply-patch', 'apply'],
]);
const ACCEPTED = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'];
const APPLIED = ['application/apply-patch+yaml', 'application/apply-patch+cbor'];
/** A message holds no more than so many characters of a patched object. */
const SHOWN = 10_000;

/** Which patch a request is. `custom`: of a kind without a strategic merge. Throws 415 for any other. */
export function patchType(request: ApiRequest, custom = false): PatchType {
  const type = TYPES.get((header(request, 'content-type') ?? '').split(';')[0]!.trim());
  if (type && !(custom && type === 'strategic')) return type;
  const known = [...(custom ? ACCEPTED.slice(0, 2) : ACCEPTED), ...APPLIED];
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${known.join(', ')}`);
}

/** The patch itself: applied configurations may be YAML, the others are JSON. */
export function patchBody(request: ApiRequest, type: PatchType, kind: string): ParsedBody {
  const as = type === 'apply' ? 'application/yaml' : 'application/json';
  return parseBody({ ...request, headers: { ...request.headers, 'content-type': as } }, kind);
}

/** What the patch makes of `before`, as JSON that may not fit the type yet. Neither is changed. */
export function patched(type: Exclude<PatchType, 'apply'>, before: AnyObject, patch: unknown, schema: TypeSchema): AnyObject {
  if (type === 'json') return jsonPatch(before, patch) as AnyObject;
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`,
    );
  if (type === 'merge') return mergePatch(before, patch) as AnyObject;
  return strategicMergePatch(before, patch as Record<string, unknown>, schema) as AnyObject;
}

/** The patched JSON as an object of its type. That it is none is the patch's fault: 422, about `patch`. */
export function decodePatched(
  type: Exclude<PatchType, 'apply'>,
  after: AnyObject,
  schema: TypeSchema,
  expected: Expected,
  validation: Validation,
  warnings: string[],
  { value: patch, ...text }: ParsedBody,
): AnyObject {
  try {
    return decodeAs(after, expected, validation, warnings, text);
  } catch (e) {
    if (!(e instanceof StatusError && e.code === 400)) throw e;
    const strict = /strict decoding error: /.exec(e.message);
    let shown = type === 'strategic' ? plain(patch) : JSON.stringify(after);
    if (shown.length > SHOWN) shown = `${shown.slice(0, SHOWN)}...`;
    let why = strict ? e.message.slice(strict.index) : e.message;
    if (type === 'strategic' && !strict) why = conversionProblem(schema, after) ?? why;
    throw invalidError('', '', '', [invalid('patch', shown, why)]);
  }
}
