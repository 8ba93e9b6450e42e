/**
 * From client-side to server-side apply: `kubectl apply` kept what it applied in an annotation, and its fields belong to it under another
 * manager's name. `kubectl apply --server-side` may change those without a conflict, and keeps the annotation up to date where there is one.
 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
 */
import type { ResourceDefinition } from '../../api/resource.js';
import { checkApplied } from '../../meta/apply/check.js';
import { compare } from '../../meta/apply/compare.js';
import { difference, EMPTY, type FieldSet, union } from '../../meta/apply/field-set.js';
import { planOf } from '../../meta/apply/plan.js';
import { toFieldSet } from '../../meta/apply/to-field-set.js';
import { groupVersion } from '../../meta/gvk.js';
import { parseJson } from '../../meta/json.js';
import { byteLength } from '../../meta/names.js';
import type { AnyObject } from '../../meta/object.js';

export const KUBECTL = 'kubectl';
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** All annotations together may not be larger; the copy goes then. In bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** What the annotation of a live object holds and the object still has; nothing where there is none, or it cannot be read. */
export function lastAppliedFields(definition: ResourceDefinition, live: AnyObject): FieldSet {
  const text = live.metadata.annotations?.[ANNOTATION];
  if (!text) return EMPTY;
  let last: AnyObject;
  try {
    last = parseJson(text) as AnyObject;
  } catch {
    return EMPTY;
  }
  if (last?.apiVersion !== groupVersion(definition.group, definition.version) || checkApplied(definition.type, last)) return EMPTY;
  const plan = planOf(definition.type);
  const { added, modified, removed } = compare(plan, last, live, () => false);
  return difference(toFieldSet(plan, last), union(union(added, modified), removed));
}

/** The annotation, where the object has one, says what was applied now. Mutates `object`. */
export function followLastApplied(object: AnyObject, applied: AnyObject): void {
  const annotations = object.metadata.annotations;
  if (!annotations?.[ANNOTATION]) return;
  const { [ANNOTATION]: _, ...others } = annotations;
  const { [ANNOTATION]: _own, ...kept } = applied.metadata.annotations ?? {};
  const config = { ...applied, metadata: { ...applied.metadata, ...(applied.metadata.annotations ? { annotations: kept } : {}) } };
  const text = `${JSON.stringify(sorted(config))}\n`;
  const bytes = Object.entries(others).reduce((n, [k, v]) => n + byteLength(k) + byteLength(v), byteLength(ANNOTATION) + byteLength(text));
  object.metadata.annotations = bytes > ANNOTATIONS_LIMIT ? others : { ...others, [ANNOTATION]: text };
}

/** As Go writes maps: by their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
