/**
 * Strategic merge patch: lists with a merge key are merged element by element; `$patch`, `$setElementOrder`, `$deleteFromPrimitiveList` and
 * `$retainKeys` steer it. Which lists merge, and by what, stands in the schema.
 * Source: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
import { getOwn, setOwn } from '../../util/own.js';
import { badRequest, StatusError } from '../errors.js';
import type { FieldSchema, TypeSchema } from '../schema/schema.js';

type Json = Record<string, unknown>;

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const SET_ORDER = '$setElementOrder/';
const DELETE_FROM = '$deleteFromPrimitiveList/';

const isMap = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);
const unprocessable = (): StatusError => new StatusError(422, '', 'the server rejected our request due to an error in our request', {});

/** The object after the patch; neither argument is changed. Throws 400 or 422 where the patch makes no sense. */
export function strategicMergePatch(current: object, patch: Record<string, unknown>, type: TypeSchema): unknown {
  return mergeMap(current as Json, patch, type);
}

function mergeMap(current: Json | undefined, patch: Json, type: TypeSchema | undefined): Json {
  if (DIRECTIVE in patch) return replaceMap(patch);
  const next: Json = { ...current };
  applyRetainKeys(next, patch);
  const done = new Set<string>();
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue;
    const name = key.slice(SET_ORDER.length);
    mergeOrdered(next, patch, name, order, type);
    done.add(name);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || done.has(key)) continue;
    if (key.startsWith(DELETE_FROM)) deletePrimitives(next, key.slice(DELETE_FROM.length), value);
    else mergeField(next, key, value, type);
  }
  return next;
}

/** `$patch: replace` takes the rest of the patch as it is; `$patch: delete` empties the map. */
function replaceMap(patch: Json): Json {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw badRequest(`unknown patch type: ${String(directive)} in map: ${JSON.stringify(patch)}`);
}

function mergeField(next: Json, key: string, value: unknown, type: TypeSchema | undefined): void {
  if (value === null) {
    delete next[key];
    return;
  }
  const field = type?.byName.get(key);
  const before = getOwn(next, key);
  if (isMap(value) && isMap(before)) {
    setOwn(next, key, mergeMap(before, value, messageOf(field)));
  } else if (Array.isArray(value) && Array.isArray(before) && field?.merge) {
    setOwn(next, key, mergeList(before, value, field));
  } else if (Array.isArray(value) && Array.isArray(before)) {
    setOwn(next, key, value);
  } else {
    const { keep, value: cleaned } = withoutDirectives(dropNulls(value));
    if (keep) setOwn(next, key, cleaned);
    else delete next[key];
  }
}

/** The type of the values a field holds: of the message, of a list's or a map's elements. */
function messageOf(field: FieldSchema | undefined): TypeSchema | undefined {
  let value = field?.value;
  while (value?.is === 'list' || value?.is === 'map') value = value.of;
  return value?.is === 'message' ? value.message : undefined;
}

function applyRetainKeys(next: Json, patch: Json): void {
  if (!(RETAIN_KEYS in patch)) return;
  const keys = patch[RETAIN_KEYS];
  if (!Array.isArray(keys)) throw badRequest('invalid patch format of retainKeys');
  const retained = new Set<unknown>(keys);
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || value === null || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM)) continue;
    if (!retained.has(key)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(next)) if (!retained.has(key)) delete next[key];
}

function deletePrimitives(next: Json, name: string, value: unknown): void {
  if (value === null) {
    delete next[name];
    return;
  }
  if (!Array.isArray(value)) throw badRequest('invalid patch format of primitive list');
  const before = getOwn(next, name);
  const gone = new Set<unknown>(value);
  if (Array.isArray(before)) next[name] = before.filter((e) => !gone.has(e));
}

/** A list whose wanted order is given: merged first, then ordered by the directive, the patch, and what the object had. */
function mergeOrdered(next: Json, patch: Json, name: string, order: unknown, type: TypeSchema | undefined): void {
  if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
  const field = type?.byName.get(name);
  if (!field)
    throw badRequest(
      `unable to find api field in struct ${type?.name.split('.').at(-1) ?? 'map'} for the json field ${JSON.stringify(name)}`,
    );
  const before = getOwn(next, name);
  const given = getOwn(patch, name);
  if (before !== undefined && before !== null && !Array.isArray(before)) throw badRequest('expected a list');
  if (given !== undefined && given !== null && !Array.isArray(given)) throw badRequest('invalid patch format of setElementOrder list');
  const key = field.mergeKey;
  if (Array.isArray(given)) checkOrder(given, order, key);
  let merged: unknown[];
  if (Array.isArray(before) && Array.isArray(given)) merged = field.merge ? mergeList(before, given, field) : given;
  else if (Array.isArray(before)) {
    if (given === null) {
      delete next[name];
      return;
    }
    merged = before;
  } else if (Array.isArray(given)) merged = withoutDirectives(given).value as unknown[];
  else return;
  next[name] = arrange(merged, order, Array.isArray(before) ? before : [], key);
}

