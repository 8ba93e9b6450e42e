/** metadata.managedFields as a table: one entry per manager, operation, version and subresource. */

import { EMPTY, type FieldSet, isEmpty, union } from '../../meta/apply/field-set.js';
import { parseJson } from '../../meta/json.js';
import type { ManagedFieldsEntry } from '../../meta/types/v1.js';

export type Entries = Map<string, ManagedFieldsEntry>;

/** Update entries that are kept apart; the oldest beyond these become one. */
const UPDATE_ENTRIES_LIMIT = 10;
const OLD_CHANGES = 'ancient-changes';

/** An applier is the same whatever version it applies in; an updater has one entry per version. */
export const keyOf = (e: Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string =>
  `${e.operation} ${e.subresource ?? ''} ${e.operation === 'Apply' ? '' : e.apiVersion} ${e.manager}`;

export const setOf = (e: ManagedFieldsEntry | undefined): FieldSet => (e?.fieldsV1 as FieldSet | undefined) ?? EMPTY;

/** Undefined where an entry is malformed. */
export function readEntries(list: readonly ManagedFieldsEntry[] | undefined): Entries | undefined {
  const out: Entries = new Map();
  for (const e of list ?? []) {
    if ((e.operation !== 'Apply' && e.operation !== 'Update') || !e.apiVersion || e.fieldsType !== 'FieldsV1') return undefined;
    if (e.fieldsV1 !== undefined && !isFieldSet(e.fieldsV1)) return undefined;
    out.set(keyOf(e), e);
  }
  return out;
}

const isFieldSet = (v: unknown): boolean =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && Object.entries(v).every(([k, x]) => isElement(k) && isFieldSet(x));

function isElement(element: string): boolean {
  if (element === '.' || element.startsWith('f:')) return true;
  const rest = element.slice(2);
  if (element.startsWith('i:')) return /^\d+$/.test(rest);
  if (!/^[kv]:/.test(element)) return false;
  try {
    parseJson(rest);
    return element[0] === 'v' || rest[0] === '{';
  } catch {
    return false;
  }
}

/** An entry in the order in which it is written. */
export function entry(
  e: Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>,
  time: string | undefined,
  fields: FieldSet,
): ManagedFieldsEntry {
  return {
    manager: e.manager,
    operation: e.operation,
    apiVersion: e.apiVersion,
    ...(time ? { time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(e.subresource ? { subresource: e.subresource } : {}),
  } as ManagedFieldsEntry;
}

/** Gives an entry another set; without any field it goes. */
export function setFields(entries: Entries, key: string, e: ManagedFieldsEntry, fields: FieldSet): void {
  if (isEmpty(fields)) entries.delete(key);
  else if (fields !== setOf(e)) entries.set(key, entry(e, e.time, fields));
}

const byTime = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number => order(a.time ?? '', b.time ?? '');
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Apply before Update, then by time, manager, version and subresource. */
export function writeEntries(entries: Entries): ManagedFieldsEntry[] {
  return [...entries.values()].sort(
    (a, b) =>
      order(a.operation ?? '', b.operation ?? '') ||
      byTime(a, b) ||
      order(a.manager ?? '', b.manager ?? '') ||
      order(a.apiVersion ?? '', b.apiVersion ?? '') ||
      order(a.subresource ?? '', b.subresource ?? ''),
  );
}

/** Joins the oldest updates of a version when there are too many. */
export function limitUpdates(entries: Entries): void {
  const updates = [...entries].filter(([, e]) => e.operation === 'Update').sort(([k, a], [l, b]) => byTime(a, b) || order(k, l));
  let left = updates.length;
  const first = new Map<string, string>();
  for (const [key, e] of updates) {
    if (left <= UPDATE_ENTRIES_LIMIT) return;
    const version = e.apiVersion ?? '';
    const before = first.get(version);
    if (before === undefined) {
      first.set(version, key);
      continue;
    }
    const bucket = { manager: OLD_CHANGES, operation: 'Update', apiVersion: version } as const;
    const bucketKey = keyOf(bucket);
    const there = entries.get(bucketKey) ?? entries.get(before);
    if (!entries.has(bucketKey)) entries.delete(before);
    entries.delete(key);
    entries.set(bucketKey, entry(bucket, e.time, union(setOf(e), setOf(there))));
    left--;
  }
}
