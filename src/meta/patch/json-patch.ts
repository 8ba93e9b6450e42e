/** JSON Patch. Source: https://www.rfc-editor.org/rfc/rfc6902 */
import { setOwn } from '../../util/own.js';
import { badRequest, StatusError, tooLarge } from '../errors.js';
import { isShallow } from '../json.js';

/** A patch with more operations is refused. */
export const OPERATION_LIMIT = 10_000;
/** What all `copy` operations may add, in bytes of JSON. */
export const COPY_LIMIT = 3 * 1024 * 1024;
/** Members and items that all operations may touch: ten thousand small ones on a large list or object are much work, too. */
const WORK_LIMIT = 20_000_000;

interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** `why` stays with us: the answer is the general one that clients know. */
const fail = (_why: string): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

/** The object after all operations; `current` is not changed. Throws 422 where an operation cannot be done or a test fails. */
export function jsonPatch(current: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest(`json: cannot unmarshal ${typeof patch} into Go value of type jsonpatch.Patch`);
  if (patch.length > OPERATION_LIMIT) {
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${OPERATION_LIMIT}, got ${patch.length}`,
    );
  }
  const root: Root = { value: structuredClone(current), copied: 0, work: 0 };
  for (const operation of patch as Operation[]) apply(root, operation);
  if (!isShallow(root.value)) throw badRequest('exceeded max depth');
  return root.value;
}

interface Root {
  value: unknown;
  copied: number;
  work: number;
}

function worked(root: Root, amount: number): void {
  root.work += amount;
  if (root.work > WORK_LIMIT) throw tooLarge('Request entity too large: the operations of the JSON patch touch too much');
}

/** A copy that counts. */
function copyOf(root: Root, value: unknown): unknown {
  const json = JSON.stringify(value) ?? '';
  root.copied += json.length;
  if (root.copied > COPY_LIMIT)
    throw tooLarge(
      `Request entity too large: Unable to complete the copy, the accumulated size increase of copy is ${root.copied}, exceeding the limit ${COPY_LIMIT}`,
    );
  return structuredClone(value);
}

function apply(root: Root, operation: Operation): void {
  if (typeof operation !== 'object' || operation === null)
    throw badRequest('json: cannot unmarshal into Go value of type jsonpatch.Operation');
  const path = pointer(operation.path, 'path');
  switch (operation.op) {
    case 'add':
      add(root, path, structuredClone(given(operation)));
      return;
    case 'replace':
      read(root, path);
      if (path.length === 0) root.value = structuredClone(given(operation));
      else set(root, path, structuredClone(given(operation)));
      return;
    case 'remove':
      remove(root, path);
      return;
    case 'move': {
      const from = pointer(operation.from, 'from');
      if (from.length < path.length && from.every((p, i) => p === path[i])) throw fail(`cannot move ${String(operation.from)} into itself`);
      add(root, path, remove(root, from));
      return;
    }
    case 'copy':
      add(root, path, copyOf(root, read(root, pointer(operation.from, 'from'))));
      return;
    case 'test':
      if (!equal(root, lookup(root, path), operation.value ?? null)) throw fail(`testing value ${String(operation.path)} failed`);
      return;
    default:
      throw fail(`Unexpected kind: ${String(operation.op)}`);
  }
}

function given(operation: Operation): unknown {
  if (!('value' in operation)) throw fail(`${String(operation.op)} operation needs a value`);
  return operation.value;
}

function pointer(text: unknown, name: string): string[] {
  if (typeof text !== 'string') throw fail(`operation has no ${name}`);
  if (text === '') return [];
  if (text[0] !== '/') throw fail(`${name} ${JSON.stringify(text)} does not start with a slash`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const missing = (path: readonly string[]): StatusError => fail(`path /${path.join('/')} does not exist`);

/** The index a segment names; '-' and length are allowed when something is added there. */
function index(list: unknown[], segment: string, adding: boolean, path: readonly string[]): number {
  if (segment === '-' && adding) return list.length;
  if (!/^(0|-?[1-9]\d*)$/.test(segment)) throw missing(path);
  const n = Number(segment);
  if (n < 0 || n > (adding ? list.length : list.length - 1)) throw missing(path);
  return n;
}

function child(holder: unknown, segment: string, path: readonly string[]): unknown {
  if (Array.isArray(holder)) return holder[index(holder, segment, false, path)];
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, segment)) throw missing(path);
  return (holder as Record<string, unknown>)[segment];
}

function read(root: Root, path: readonly string[]): unknown {
  let at = root.value;
  for (const segment of path) at = child(at, segment, path);
  return at;
}

/** For `test`: what is absent equals null. */
function lookup(root: Root, path: readonly string[]): unknown {
  if (path.length === 0) return root.value;
  const holder = read(root, path.slice(0, -1));
  const last = path.at(-1)!;
  if (typeof holder === 'object' && holder !== null && !Array.isArray(holder) && !Object.hasOwn(holder, last)) return null;
  return child(holder, last, path);
}

function add(root: Root, path: readonly string[], value: unknown): void {
  if (path.length === 0) {
    root.value = value;
    return;
  }
  const holder = read(root, path.slice(0, -1));
  const last = path.at(-1)!;
  if (Array.isArray(holder)) {
    const at = index(holder, last, true, path);
    worked(root, (holder.length - at) >>> 3);
    holder.splice(at, 0, value);
  } else if (typeof holder === 'object' && holder !== null) setOwn(holder as Record<string, unknown>, last, value);
  else throw missing(path);
}

function set(root: Root, path: readonly string[], value: unknown): void {
  const holder = read(root, path.slice(0, -1)) as Record<string, unknown> | unknown[];
  const last = path.at(-1)!;
  if (Array.isArray(holder)) holder[index(holder, last, false, path)] = value;
  else setOwn(holder, last, value);
}

function remove(root: Root, path: readonly string[]): unknown {
  const value = read(root, path);
  if (path.length === 0) throw fail('cannot remove the whole document');
  const holder = read(root, path.slice(0, -1));
  const last = path.at(-1)!;
  if (Array.isArray(holder)) {
    worked(root, holder.length >>> 3);
    holder.splice(index(holder, last, false, path), 1);
  } else delete (holder as Record<string, unknown>)[last];
  return value;
}

function equal(root: Root, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  worked(root, keys.length);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((k) => Object.hasOwn(b, k) && equal(root, (a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]));
}
