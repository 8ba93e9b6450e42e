/**
 * delete and deletecollection: at once, after a grace period, or when the last finalizer has gone.
 * Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ and .../concepts/workloads/pods/pod-lifecycle/#pod-termination
 */

import { schemas } from '../../api/schemas.js';
import { conflictError, invalidError, notFoundError } from '../../meta/errors.js';
import { type FieldError, forbidden, invalid, notSupported } from '../../meta/field-error.js';
import type { AnyObject } from '../../meta/object.js';
import { optionalBool } from '../../meta/query.js';
import { timestamp } from '../../util/clock.js';
import type { Answer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import type { Entry } from '../storage/entry.js';
import type { Next } from '../storage/storage.js';
import { decodeAs, parseBody } from './body.js';
import { checkDryRun, integer } from './options.js';
import { attributes } from './prepare.js';
import { list } from './read.js';
import { hookOf, inVersion, toStored } from './write.js';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly dryRun: boolean;
}

/** From the body, or where there is none from the query. */
export function deleteOptions(call: Call): DeleteOptions {
  const { request } = call;
  const { value } = parseBody(request, 'DeleteOptions');
  const q = request.query;
  let sent: { [k: string]: unknown };
  if (value !== undefined && value !== null) {
    const apiVersion = (value as { apiVersion?: string }).apiVersion ?? 'v1';
    sent = decodeAs(value, { apiVersion, kind: 'DeleteOptions', type: schemas.kind('v1', 'DeleteOptions')!, group: '' }, 'Ignore', []) as {
      [k: string]: unknown;
    };
  } else {
    sent = {
      gracePeriodSeconds: integer(q, 'gracePeriodSeconds'),
      propagationPolicy: q.get('propagationPolicy') ?? undefined,
      orphanDependents: optionalBool(q, 'orphanDependents'),
      dryRun: q.getAll('dryRun').filter(Boolean),
    };
  }
  const dryRun = (sent.dryRun as string[] | undefined) ?? q.getAll('dryRun').filter(Boolean);
  const errors: FieldError[] = [];
  if (sent.propagationPolicy !== undefined && sent.orphanDependents !== undefined)
    errors.push(invalid('propagationPolicy', sent.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  if (sent.propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(sent.propagationPolicy as string)) {
    errors.push(notSupported('propagationPolicy', sent.propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  errors.push(...checkDryRun(dryRun));
  if (sent.ignoreStoreReadErrorWithClusterBreakingPotential)
    errors.push(forbidden('ignoreStoreReadErrorWithClusterBreakingPotential', 'is not supported by this server'));
  if (errors.length) throw invalidError('meta.k8s.io', 'DeleteOptions', '', errors);
  return { ...sent, dryRun: dryRun.length > 0 } as DeleteOptions;
}

export async function remove(call: Call): Promise<Answer> {
  const options = deleteOptions(call);
  return deleteObject(call, options);
}

export async function deleteObject(call: Call, options: DeleteOptions): Promise<Answer> {
  const { core, definition, info } = call;
  const now = core.env.clock.now();
  let admitted = false;
  let last: AnyObject | undefined;
  const written = await core.storage.write(
    { dryRun: options.dryRun, what: { definition, namespace: info.namespace, name: info.name } },
    async (stored): Promise<Next> => {
      if (!stored) throw notFoundError(aboutOf(definition), info.name);
      const current = inVersion(call, stored);
      const old = current.object;
      if (!admitted) {
        const attrs = attributes(call, 'DELETE', undefined, old, options.dryRun, options);
        await core.admission.admit(attrs);
        await core.admission.validate(attrs);
        admitted = true;
      }
      checkDeletePreconditions(call, options, current);
      const next = markedForDeletion(call, old, options, now);
      last = next ?? old;
      if (!next) return { remove: true };
      return next === old ? { keep: true } : { put: toStored(call, next) };
    },
  );
  if (written.removed) {
    if (!options.dryRun) await core.hooks[hookOf(call)]?.removed?.(last!);
    if (!definition.returnsDeleted) {
      const details = {
        name: info.name,
        ...(definition.group ? { group: definition.group } : {}),
        kind: definition.plural,
        uid: last!.metadata.uid,
      };
      return { is: 'object', status: 200, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } };
    }
  }
  return { is: 'entry', status: 200, entry: inVersion(call, written.entry), definition };
}

function checkDeletePreconditions(call: Call, options: DeleteOptions, current: Entry): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { definition, info } = call;
  const about = { group: definition.group, resource: definition.kind };
  const have = current.object.metadata.uid;
  if (uid && uid !== have) {
    throw conflictError(
      about,
      info.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${have}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion && resourceVersion !== String(current.revision)) {
    throw conflictError(
      about,
      info.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.revision}). The object might have been modified`,
    );
  }
}

/** The object as it is to stay for now; undefined: it goes at once; the same object: nothing changes. */
function markedForDeletion(call: Call, old: AnyObject, options: DeleteOptions, now: number): AnyObject | undefined {
  const { definition } = call;
  const finalizers = finalizersAfter(call, old.metadata.finalizers ?? [], options);
  const held = finalizers.length > 0 || definition.heldAfterDelete?.(old) === true;
  const grace = gracePeriod(call, old, options);
  const was = old.metadata;
  const sameFinalizers = finalizers.length === (was.finalizers?.length ?? 0) && finalizers.every((f, i) => f === was.finalizers?.[i]);
  if (was.deletionTimestamp) {
    const before = was.deletionGracePeriodSeconds ?? 0;
    // A shorter grace period shortens a deletion that is under way; it never gets longer.
    if (grace >= before && before > 0) return sameFinalizers ? old : edited(old, finalizers);
    if (grace < before && grace > 0) {
      const next = edited(old, finalizers);
      next.metadata.deletionGracePeriodSeconds = grace;
      next.metadata.deletionTimestamp = timestamp(Date.parse(was.deletionTimestamp) + (grace - before) * 1000);
      return next;
    }
    if (!held) return undefined;
    if (before === 0) return sameFinalizers ? old : edited(old, finalizers);
    const next = edited(old, finalizers);
    next.metadata.deletionGracePeriodSeconds = 0;
    next.metadata.deletionTimestamp = timestamp(now);
    return next;
  }
  if (grace <= 0 && !held) return undefined;
  const next = edited(old, finalizers);
  next.metadata.deletionTimestamp = timestamp(now + grace * 1000);
  next.metadata.deletionGracePeriodSeconds = grace;
  if (next.metadata.generation) next.metadata.generation++;
  definition.markDeleted?.(next);
  return next;
}

function edited(old: AnyObject, finalizers: readonly string[]): AnyObject {
  const next = structuredClone(old);
  if (finalizers.length) next.metadata.finalizers = [...finalizers];
  else delete next.metadata.finalizers;
  return next;
}

/** Seconds; 0 where the kind knows no grace or this object needs none. */
function gracePeriod(call: Call, object: AnyObject, options: DeleteOptions): number {
  const own = call.definition.gracePeriod?.(object as never);
  if (own === undefined || own === 0) return 0;
  const asked = options.gracePeriodSeconds;
  if (asked === undefined) return own;
  return asked < 0 ? 1 : asked;
}

function finalizersAfter(call: Call, present: readonly string[], options: DeleteOptions): string[] {
  const policy =
    options.propagationPolicy ?? (options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background');
  const orphan = policy
    ? policy === 'Orphan'
    : present.includes(ORPHAN) || (!present.includes(FOREGROUND) && call.definition.orphansByDefault === true);
  const foreground = policy ? policy === 'Foreground' : present.includes(FOREGROUND);
  const out = present.filter((f) => f !== ORPHAN && f !== FOREGROUND);
  if (orphan) out.push(ORPHAN);
  if (foreground) out.push(FOREGROUND);
  return out;
}

/** Deletes what the selectors choose, one by one, and answers with the list of what it was. */
export async function removeCollection(call: Call): Promise<Answer> {
  const options = deleteOptions(call);
  const chosen = await list(call);
  for (const entry of chosen.entries) {
    const one: Call = { ...call, info: { ...call.info, name: entry.name, namespace: entry.namespace } };
    try {
      await deleteObject(one, options);
    } catch (e) {
      if ((e as { code?: number }).code !== 404) throw e;
    }
  }
  return chosen;
}
