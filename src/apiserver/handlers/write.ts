/** create, update, patch, apply: ways to compute the next object for the one write path. */
import { alreadyExistsError, badRequest, methodNotSupported, notFoundError, StatusError } from '../../meta/errors.js';
import { groupVersion } from '../../meta/gvk.js';
import type { AnyObject } from '../../meta/object.js';
import type { Answer } from '../answer.js';
import { demand } from '../authorize/forbidden.js';
import { aboutOf, type Call } from '../core.js';
import { header } from '../request.js';
import { Entry, serialize } from '../storage/entry.js';
import type { Next, Written } from '../storage/storage.js';
import { withPart } from '../subresources/parts.js';
import { decodeAs, type Expected, type ParsedBody, readObject } from './body.js';
import { type WriteParameters, writeParameters } from './options.js';
import { decodePatched, patchBody, patched, patchType } from './patch-types.js';
import { checkName, goesNow, prepareCreate, prepareUpdate, type UpdateKind } from './prepare.js';

/** How often a generated name that is taken is drawn anew. */
const NAME_ATTEMPTS = 8;
/** How often an apply begins anew, because the object came or went meanwhile. */
const APPLY_ATTEMPTS = 5;

export const expected = (call: Call): Expected => ({
  apiVersion: groupVersion(call.definition.group, call.definition.version),
  kind: call.definition.kind,
  read: call.definition.read,
  group: call.definition.group,
});

const userAgent = (call: Call): string => header(call.request, 'user-agent') ?? '';

export async function create(call: Call): Promise<Answer> {
  const parameters = writeParameters(call.request.query, 'CreateOptions', userAgent(call));
  const object = readObject(call.request, expected(call), parameters.fieldValidation, call.warnings);
  return createObject(call, object, parameters);
}

/** Stores a new object: POST, and PUT or apply where these may create. */
export async function createObject(call: Call, decoded: AnyObject, parameters: WriteParameters, applied = false): Promise<Answer> {
  const { core, definition } = call;
  // Whoever may update or patch an object is not therefore allowed to make one, whatever the request's own verb.
  if (call.info.verb !== 'create') await demand(core.authorizer, call.user, { ...call.info, verb: 'create' });
  const generated = !decoded.metadata.name && decoded.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    const object = await prepareCreate(call, generated ? structuredClone(decoded) : decoded, parameters, applied);
    const name = object.metadata.name;
    const undo = await core.hooks[hookOf(call)]?.create?.(object, parameters.dryRun);
    try {
      const stored = toStored(call, object);
      const written = await core.storage.write(
        { dryRun: parameters.dryRun, ttl: definition.ttlSeconds, what: { definition, namespace: call.info.namespace, name } },
        (current) => {
          if (current) throw alreadyExistsError(aboutOf(definition), name);
          return { put: stored };
        },
      );
      return answerEntry(call, 201, written);
    } catch (e) {
      await undo?.();
      if (generated && attempt < NAME_ATTEMPTS && e instanceof StatusError && e.reason === 'AlreadyExists') continue;
      throw e;
    }
  }
}

/** PUT, on the object or its status. */
export async function update(call: Call, kind: UpdateKind): Promise<Answer> {
  const { core, definition, info } = call;
  const parameters = writeParameters(call.request.query, 'UpdateOptions', userAgent(call));
  const sent = readObject(call.request, expected(call), parameters.fieldValidation, call.warnings);
  checkName(call, sent);
  if (definition.createOnUpdate && kind === 'spec' && !core.storage.get(definition, info.namespace, info.name))
    return createObject(call, sent, parameters);
  const written = await change(call, parameters, kind, (_current, attempt) =>
    attempt === 0 ? sent : readObject(call.request, expected(call), 'Ignore', []),
  );
  return answerEntry(call, 200, written);
}

export const hookOf = (call: Call): string => `${call.definition.group}/${call.definition.plural}`;

/** One update through the write path: `next` gives the wanted object, which is then made storable. */
export async function change(
  call: Call,
  parameters: WriteParameters,
  kind: UpdateKind,
  next: (current: Entry, attempt: number) => AnyObject,
  applied = false,
): Promise<Written> {
  const { core, definition, info } = call;
  const warned = call.warnings.length;
  const hook = core.hooks[hookOf(call)];
  let taken: { undo: () => Promise<void>; done: () => Promise<void> } | undefined;
  let last: AnyObject | undefined;
  const written = await core.storage
    .write(
      { dryRun: parameters.dryRun, ttl: definition.ttlSeconds, what: { definition, namespace: info.namespace, name: info.name } },
      async (stored, attempt): Promise<Next> => {
        if (!stored) throw notFoundError(aboutOf(definition), info.name);
        const current = inVersion(call, stored);
        if (attempt) call.warnings.length = warned;
        await taken?.undo();
        taken = undefined;
        const object = await prepareUpdate(
          call,
          withPart(call, next(current, attempt), current.object),
          current,
          parameters,
          kind,
          applied,
        );
        last = object;
        if (goesNow(definition, object)) return { remove: true };
        taken = await hook?.update?.(object, current.object, parameters.dryRun);
        return { put: toStored(call, object) };
      },
    )
    .catch(async (e) => {
      await taken?.undo();
      throw e;
    });
  await taken?.done();
  if (written.removed && last) {
    if (!parameters.dryRun) await hook?.removed?.(last);
    const { key, namespace, name, revision } = written.entry;
    return { ...written, entry: new Entry(key, namespace, name, revision, serialize(last), last) };
  }
  return written;
}

