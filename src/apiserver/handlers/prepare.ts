/**
 * What happens to an object between "as the client sent it" and "as it is stored": system fields, what the client may not set,
 * admission, validation. Create, update, patch, apply, status and scale all come through here.
 */

import type { KeptMetadata, ResourceDefinition, ValidationContext } from '../../api/resource.js';
import { equal } from '../../meta/apply/plan.js';
import { badRequest, conflictError, internalError, invalidError, modifiedError } from '../../meta/errors.js';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/metadata.js';
import type { AnyObject } from '../../meta/object.js';
import { addAll } from '../../util/add-all.js';
import { timestamp } from '../../util/clock.js';
import { suffix, uuid } from '../../util/random.js';
import type { Attributes, Operation } from '../admission/chain.js';
import { aboutOf, type Call } from '../core.js';
import type { Entry } from '../storage/entry.js';
import type { WriteParameters } from './options.js';

/** Longest name that a generated suffix is appended to. */
const GENERATE_PREFIX_LIMIT = 63 - 5;

export function attributes(
  call: Call,
  operation: Operation,
  object: AnyObject | undefined,
  oldObject: AnyObject | undefined,
  dryRun: boolean,
  options?: object,
): Attributes {
  return {
    operation,
    definition: call.definition,
    subresource: call.info.subresource,
    namespace: call.info.namespace,
    name: call.info.name || object?.metadata?.name || '',
    object,
    oldObject,
    user: call.user,
    dryRun,
    options,
    warn: (text) => void call.warnings.push(text),
  };
}

/** Asks admission about what is sent and not stored as such: a binding, an eviction, a token, a connection. */
export async function admit(call: Call, operation: Operation, object: AnyObject | undefined, dryRun: boolean): Promise<void> {
  const attrs = attributes(call, operation, object, undefined, dryRun);
  await call.core.admission.admit(attrs);
  await call.core.admission.validate(attrs);
}

/** A new object, ready to be stored. `object` is decoded and belongs to this call. */
export async function prepareCreate(call: Call, object: AnyObject, parameters: WriteParameters, applied = false): Promise<AnyObject> {
  const { core, definition } = call;
  const now = core.env.clock.now();
  const meta = object.metadata;
  checkNamespace(call, object);
  if (meta.resourceVersion && !parameters.dryRun) throw internalError('resourceVersion should not be set on objects to be created');
  definition.defaults(object);
  // What admission and the kind itself add is not the client's.
  if (!applied) core.fields.track(definition, object, undefined, parameters.fieldManager, call.info.subresource, now);
  const attrs = attributes(call, 'CREATE', object, undefined, parameters.dryRun);
  await core.admission.admit(attrs);
  if (meta.name === undefined || meta.name === '') nameFromPrefix(call, object);
  meta.uid = uuid(core.env.random);
  meta.creationTimestamp = timestamp(now);
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  if (definition.hasGeneration) meta.generation = 1;
  else delete meta.generation;
  definition.prepareCreate(object);
  definition.requestedBy?.(object, call.user);
  definition.defaults(object);
  validate(call, object, undefined, now);
  addAll(call.warnings, definition.warnings(object));
  await core.admission.validate({ ...attrs, name: meta.name });
  return object;
}

function nameFromPrefix(call: Call, object: AnyObject): void {
  const meta = object.metadata;
  if (!meta.generateName) return;
  meta.name = meta.generateName.slice(0, GENERATE_PREFIX_LIMIT) + suffix(call.core.env.random);
}

