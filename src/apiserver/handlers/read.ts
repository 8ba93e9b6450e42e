/** get, list, watch: all answered from the caches. */

import type { ResourceDefinition } from '../../api/resource.js';
import { badRequest, expired, notFoundError, StatusError } from '../../meta/errors.js';
import { parseFieldSelector } from '../../meta/fields.js';
import { parseSelector } from '../../meta/labels.js';
import type { AnyObject } from '../../meta/object.js';
import { base64url, fromBase64, text, utf8 } from '../../util/bytes.js';
import { getOwn } from '../../util/own.js';
import type { Answer, ListAnswer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import type { Filter } from '../storage/cache.js';
import type { Entry } from '../storage/entry.js';
import { type ListParameters, listParameters } from './options.js';
import { inVersion } from './write.js';

export async function get(call: Call): Promise<Answer> {
  const { core, definition, info } = call;
  await core.storage.fresh();
  return { is: 'entry', status: 200, entry: inVersion(call, find(call, info.name)), definition };
}

/** The stored entry, in its stored version; throws NotFound. */
export function find(call: Call, name: string): Entry {
  const entry = call.core.storage.get(call.definition, call.info.namespace, name);
  if (!entry) throw notFoundError(aboutOf(call.definition), name);
  return entry;
}

/** Objects that both selectors choose. Throws BadRequest for a field that cannot be selected by. */
export function filterOf(definition: ResourceDefinition, labelSelector: string, fieldSelector: string, name: string): Filter | undefined {
  const labels = labelSelector ? parseSelector(labelSelector) : undefined;
  const fields = fieldSelector ? parseFieldSelector(fieldSelector) : [];
  const getters: { get: (o: AnyObject) => string; value: string; negate: boolean }[] = [];
  for (const f of fields) {
    const own = getOwn(definition.selectableFields, f.field) as ((o: AnyObject) => string) | undefined;
    const get =
      f.field === 'metadata.name'
        ? (o: AnyObject) => o.metadata.name
        : f.field === 'metadata.namespace'
          ? (o: AnyObject) => o.metadata.namespace ?? ''
          : own;
    if (!get) throw badRequest(unknownField(definition, f.field));
    getters.push({ get, value: f.value, negate: !f.equal });
  }
  if (name) getters.push({ get: (o) => o.metadata.name, value: name, negate: false });
  if ((!labels || labels.empty) && !getters.length) return undefined;
  return (object) => (!labels || labels.matches(object.metadata.labels)) && getters.every((g) => (g.get(object) === g.value) !== g.negate);
}

function unknownField(definition: ResourceDefinition, field: string): string {
  const others = Object.keys(definition.selectableFields);
  if (!others.length)
    return `${JSON.stringify(field)} is not a known field selector: only "metadata.name"${definition.namespaced || definition.kind ? ', "metadata.namespace"' : ''}`;
  return `field label not supported: ${field}`;
}

interface ContinueToken {
  readonly revision: number;
  readonly from: string;
}

export const encodeToken = (t: ContinueToken): string =>
  base64url(utf8(JSON.stringify({ v: 'meta.k8s.io/v1', rv: t.revision, start: t.from })));

export function decodeToken(token: string): ContinueToken {
  try {
    const t = JSON.parse(text(fromBase64(token.replace(/-/g, '+').replace(/_/g, '/')))) as { v: string; rv: number; start: string };
    if (t.v !== 'meta.k8s.io/v1' || typeof t.start !== 'string' || !Number.isSafeInteger(t.rv)) throw new Error('unexpected token');
    return { revision: t.rv, from: t.start };
  } catch (e) {
    throw badRequest(`invalid continue token: continue key is not valid: invalid character ${(e as Error).message}`);
  }
}

export async function list(call: Call): Promise<ListAnswer> {
  const { core, definition, info } = call;
  const p = listParameters(call.request.query, false);
  const filter = filterOf(definition, p.labelSelector, p.fieldSelector, '');
  if (p.continue) return nextPage(call, p, filter);
  await awaitRevision(call, p);
  const revision = core.storage.revision;
  if (p.match === 'Exact' && Number(p.resourceVersion) !== revision) return exactly(call, p, filter);
  const all = core.storage.list(definition, info.namespace);
  return page(call, all, filter, p.limit, revision);
}

/** Takes up to `limit` matching entries in key order. */
function page(call: Call, all: readonly Entry[], filter: Filter | undefined, limit: number, revision: number): ListAnswer {
  const { definition } = call;
  const entries: Entry[] = [];
  let next: string | undefined;
  let i = 0;
  for (; i < all.length; i++) {
    const entry = all[i]!;
    if (filter && !filter(inVersion(call, entry).object)) continue;
    if (limit && entries.length === limit) {
      next = entry.key;
      break;
    }
    entries.push(inVersion(call, entry));
  }
  return {
    is: 'list',
    definition,
    entries,
    resourceVersion: String(revision),
    ...(next
      ? { continue: encodeToken({ revision, from: next }), ...(filter ? {} : { remainingItemCount: all.length - entries.length }) }
      : {}),
  };
}

async function nextPage(call: Call, p: ListParameters, filter: Filter | undefined): Promise<ListAnswer> {
  const { core, definition, info } = call;
  const token = decodeToken(p.continue);
  if (p.resourceVersion && p.resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue');
  const revision = token.revision > 0 ? token.revision : core.storage.revision;
  if (revision > core.storage.revision) throw badRequest('invalid continue token: its revision is still to come');
  if (revision === core.storage.revision)
    return page(call, core.storage.list(definition, info.namespace, token.from), filter, p.limit, revision);
  try {
    const rest = await core.storage.listAt(definition, info.namespace, revision, token.from, 0);
    return page(call, rest.entries, filter, p.limit, revision);
  } catch (e) {
    if ((e as Error).name !== 'CompactedError') throw e;
    const restart = encodeToken({ revision: -1, from: token.from });
    const error = expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    error.status.metadata.continue = restart;
    throw error;
  }
}

async function exactly(call: Call, p: ListParameters, filter: Filter | undefined): Promise<ListAnswer> {
  try {
    const then = await call.core.storage.listAt(call.definition, call.info.namespace, Number(p.resourceVersion), '', 0);
    return page(call, then.entries, filter, p.limit, Number(p.resourceVersion));
  } catch (e) {
    if ((e as Error).name === 'CompactedError') throw expired(`The resourceVersion for the provided list is too old.`);
    throw e;
  }
}

/** A list "not older than" waits for that revision; one far ahead is answered 504. */
async function awaitRevision(call: Call, p: ListParameters): Promise<void> {
  const { storage } = call.core;
  const wanted = Number(p.resourceVersion || 0);
  if (wanted > storage.revision) {
    await storage.fresh();
    if (wanted > storage.revision) {
      throw new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${storage.revision}`, {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      });
    }
  }
  if (p.resourceVersion !== '0') await storage.fresh();
}

export async function watch(call: Call): Promise<Answer> {
  const { core, definition, info } = call;
  const p = listParameters(call.request.query, true);
  const filter = filterOf(definition, p.labelSelector, p.fieldSelector, info.name);
  const initial = p.sendInitialEvents ?? (p.resourceVersion === '' || p.resourceVersion === '0');
  await awaitRevision(call, p);
  const cache = core.storage.cache(definition.keyPrefix!);
  const since = initial ? undefined : Number(p.resourceVersion);
  const byObject: Filter | undefined =
    filter && definition.convert ? (o) => filter((definition.convert!.fromStored as (x: AnyObject) => AnyObject)(o)) : filter;
  const w = cache.watch(
    definition.namespaced ? info.namespace : '',
    byObject,
    since,
    core.storage.revision,
    Boolean(p.sendInitialEvents) && p.allowBookmarks,
  );
  const seconds = p.timeoutSeconds ?? Math.floor(1800 * (1 + core.env.random.float()));
  const timer = core.env.clock.after(seconds * 1000, () => w.close());
  const bookmarks = p.allowBookmarks ? bookmarkEvery(call, w) : undefined;
  const close = () => w.close();
  call.request.signal?.addEventListener('abort', close, { once: true });
  w.onClose(() => {
    timer.cancel();
    bookmarks?.cancel();
    call.request.signal?.removeEventListener('abort', close);
  });
  return { is: 'watch', definition, watch: w };
}

/** Clients that ask for it learn about once a minute how far they are. */
const BOOKMARK_MS = 60_000;

function bookmarkEvery(call: Call, w: import('../storage/watch.js').ResourceWatch) {
  const { clock } = call.core.env;
  let timer = clock.after(BOOKMARK_MS, tick);
  function tick() {
    if (w.isClosed) return;
    w.push({ type: 'BOOKMARK', revision: call.core.storage.revision });
    timer = clock.after(BOOKMARK_MS, tick);
  }
  return { cancel: () => timer.cancel() };
}
