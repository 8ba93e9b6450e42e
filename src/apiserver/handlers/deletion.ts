/**
 * What a deletion does to an object: gone at once, kept for a while with its mark, or nothing. Pure.
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination and .../architecture/garbage-collection/
 */
import type { ResourceDefinition } from '../../api/resource.js';
import type { AnyObject } from '../../meta/object.js';
import { timestamp } from '../../util/clock.js';
import type { DeleteOptions } from './delete.js';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** The last moment that metav1.Time can write. */
const LATEST = Date.parse('9999-12-31T23:59:59Z');

export type Deletable = Pick<ResourceDefinition, 'gracePeriod' | 'heldAfterDelete' | 'orphansByDefault' | 'markDeleted'>;

/** The object as it is to stay for now; undefined: it goes at once; the same object: nothing changes. */
export function afterDelete(definition: Deletable, old: AnyObject, options: DeleteOptions, now: number): AnyObject | undefined {
  const asked = options.gracePeriodSeconds === undefined ? undefined : options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  const { deletionTimestamp, deletionGracePeriodSeconds: before } = old.metadata;
  const pending = definition.gracePeriod && deletionTimestamp && before !== undefined;
  // A deletion with grace that is under way may be made shorter, by who says so; it never gets longer, and nothing else of it changes.
  if (pending && (asked === undefined || asked >= before)) return old;
  const finalizers = finalizersAfter(definition, old.metadata.finalizers ?? [], options);
  const held = finalizers.length > 0 || definition.heldAfterDelete?.(old) === true;
  const grace = pending ? asked! : (definition.gracePeriod?.(old as never, asked) ?? 0);
  if (!held && grace <= 0) return undefined;
  if (deletionTimestamp && !pending) return sameNames(finalizers, old.metadata.finalizers ?? []) ? old : edited(old, finalizers);
  const next = edited(old, finalizers);
  const from = pending ? Date.parse(deletionTimestamp) - before * 1000 : now;
  next.metadata.deletionTimestamp = timestamp(Math.min(from + grace * 1000, LATEST));
  next.metadata.deletionGracePeriodSeconds = grace;
  if (deletionTimestamp) return next;
  if (next.metadata.generation) next.metadata.generation++;
  definition.markDeleted?.(next);
  return next;
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((f, i) => f === b[i]);

function edited(old: AnyObject, finalizers: readonly string[]): AnyObject {
  const next = structuredClone(old);
  if (finalizers.length) next.metadata.finalizers = [...finalizers];
  else delete next.metadata.finalizers;
  return next;
}

/** What is to become of its dependents is told to the garbage collector as a finalizer. */
function finalizersAfter(definition: Deletable, present: readonly string[], options: DeleteOptions): string[] {
  const policy =
    options.propagationPolicy ?? (options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background');
  const orphan = policy
    ? policy === 'Orphan'
    : present.includes(ORPHAN) || (!present.includes(FOREGROUND) && definition.orphansByDefault === true);
  const foreground = policy ? policy === 'Foreground' : present.includes(FOREGROUND);
  const out = present.filter((f) => f !== ORPHAN && f !== FOREGROUND);
  if (orphan) out.push(ORPHAN);
  if (foreground) out.push(FOREGROUND);
  return out;
}
