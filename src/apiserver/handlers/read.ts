/** get, list, watch: all answered from the caches. */

import type { ResourceDefinition } from '../../api/resource.js';
import { badRequest, expired, notFoundError, StatusError } from '../../meta/errors.js';
import { parseFieldSelector } from '../../meta/fields.js';
import { parseSelector } from '../../meta/labels.js';
import type { AnyObject } from '../../meta/object.js';
import { base64url, fromBase64, text, utf8 } from '../../util/bytes.js';
import { getOwn } from '../../util/own.js';
import type { SortedView } from '../../util/sorted-map.js';
import type { Answer, ListAnswer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import type { Entry } from '../storage/entry.js';
import type { Selection } from '../storage/selection.js';
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

interface Selectors {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** A watch of one object. */
  readonly name?: string;
}

type Getter = (object: AnyObject) => string;

/** What both selectors choose of the stored objects. Throws BadRequest for a field that cannot be selected by. */
export function selectionOf(
  definition: ResourceDefinition,
  namespace: string,
  { labelSelector, fieldSelector, name }: Selectors,
): Selection {
  const labels = labelSelector ? parseSelector(labelSelector) : undefined;
  const fields = (fieldSelector ? parseFieldSelector(fieldSelector) : []).map((f) => ({ ...f, get: getter(definition, f.field) }));
  if (name) fields.push({ field: NAME, value: name, equal: true, get: nameOf });
  const everywhere: Selection = { namespace: definition.namespaced ? namespace : '' };
  if ((!labels || labels.empty) && !fields.length) return { ...everywhere, text: '' };
  const chooses = (o: AnyObject): boolean =>
    (!labels || labels.matches(o.metadata.labels)) && fields.every((f) => (f.get(o) === f.value) === f.equal);
  const { convert } = definition;
  const matches = convert ? (o: AnyObject) => chooses((convert.fromStored as (o: AnyObject) => AnyObject)(o)) : chooses;
  const named = fields.find((f) => f.equal && f.field === NAME);
  const pinned = named ?? (convert ? undefined : fields.find((f) => f.equal && f.field !== NAMESPACE));
  const pin = pinned && {
    field: pinned.field,
    value: pinned.value,
    of: pinned.field === NAME ? (e: Entry) => e.name : (e: Entry) => pinned.get(e.object),
  };
  // Converted, another version of the same objects may choose others.
  const text = JSON.stringify([convert && definition.version, labelSelector, fieldSelector, name]);
  return { ...everywhere, matches, pin, text };
}

const NAME = 'metadata.name';
const NAMESPACE = 'metadata.namespace';
const nameOf: Getter = (o) => o.metadata.name;

function getter(definition: ResourceDefinition, field: string): Getter {
  if (field === NAME) return nameOf;
  if (field === NAMESPACE) return (o) => o.metadata.namespace ?? '';
  const own = getOwn(definition.selectableFields, field) as Getter | undefined;
  if (!own) throw badRequest(unknownField(definition, field));
  return own;
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
  const selection = selectionOf(definition, info.namespace, p);
  if (p.continue) return nextPage(call, p, selection);
  await awaitRevision(call, p);
  const { revision } = core.storage;
  if (p.match === 'Exact' && Number(p.resourceVersion) !== revision)
    return orExpired(past(call, selection, Number(p.resourceVersion), '', p.limit), () =>
      expired(`The resourceVersion for the provided list is too old.`),
    );
  return present(call, selection, '', p.limit);
}

async function nextPage(call: Call, p: ListParameters, selection: Selection): Promise<ListAnswer> {
  const { storage } = call.core;
  const token = decodeToken(p.continue);
  if (p.resourceVersion && p.resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue');
  const revision = token.revision > 0 ? token.revision : storage.revision;
  if (revision > storage.revision) throw badRequest('invalid continue token: its revision is still to come');
  if (revision === storage.revision) return present(call, selection, token.from, p.limit);
  return orExpired(past(call, selection, revision, token.from, p.limit), () => {
    const error = expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    error.status.metadata.continue = encodeToken({ revision: -1, from: token.from });
    return error;
  });
}

async function orExpired<T>(what: Promise<T>, error: () => StatusError): Promise<T> {
  try {
    return await what;
  } catch (e) {
    throw (e as Error).name === 'CompactedError' ? error() : e;
  }
}

/** Collects a page: up to `limit` entries that are chosen (0: all), and the key of the one that would come next. */
class Page {
  readonly entries: Entry[] = [];
  next?: string;

  constructor(
    private readonly selection: Selection,
    private readonly limit: number,
  ) {}

  /** False: no more are wanted. */
  take(entry: Entry): boolean {
    const { matches } = this.selection;
    if (matches && !matches(entry.object)) return true;
    if (this.limit && this.entries.length === this.limit) {
      this.next = entry.key;
      return false;
    }
    this.entries.push(entry);
    return true;
  }

  answer(call: Call, revision: number, after: (key: string) => number): ListAnswer {
    const { next } = this;
    return {
      is: 'list',
      definition: call.definition,
      entries: this.entries.map((e) => inVersion(call, e)),
      resourceVersion: String(revision),
      ...(next === undefined
        ? {}
        : {
            continue: encodeToken({ revision, from: next }),
            // With a selector it is not known without reading them all.
            ...(this.selection.matches ? {} : { remainingItemCount: after(next) }),
          }),
    };
  }
}

/** A page of what is there now. What comes after it is kept as it is, for the pages to come. */
function present(call: Call, selection: Selection, from: string, limit: number): ListAnswer {
  const { storage } = call.core;
  const cache = storage.cache(call.definition);
  const answer = pageOf(call, cache.present(selection.pin), selection, storage.revision, from, limit);
  if (answer.continue) cache.keep(storage.revision);
  return answer;
}

function pageOf(call: Call, view: SortedView<Entry>, selection: Selection, revision: number, from: string, limit: number): ListAnswer {
  const [start, end] = call.core.storage.cache(call.definition).range(selection.namespace);
  const page = new Page(selection, limit);
  view.scan(from > start ? from : start, end, (entry) => page.take(entry));
  return page.answer(call, revision, (next) => view.count(next, end));
}

/** Objects read at a time where a selector may pass most of them over. */
const CHUNK = 500;

/** A page of what was there at an older revision: from the cache while it has it, else from the store. */
async function past(call: Call, selection: Selection, revision: number, from: string, limit: number): Promise<ListAnswer> {
  const { core, definition } = call;
  const kept = core.storage.cache(definition).at(revision);
  if (kept) return pageOf(call, kept, selection, revision, from, limit);
  const page = new Page(selection, limit);
  const chunk = selection.matches ? CHUNK : limit && limit + 1;
  for (let start = from, count: number | undefined; ; ) {
    const read = await core.storage.listAt(definition, selection.namespace, revision, start, chunk);
    count ??= read.count;
    const wanted = read.entries.every((e) => page.take(e));
    // Nothing is passed over where the rest is counted: what is not in the page comes after it.
    if (!wanted || !read.more) return page.answer(call, revision, () => count! - page.entries.length);
    start = `${read.entries.at(-1)!.key}\0`;
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
  const selection = selectionOf(definition, info.namespace, { ...p, name: info.name });
  const initial = p.sendInitialEvents ?? (p.resourceVersion === '' || p.resourceVersion === '0');
  await awaitRevision(call, p);
  const cache = core.storage.cache(definition);
  const since = initial ? undefined : Number(p.resourceVersion);
  const w = cache.watch(selection, since, core.storage.revision, Boolean(p.sendInitialEvents) && p.allowBookmarks);
  const seconds = p.timeoutSeconds ?? Math.floor(1800 * (1 + core.env.random.float()));
  const timer = core.env.clock.after(seconds * 1000, () => w.close());
  if (p.allowBookmarks) core.storage.bookmarks.add(w);
  const close = () => w.close();
  call.request.signal?.addEventListener('abort', close, { once: true });
  w.onClose(() => {
    timer.cancel();
    call.request.signal?.removeEventListener('abort', close);
  });
  return { is: 'watch', definition, watch: w };
}
