/**
 * Who owns which field: metadata.managedFields after every write, and server-side apply.
 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import type { ResourceDefinition } from '../../api/resource.js';
import { checkApplied } from '../../meta/apply/check.js';
import { type Comparison, compare } from '../../meta/apply/compare.js';
import { difference, EMPTY, type FieldSet, intersection, isEmpty, union, without } from '../../meta/apply/field-set.js';
import { merge } from '../../meta/apply/merge.js';
import { equal, type Plan, planOf } from '../../meta/apply/plan.js';
import { prune } from '../../meta/apply/remove.js';
import { toFieldSet } from '../../meta/apply/to-field-set.js';
import { zero } from '../../meta/decode.js';
import { badRequest, StatusError } from '../../meta/errors.js';
import { groupVersion } from '../../meta/gvk.js';
import type { AnyObject } from '../../meta/object.js';
import type { TypeSchema } from '../../meta/schema/schema.js';
import type { ManagedFieldsEntry } from '../../meta/types/v1.js';
import { timestamp } from '../../util/clock.js';
import type { FieldManager } from '../core.js';
import { conflictError } from './conflict.js';
import { type Entries, entry, keyOf, limitUpdates, readEntries, setFields, setOf, writeEntries } from './entries.js';
import { followLastApplied, KUBECTL, lastAppliedFields } from './last-applied.js';

/** What an object's fields belonged to before anyone applied it. */
const BEFORE_APPLY = 'before-first-apply';

/** What the server itself sets is nobody's. */
const UNOWNED = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.creationTimestamp',
  'metadata.selfLink',
  'metadata.uid',
  'metadata.generation',
  'metadata.managedFields',
  'metadata.resourceVersion',
]);
const UNOWNED_SET: FieldSet = {
  'f:apiVersion': EMPTY,
  'f:kind': EMPTY,
  'f:metadata': Object.fromEntries(
    ['.', ...[...UNOWNED].filter((p) => p.startsWith('metadata.')).map((p) => `f:${p.slice(9)}`)].map((k) => [k, EMPTY]),
  ),
};
const unowned = (path: string): boolean => UNOWNED.has(path);

/** Subresources that change an object without becoming managers of its fields. */
const UNTRACKED = new Set(['binding', 'eviction']);

const zeros = new WeakMap<TypeSchema, AnyObject>();
/** The empty object, against which a new one is compared. */
function emptyOf(type: TypeSchema): AnyObject {
  let empty = zeros.get(type);
  if (!empty) zeros.set(type, (empty = zero(type)));
  return empty;
}

/** Top-level fields that a write to this part of the object does not change, whatever was sent. */
function outside(definition: ResourceDefinition, subresource: string): readonly string[] {
  if (!definition.subresources.status) return [];
  return subresource === 'status' ? ['f:spec'] : ['f:status'];
}

function compared(plan: Plan, definition: ResourceDefinition, left: AnyObject, right: AnyObject, subresource: string): Comparison {
  const all = compare(plan, left, right, unowned);
  const left_ = outside(definition, subresource);
  return { added: without(all.added, left_), modified: without(all.modified, left_), removed: without(all.removed, left_) };
}

/** Managed fields may be cleared: by an empty list, or one empty entry. */
const isReset = (list: readonly ManagedFieldsEntry[] | undefined): boolean =>
  list !== undefined && (list.length === 0 || (list.length === 1 && Object.values(list[0]!).every((v) => v === undefined || v === '')));

/** Where the table of before stands: a client may rewrite it through the object itself, but not through a subresource. */
function entriesBefore(next: AnyObject, current: AnyObject | undefined, subresource: string): Entries {
  const live = current?.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  const sent = next.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  if (!subresource && sent) {
    if (isReset(sent)) return new Map();
    const read = readEntries(sent);
    if (read?.size) return read;
  }
  return readEntries(live) ?? new Map();
}

function write(object: AnyObject, entries: Entries): void {
  if (entries.size) object.metadata.managedFields = writeEntries(entries);
  else delete object.metadata.managedFields;
}

/** After an update: fields that changed go from all others to `manager`; removed ones are nobody's. */
function tracked(
  entries: Entries,
  changes: Comparison,
  who: Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>,
  time: string,
): void {
  const taken = union(changes.added, changes.modified);
  const gone = union(taken, changes.removed);
  const own = keyOf(who);
  for (const [key, e] of [...entries]) if (key !== own) setFields(entries, key, e, difference(setOf(e), gone));
  const before = entries.get(own);
  if (before) setFields(entries, own, before, difference(setOf(before), changes.removed));
  if (!isEmpty(taken)) entries.set(own, entry(who, time, union(setOf(entries.get(own)), taken)));
  limitUpdates(entries);
}