export async function patch(call: Call, kind: UpdateKind): Promise<Answer> {
  const { definition, info, request } = call;
  const type = patchType(request, definition.custom);
  const parameters = writeParameters(request.query, 'PatchOptions', userAgent(call), type === 'apply');
  const body = patchBody(request, type, definition.kind);
  if (type === 'apply') return apply(call, kind, parameters, body);
  const written = await change(call, parameters, kind, (current) => {
    const after = patched(type, current.object, body.value, definition.type);
    if (after?.metadata?.name !== undefined && after.metadata.name !== info.name) checkName(call, after);
    const named = { ...after, metadata: { ...after.metadata, name: info.name } };
    const object = decodePatched(type, named, definition.type, expected(call), parameters.fieldValidation, call.warnings, body);
    // A patch that names no resourceVersion of its own is not conditional.
    if ((body.value as AnyObject | undefined)?.metadata?.resourceVersion === undefined && type !== 'json')
      object.metadata.resourceVersion = String(current.revision);
    return object;
  });
  return answerEntry(call, 200, written);
}

/** Server-side apply: makes the object where there is none. */
async function apply(call: Call, kind: UpdateKind, parameters: WriteParameters, { value, ...text }: ParsedBody): Promise<Answer> {
  const { core, definition, info } = call;
  const sent = value as AnyObject;
  if (typeof sent !== 'object' || sent === null) throw badRequest(`error decoding YAML: the body is not an object`);
  if (!sent.apiVersion || !sent.kind) throw badRequest(`invalid object type: ${sent.apiVersion ? '' : '/'}, Kind=${sent.kind ?? ''}`);
  if (sent.metadata?.managedFields) throw badRequest('metadata.managedFields must be nil');
  // Of another kind nothing is looked at: that is said by reading it.
  if (sent.kind === definition.kind) core.fields.check(definition, sent);
  const applied = decodeAs(sent, expected(call), parameters.fieldValidation, call.warnings, text);
  // What was sent counts for ownership, without what reading it filled in.
  const intent = { ...sent, metadata: { ...sent.metadata } } as AnyObject;
  if (applied.metadata.name) checkName(call, applied);
  // Another may make or remove the object in between: then it is the other case.
  for (let attempt = 1; ; attempt++) {
    const found = core.storage.get(definition, info.namespace, info.name) !== undefined;
    try {
      return await applyTo(call, kind, parameters, found, applied, structuredClone(intent));
    } catch (e) {
      const lost = e instanceof StatusError && (found ? e.code === 404 : e.reason === 'AlreadyExists');
      if (!lost || attempt === APPLY_ATTEMPTS) throw e;
      await core.storage.fresh();
      if ((core.storage.get(definition, info.namespace, info.name) !== undefined) === found) throw e;
    }
  }
}

async function applyTo(
  call: Call,
  kind: UpdateKind,
  parameters: WriteParameters,
  found: boolean,
  applied: AnyObject,
  intent: AnyObject,
): Promise<Answer> {
  const { core, definition, info } = call;
  const now = core.env.clock.now();
  if (!found) {
    if (kind === 'status') throw notFoundError(aboutOf(definition), info.name);
    if (applied.metadata.uid)
      throw new StatusError(
        409,
        'Conflict',
        `uid mismatch: the provided object specified uid ${applied.metadata.uid}, and no existing object was found`,
      );
    const merged = core.fields.apply(definition, undefined, intent, parameters.fieldManager, parameters.force, info.subresource, now);
    merged.metadata.name = info.name;
    return createObject(call, definition.read(merged, 'Ignore').object, parameters, true);
  }
  const written = await change(
    call,
    parameters,
    kind,
    (current) => {
      const merged = core.fields.apply(
        definition,
        current.object,
        intent,
        parameters.fieldManager,
        parameters.force,
        info.subresource,
        now,
      );
      const object = definition.read(merged, 'Ignore').object;
      if (!intent.metadata.resourceVersion) object.metadata.resourceVersion = String(current.revision);
      return object;
    },
    true,
  );
  return answerEntry(call, 200, written);
}

/** The entry in the version that the call speaks. */
export function inVersion(call: Call, entry: Entry): Entry {
  const { definition } = call;
  if (!definition.storedAs || !definition.convert) return entry;
  return entry.as(groupVersion(definition.group, definition.version), definition.convert.fromStored as (o: AnyObject) => AnyObject);
}

export function toStored(call: Call, object: AnyObject): AnyObject {
  const { definition } = call;
  return definition.storedAs && definition.convert ? definition.convert.toStored(object as never) : object;
}

export function answerEntry(call: Call, status: number, written: Written): Answer {
  const entry = written.removed ? written.entry : inVersion(call, written.entry);
  return { is: 'entry', status, entry, definition: call.definition };
}

export const refuse = (call: Call, verb: string): never => {
  throw methodNotSupported(aboutOf(call.definition), verb);
};