function checkOrder(given: readonly unknown[], order: readonly unknown[], key: string | undefined): void {
  const wanted = given.filter((e) => !(isMap(e) && DIRECTIVE in e));
  if (order.length === 0 || given.length === 0) return;
  let at = 0;
  for (const o of order) if (at < wanted.length && identity(wanted[at], key) === identity(o, key)) at++;
  if (at < wanted.length)
    throw badRequest(
      `The order in patch list:\n${JSON.stringify(given)}\n doesn't match ${SET_ORDER.slice(0, -1)} list:\n${JSON.stringify(order)}\n`,
    );
}

function mergeList(before: readonly unknown[], patch: readonly unknown[], field: FieldSchema): unknown[] {
  const all = [...before, ...patch];
  if (all.length === 0) return [];
  if (all.some(Array.isArray)) throw unprocessable();
  if (!all.some(isMap)) {
    const merged = [...new Set(all)];
    return arrange(merged, patch, before, undefined);
  }
  const key = field.mergeKey;
  if (!key) throw badRequest(`cannot merge lists without merge key for ${field.name}`);
  return mergeObjects(before, patch, key, messageOf(field));
}

function mergeObjects(before: readonly unknown[], patch: readonly unknown[], key: string, type: TypeSchema | undefined): unknown[] {
  const deleted = new Set<unknown>();
  let replace = false;
  const rest: Json[] = [];
  for (const element of patch) {
    if (!isMap(element)) throw badRequest(`invalid element type in merging list:${JSON.stringify(patch)}`);
    const directive = element[DIRECTIVE];
    if (directive === undefined) {
      if (!(key in element)) throw badRequest(`map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`);
      rest.push(element);
    } else if (directive === 'delete') {
      if (!(key in element)) throw badRequest(`map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`);
      deleted.add(element[key]);
    } else if (directive === 'replace') replace = true;
    else if (directive === 'merge') throw badRequest('merging lists cannot yet be specified in the patch');
    else throw badRequest(`unknown patch type: ${String(directive)} in map: ${JSON.stringify(element)}`);
  }
  if (replace) return rest.map((e) => withoutDirectives(e).value);
  const kept = deleted.size ? before.filter((e) => !deleted.has((e as Json)[key])) : before;
  const merged = [...kept];
  const places = placesOf(merged, key);
  for (const element of rest) {
    const at = places.get(element[key]);
    if (at === undefined) {
      places.set(element[key], merged.length);
      merged.push(withoutDirectives(dropNulls(element)).value);
    } else merged[at] = mergeMap(merged[at] as Json, element, type);
  }
  return arrange(merged, rest, kept, key);
}

const identity = (element: unknown, key: string | undefined): unknown => (key ? (isMap(element) ? element[key] : undefined) : element);

/** Where each element is first, by what it is known by. */
function placesOf(list: readonly unknown[], key: string | undefined): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [i, e] of list.entries()) {
    const id = identity(e, key);
    if (!places.has(id)) places.set(id, i);
  }
  return places;
}

/**
 * Elements that `order` names follow it; the others keep their place of `before`. Where two cannot be compared the named one comes first,
 * so that new elements of a plain patch precede what only the object has.
 */
function arrange(merged: readonly unknown[], order: readonly unknown[], before: readonly unknown[], key: string | undefined): unknown[] {
  const ordered = placesOf(order, key);
  const had = placesOf(before, key);
  const place = (places: ReadonlyMap<unknown, number>, e: unknown) => places.get(identity(e, key)) ?? -1;
  const byPlace = (places: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) => place(places, a) - place(places, b);
  const named = merged.filter((e) => place(ordered, e) >= 0).sort(byPlace(ordered));
  const others = merged.filter((e) => place(ordered, e) < 0).sort(byPlace(had));
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < others.length && j < named.length) {
    const left = place(had, others[i]);
    const right = place(had, named[j]);
    if (left >= 0 && right >= 0 && left < right) out.push(others[i++]);
    else out.push(named[j++]);
  }
  return [...out, ...others.slice(i), ...named.slice(j)];
}

/** What stays of a new value when its directives are gone; a map that is a directive itself does not stay. */
function withoutDirectives(value: unknown): { keep: boolean; value: unknown } {
  if (Array.isArray(value))
    return {
      keep: true,
      value: value
        .map(withoutDirectives)
        .filter((r) => r.keep)
        .map((r) => r.value),
    };
  if (!isMap(value)) return { keep: true, value };
  if (DIRECTIVE in value) return { keep: false, value: undefined };
  const out: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM)) continue;
    const r = withoutDirectives(inner);
    if (r.keep) setOwn(out, key, r.value);
  }
  return { keep: true, value: out };
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, dropNulls(v)]),
  );
}