function track(
  definition: ResourceDefinition,
  next: AnyObject,
  current: AnyObject | undefined,
  manager: string,
  subresource: string,
  now: number,
): void {
  const live = current?.metadata.managedFields as ManagedFieldsEntry[] | undefined;
  if (!definition.keyPrefix) return;
  if (UNTRACKED.has(subresource)) {
    if (live) next.metadata.managedFields = live;
    return;
  }
  const entries = entriesBefore(next, current, subresource);
  // Whoever cleared the table does not want one.
  if (current && !entries.size) {
    delete next.metadata.managedFields;
    return;
  }
  const changes = compared(planOf(definition.type), definition, current ?? emptyOf(definition.type), next, subresource);
  const who = {
    manager: manager || 'unknown',
    operation: 'Update' as const,
    apiVersion: groupVersion(definition.group, definition.version),
    subresource,
  };
  if (!isEmpty(changes.added) || !isEmpty(changes.modified) || !isEmpty(changes.removed)) tracked(entries, changes, who, timestamp(now));
  write(next, entries);
}

function check(definition: ResourceDefinition, applied: AnyObject): void {
  const apiVersion = groupVersion(definition.group, definition.version);
  if (applied.apiVersion !== apiVersion)
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${applied.apiVersion}, expected: ${apiVersion}`);
  const wrong = checkApplied(definition.type, applied);
  if (!wrong) return;
  const { namespace = '', name = '' } = applied.metadata ?? {};
  const kind = `${definition.group}/${definition.version}, Kind=${definition.kind}`;
  // As the original answers: an error of its own, without a reason.
  throw new StatusError(500, '', `failed to create typed patch object (${namespace}/${name}; ${kind}): ${wrong}`);
}

/** Fields of others that this manager may change: kubectl those that its client-side apply set, which nobody changed since. */
const allowed = (definition: ResourceDefinition, live: AnyObject, manager: string): FieldSet =>
  manager === KUBECTL ? lastAppliedFields(definition, live) : EMPTY;

function apply(
  definition: ResourceDefinition,
  current: AnyObject | undefined,
  applied: AnyObject,
  manager: string,
  force: boolean,
  subresource: string,
  now: number,
): AnyObject {
  const plan = planOf(definition.type);
  const apiVersion = groupVersion(definition.group, definition.version);
  const empty = emptyOf(definition.type);
  const live = current ?? empty;
  const time = timestamp(now);
  const entries = readEntries(live.metadata.managedFields as ManagedFieldsEntry[] | undefined) ?? new Map<string, ManagedFieldsEntry>();
  if (current && !entries.size) {
    // Nobody managed it so far: all there is belongs to those before.
    const who = { manager: BEFORE_APPLY, operation: 'Update' as const, apiVersion, subresource };
    tracked(entries, compared(plan, definition, empty, live, subresource), who, time);
  }

  const config = { ...applied, metadata: { ...applied.metadata, name: applied.metadata?.name ?? live.metadata.name } } as AnyObject;
  const claimed = without(toFieldSet(plan, config), outside(definition, subresource));
  const who = { manager: manager || 'unknown', operation: 'Apply' as const, apiVersion, subresource };
  const own = keyOf(who);
  const last = entries.get(own);
  const held = [...entries].reduce((all, [key, e]) => (key === own ? all : union(all, setOf(e))), claimed);
  const merged = prune(plan, merge(plan, live, config), setOf(last), held) as AnyObject;

  const changes = compared(plan, definition, live, merged, subresource);
  const changed = union(changes.added, changes.modified);
  const conflicts = [...entries]
    .filter(([key]) => key !== own)
    .map(([, e]) => ({ entry: e, fields: intersection(setOf(e), changed) }))
    .filter((c) => !isEmpty(c.fields));
  if (conflicts.length && !force) {
    const kept = allowed(definition, live, manager);
    const left = conflicts.map((c) => ({ ...c, fields: difference(c.fields, kept) })).filter((c) => !isEmpty(c.fields));
    if (left.length) throw conflictError(left);
  }
  const gone = union(changed, changes.removed);
  for (const [key, e] of [...entries]) if (key !== own) setFields(entries, key, e, difference(setOf(e), gone));

  const fields = difference(claimed, UNOWNED_SET);
  const same = equal(live, merged);
  if (isEmpty(fields)) entries.delete(own);
  else if (!same || !last || !equal(setOf(last), fields)) entries.set(own, entry(who, same ? last?.time : time, fields));
  const out = { ...merged, metadata: { ...merged.metadata } } as AnyObject;
  write(out, entries);
  if (manager === KUBECTL) followLastApplied(out, applied);
  return out;
}

export const fieldManager: FieldManager = { track, check, apply };
