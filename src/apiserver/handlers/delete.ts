/**
 * delete and deletecollection: at once, after a grace period, or when the last finalizer has gone.
 * Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ and .../concepts/workloads/pods/pod-lifecycle/#pod-termination
 */

import { schemas } from '../../api/schemas.js';
import { reads } from '../../meta/decode.js';
import { conflictError, invalidError, notFoundError } from '../../meta/errors.js';
import { type FieldError, forbidden, invalid, notSupported } from '../../meta/field-error.js';
import type { AnyObject } from '../../meta/object.js';
import { optionalBool } from '../../meta/query.js';
import { addAll } from '../../util/add-all.js';
import type { Answer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import type { Entry } from '../storage/entry.js';
import type { Next } from '../storage/storage.js';
import { decodeAs, parseBody } from './body.js';
import { afterDelete } from './deletion.js';
import { checkDryRun, integer } from './options.js';
import { attributes } from './prepare.js';
import { list } from './read.js';
import { hookOf, inVersion, toStored } from './write.js';

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
    sent = decodeAs(
      value,
      { apiVersion, kind: 'DeleteOptions', read: reads(schemas.kind('v1', 'DeleteOptions')!), group: '' },
      'Ignore',
      [],
    ) as {
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
  return checkDeleteOptions({ ...sent, dryRun: sent.dryRun ?? q.getAll('dryRun').filter(Boolean) });
}

/** What was sent as options, checked. */
export function checkDeleteOptions(sent: { readonly [k: string]: unknown }): DeleteOptions {
  const dryRun = (sent.dryRun as string[] | undefined) ?? [];
  const errors: FieldError[] = [];
  if (sent.propagationPolicy !== undefined && sent.orphanDependents !== undefined)
    errors.push(invalid('propagationPolicy', sent.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  if (sent.propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(sent.propagationPolicy as string)) {
    errors.push(notSupported('propagationPolicy', sent.propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  addAll(errors, checkDryRun(dryRun));
  if (sent.ignoreStoreReadErrorWithClusterBreakingPotential)
    errors.push(forbidden('ignoreStoreReadErrorWithClusterBreakingPotential', 'is not supported by this server'));
  if (errors.length) throw invalidError('meta.k8s.io', 'DeleteOptions', '', errors);
  return { ...sent, dryRun: dryRun.length > 0 } as DeleteOptions;
}

export async function remove(call: Call): Promise<Answer> {
  const options = deleteOptions(call);
  return deleteObject(call, options);
}

export interface DeleteSteps {
  /** Admission was asked already, about what led to the deletion. */
  readonly admitted?: boolean;
  /** What is told on the object before it goes. */
  readonly before?: (object: AnyObject, now: number) => AnyObject;
}

export async function deleteObject(call: Call, options: DeleteOptions, steps: DeleteSteps = {}): Promise<Answer> {
  const { core, definition, info } = call;
  const now = core.env.clock.now();
  let admitted = steps.admitted ?? false;
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
      const told = steps.before?.(old, now) ?? old;
      const next = afterDelete(definition, told, options, now);
      last = next ?? told;
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

export function checkDeletePreconditions(call: Call, options: DeleteOptions, current: Entry): void {
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
