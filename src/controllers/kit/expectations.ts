/**
 * What a controller has asked for and its informer has not shown yet. Until it has, the owner's objects are not counted again: they would be made,
 * or deleted, twice. Source: https://pkg.go.dev/k8s.io/kubernetes/pkg/controller#UIDTrackingControllerExpectations
 */
import type { Informer } from '../../client/informer.js';
import type { ApiObject } from '../../meta/object.js';

/** What is not seen by then is not waited for any longer. */
const TIMEOUT_MS = 5 * 60_000;

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly until: number;
}

export class Expectations {
  private readonly waiting = new Map<string, Expected>();

  expectCreations(key: string, count: number, now: number): void {
    this.waiting.set(key, { creations: count, deletions: new Set(), until: now + TIMEOUT_MS });
  }

  expectDeletions(key: string, uids: readonly string[], now: number): void {
    this.waiting.set(key, { creations: 0, deletions: new Set(uids), until: now + TIMEOUT_MS });
  }

  /** One was seen, or will never be. */
  created(key: string, count = 1): void {
    const e = this.waiting.get(key);
    if (e) e.creations -= count;
  }

  deleted(key: string, uid: string): void {
    this.waiting.get(key)?.deletions.delete(uid);
  }

  satisfied(key: string, now: number): boolean {
    const e = this.waiting.get(key);
    if (!e) return true;
    if (e.creations > 0 || e.deletions.size > 0) return now >= e.until;
    this.waiting.delete(key);
    return true;
  }

  forget(key: string): void {
    this.waiting.delete(key);
  }

  /** Sees what an informer shows. `keyOf`: of the owner; undefined where the object is none of this controller's. */
  observe<T extends ApiObject>(informer: Informer<T>, keyOf: (object: T) => string | undefined): void {
    const deleted = (o: T) => {
      const key = keyOf(o);
      if (key) this.deleted(key, o.metadata.uid);
    };
    informer.on({
      add: (o) => {
        const key = keyOf(o);
        if (key) this.created(key);
      },
      // A deletion has begun: it is no longer waited for, however long it takes.
      update: (o) => {
        if (o.metadata.deletionTimestamp) deleted(o);
      },
      delete: deleted,
    });
  }
}