export function checkNamespace(call: Call, object: AnyObject): void {
  const meta = object.metadata;
  if (!call.definition.namespaced) {
    delete meta.namespace; // as the original: said needlessly, and dropped
    return;
  }
  if (meta.namespace === undefined || meta.namespace === '') meta.namespace = call.info.namespace;
  else if (meta.namespace !== call.info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

export type UpdateKind = 'spec' | 'status';

/** The next state of an existing object. `object` is decoded and belongs to this call; `current` is shared. */
export async function prepareUpdate(
  call: Call,
  object: AnyObject,
  current: Entry,
  parameters: WriteParameters,
  kind: UpdateKind,
  applied = false,
): Promise<AnyObject> {
  const { core, definition } = call;
  const now = core.env.clock.now();
  const old = current.object;
  checkNamespace(call, object);
  checkPreconditions(definition, object, current);
  keepMetadata(object, old);
  if (kind === 'status') {
    for (const key of Object.keys(object)) if (!isStatusKey(key)) delete object[key];
    for (const key of Object.keys(old)) if (!isStatusKey(key)) object[key] = structuredClone(old[key]);
  } else if (definition.subresources.status && call.info.subresource !== 'approval') {
    // The approval of a certificate request is a part of its status.
    if (old.status === undefined) delete object.status;
    else object.status = structuredClone(old.status);
  }
  definition.defaults(object);
  if (!applied && kind === 'spec') core.fields.track(definition, object, old, parameters.fieldManager, call.info.subresource, now);
  const attrs = attributes(call, 'UPDATE', object, old, parameters.dryRun);
  await core.admission.admit(attrs);
  if (kind === 'status') {
    for (const field of definition.statusKeeps ?? []) keepField(object.metadata, old.metadata, field);
    definition.prepareStatusUpdate(object, old);
  } else definition.prepareUpdate(object, old);
  if (definition.hasGeneration) {
    const generation = old.metadata.generation ?? 1;
    object.metadata.generation = kind === 'spec' && changesGeneration(definition, object, old) ? generation + 1 : generation;
    if (object.metadata.deletionTimestamp && !old.metadata.deletionTimestamp) object.metadata.generation = generation + 1;
  }
  if (!applied && kind === 'status') core.fields.track(definition, object, old, parameters.fieldManager, call.info.subresource, now);
  validate(call, object, old, now);
  if (kind === 'spec') addAll(call.warnings, definition.warnings(object, old));
  await core.admission.validate(attrs);
  return object;
}

function keepField(meta: AnyObject['metadata'], was: AnyObject['metadata'], field: KeptMetadata): void {
  if (was[field] === undefined) delete meta[field];
  else (meta as unknown as Record<string, unknown>)[field] = structuredClone(was[field]);
}

const isStatusKey = (key: string): boolean => key === 'status' || key === 'metadata' || key === 'kind' || key === 'apiVersion';

/** Optimistic locking and identity: what an update claims about the object it starts from. */
export function checkPreconditions(definition: ResourceDefinition, object: AnyObject, current: Entry): void {
  const meta = object.metadata;
  const old = current.object;
  if (meta.uid && meta.uid !== old.metadata.uid) {
    throw conflictError(
      aboutOf(definition),
      old.metadata.name,
      `StorageError: invalid object, Code: 4, Key: ${current.key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (meta.resourceVersion && meta.resourceVersion !== '0' && meta.resourceVersion !== String(current.revision))
    throw modifiedError(aboutOf(definition), old.metadata.name);
  if (!meta.resourceVersion && !definition.unconditionalUpdate) {
    throw invalidError(definition.group, definition.kind, old.metadata.name, [
      { field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be specified for an update' },
    ]);
  }
}

/** System metadata that no update changes: whatever was sent, as in the manifest of another cluster, the old values stand. */
function keepMetadata(object: AnyObject, old: AnyObject): void {
  const meta = object.metadata;
  const was = old.metadata;
  if (!meta.uid) meta.uid = was.uid;
  meta.creationTimestamp = was.creationTimestamp;
  if (was.deletionTimestamp) {
    meta.deletionTimestamp = was.deletionTimestamp;
    meta.deletionGracePeriodSeconds ??= was.deletionGracePeriodSeconds;
  } else {
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
  }
  if (was.generation === undefined) delete meta.generation;
  else meta.generation = was.generation;
  if (was.generateName !== undefined && meta.generateName === undefined) meta.generateName = was.generateName;
  delete meta.selfLink;
}

function changesGeneration(definition: ResourceDefinition, object: AnyObject, old: AnyObject): boolean {
  const counts = definition.generationOf ?? (({ metadata: _m, status: _s, ...spec }: AnyObject) => spec);
  // The order of keys says nothing: defaults stand behind what was sent.
  return !equal(counts(object), counts(old));
}

function validate(call: Call, object: AnyObject, old: AnyObject | undefined, now: number): void {
  const { definition } = call;
  const context: ValidationContext = { now, subresource: call.info.subresource, allowPrivileged: call.core.allowPrivileged };
  const errors = old
    ? [
        ...validateObjectMetaUpdate(object, old, definition),
        ...(call.info.subresource === 'status'
          ? definition.validateStatusUpdate(object, old, context)
          : definition.validateUpdate(object, old, context)),
      ]
    : [...validateObjectMeta(object, definition), ...definition.validate(object, context)];
  if (errors.length) throw invalidError(definition.group, definition.kind, object.metadata.name ?? '', errors);
}

/** The name an update is for must be the one in the path. */
export function checkName(call: Call, object: AnyObject): void {
  const name = object.metadata.name;
  if (!name) throw badRequest(`the name of the object (${call.info.name} based on URL) was undeterminable: name must be provided`);
  if (name !== call.info.name) throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.info.name})`);
}

/** After an update: an object that is being deleted goes when its last finalizer went. */
export function goesNow(definition: ResourceDefinition, object: AnyObject): boolean {
  const meta = object.metadata;
  return (
    Boolean(meta.deletionTimestamp) &&
    !meta.finalizers?.length &&
    !(meta.deletionGracePeriodSeconds ?? 0) &&
    !definition.heldAfterDelete?.(object)
  );
}
